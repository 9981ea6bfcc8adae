#ifndef CONDENSE_INSTRUCTIONS_H
#define CONDENSE_INSTRUCTIONS_H

// The instruction sets that our own kernels are compiled for, and which of them this process uses.
//
// `CONDENSE_MAX_CPU_ISA` limits all kernels, oneDNN's too; without it, oneDNN's own `ONEDNN_MAX_CPU_ISA` limits ours as well. Both take
// oneDNN's names in any case: SSE41, AVX, AVX2, AVX2_VNNI, AVX512_CORE, AVX512_CORE_VNNI, AVX512_CORE_BF16, …, DEFAULT.

enum {
  CONDENSE_PORTABLE = 0,  ///< what every x86-64 has, or another architecture
  CONDENSE_AVX2 = 1,      ///< x86-64-v3: AVX2, FMA
  CONDENSE_AVX512 = 2     ///< x86-64-v4: AVX-512 F, BW, CD, DQ, VL
};

/// The best set of these that the processor has and the environment allows.
int condense_instructions(void);
/// Whether AVX-512 VNNI may be used: the processor has it, and the environment names no lesser set.
int condense_has_vnni(void);
/// The value of `CONDENSE_MAX_CPU_ISA` where it is no set's name; else NULL.
const char *condense_unknown_instructions(void);
/// The value of `CONDENSE_MAX_CPU_ISA` where it is set and known; else NULL.
const char *condense_instruction_limit(void);

// Defines a function that returns nothing, compiled once for each of these sets, and picks the one to run at each call:
//
//     CLONES(static, sum, (const float *a, int64_t count), (a, count)) { … }
//
// Not `target_clones`: the loader would choose there, before anyone can ask for less than the processor has.
#if defined(__x86_64__)
#define CLONES(STORAGE, NAME, PARAMETERS, ARGUMENTS)                                                        \
  static inline __attribute__((always_inline)) void NAME##_anywhere PARAMETERS;                             \
  static __attribute__((target("arch=x86-64-v4"))) void NAME##_v4 PARAMETERS { NAME##_anywhere ARGUMENTS; } \
  static __attribute__((target("arch=x86-64-v3"))) void NAME##_v3 PARAMETERS { NAME##_anywhere ARGUMENTS; } \
  static void NAME##_portable PARAMETERS { NAME##_anywhere ARGUMENTS; }                                     \
  STORAGE void NAME PARAMETERS {                                                                            \
    switch (condense_instructions()) {                                                                      \
      case CONDENSE_AVX512: NAME##_v4 ARGUMENTS; break;                                                     \
      case CONDENSE_AVX2: NAME##_v3 ARGUMENTS; break;                                                       \
      default: NAME##_portable ARGUMENTS;                                                                   \
    }                                                                                                       \
  }                                                                                                         \
  static inline __attribute__((always_inline)) void NAME##_anywhere PARAMETERS
#else
#define CLONES(STORAGE, NAME, PARAMETERS, ARGUMENTS) STORAGE void NAME PARAMETERS
#endif

#endif
