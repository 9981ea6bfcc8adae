#ifndef CONDENSE_INSTRUCTIONS_H
#define CONDENSE_INSTRUCTIONS_H

// The instruction sets that Condense's kernels are compiled for, and the one that this process uses.
//
// `CONDENSE_MAX_CPU_ISA` limits all kernels, including oneDNN's. Without it, `ONEDNN_MAX_CPU_ISA` limits Condense's
// kernels as well, then `DNNL_MAX_CPU_ISA`. They take oneDNN's names in upper or lower case: SSE41, AVX, AVX2,
// AVX2_VNNI, AVX512_CORE, AVX512_CORE_VNNI, AVX512_CORE_BF16, …, DEFAULT.

/// The instruction sets, each including the one before.
enum {
  CONDENSE_PORTABLE = 0,  ///< baseline x86-64, or another architecture
  CONDENSE_AVX2 = 1,      ///< x86-64-v3: AVX2, FMA
  CONDENSE_AVX512 = 2     ///< x86-64-v4: AVX-512 F, BW, CD, DQ, VL
};

/// Returns the best of these sets that the processor has and the environment allows.
int condense_instructions(void);
/// Returns 1 if AVX-512 VNNI may be used: the processor has it and the environment does not exclude it; else 0.
int condense_has_vnni(void);
/// Returns the value of `CONDENSE_MAX_CPU_ISA` if it is not the name of a set; else NULL.
const char *condense_unknown_instructions(void);
/// Returns the upper-case name of the set in `CONDENSE_MAX_CPU_ISA` if it is known; else NULL.
const char *condense_instruction_limit(void);

// Defines a void function, compiled once for each of these sets; each call runs the version for the set in use:
//
//     CLONES(static, sum, (const float *a, int64_t count), (a, count)) { … }
//
// `target_clones` is not used: with it the loader chooses the version by the processor alone, and the environment could
// not limit it.
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
