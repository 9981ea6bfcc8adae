#ifndef CONDENSE_LANES_H
#define CONDENSE_LANES_H

#include <stdint.h>

#include "CInstructions.h"

// Sixteen floats: one AVX-512 register. In the clones for other instruction sets the compiler splits them.
enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(64)));
typedef int32_t integer_lanes __attribute__((vector_size(64)));
typedef uint32_t bit_lanes __attribute__((vector_size(64)));
typedef uint16_t half_lanes __attribute__((vector_size(32)));

// Makes non-temporal stores visible before any later store.
#if defined(__x86_64__)
#define store_fence() __builtin_ia32_sfence()
#else
#define store_fence() __sync_synchronize()
#endif
#define INLINE static inline __attribute__((always_inline))

// These are macros because a function outside a clone would be compiled for the default instruction set.
#define load_f32(p) (*(const lanes *)(p))
#define store_f32(p, v) (*(lanes *)(p) = (v))
#define stream_f32(p, v) __builtin_nontemporal_store((v), (lanes *)(p))
#define load_bf16(p) ((lanes)(__builtin_convertvector(*(const half_lanes *)(p), bit_lanes) << 16))
// Rounds to nearest even. NaN stays NaN: its quiet bit is set, as truncating its payload could give infinity.
#define store_bf16(p, v) write_bf16(v, *(half_lanes *)(p) = rounded_)
#define stream_bf16(p, v) write_bf16(v, __builtin_nontemporal_store(rounded_, (half_lanes *)(p)))
#define write_bf16(v, write)                                                                      \
  do {                                                                                            \
    lanes value_ = (v);                                                                           \
    bit_lanes bits_ = (bit_lanes)value_;                                                          \
    bit_lanes nan_ = (bit_lanes)(value_ != value_);                                               \
    bit_lanes round_ = (bits_ + 0x7fff + ((bits_ >> 16) & 1)) >> 16;                              \
    half_lanes rounded_ = __builtin_convertvector((round_ & ~nan_) | (((bits_ >> 16) | 64) & nan_), half_lanes); \
    write;                                                                                        \
  } while (0)
#define where_positive(m, v) ((lanes)((integer_lanes)(v) & ((m) > 0.0f)))
// NaN is kept: only values that compare less than zero become zero.
#define rectified(v) ((lanes)((integer_lanes)(v) & ~((v) < 0.0f)))

#endif
