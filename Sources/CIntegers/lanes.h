#ifndef CONDENSE_INTEGER_LANES_H
#define CONDENSE_INTEGER_LANES_H

#include <stdint.h>
#include <string.h>

#include "CInstructions.h"
#include "CIntegers.h"

// Sixteen numbers: one AVX-512 register of sums. In the clones for other instruction sets the compiler splits them.
enum { LANES = 16 };
typedef int32_t int_lanes __attribute__((vector_size(64), aligned(4)));
typedef int64_t long_lanes __attribute__((vector_size(128), aligned(8)));
typedef uint8_t byte_lanes __attribute__((vector_size(16), aligned(1)));
typedef int8_t signed_byte_lanes __attribute__((vector_size(16), aligned(1)));

#define INLINE static inline __attribute__((always_inline))

// These are macros because a function outside a clone would be compiled for the default instruction set.
#define load_ints(p) (*(const int_lanes *)(p))
#define load_bytes(p) __builtin_convertvector(*(const byte_lanes *)(p), int_lanes)
#define load_signed_bytes(p) __builtin_convertvector(*(const signed_byte_lanes *)(p), int_lanes)
#define lanes_of(x) ((int_lanes){} + (x))
#define chosen(condition, a, b) (((a) & (condition)) | ((b) & ~(condition)))
#define lesser(a, b) chosen((a) < (b), a, b)
#define greater(a, b) chosen((a) > (b), a, b)
// (sums · multiplier + half) >> shift in 64 bits; half = 2^shift >> 1 is 2^(shift-1), or 0 for a shift of 0.
#define rescaled(sums, multiplier, shift) __builtin_convertvector(                                       \
  (__builtin_convertvector(sums, long_lanes) * __builtin_convertvector(multiplier, long_lanes)          \
    + ((((long_lanes){} + 1) << __builtin_convertvector(shift, long_lanes)) >> 1))                       \
    >> __builtin_convertvector(shift, long_lanes), int_lanes)
// Stores sixteen bytes, or the first `count` if they are fewer.
#define store_bytes(p, sums, count)                                                                      \
  do {                                                                                                   \
    byte_lanes bytes_ = __builtin_convertvector(sums, byte_lanes);                                       \
    if ((count) >= LANES) *(byte_lanes *)(p) = bytes_; else memcpy((p), &bytes_, (size_t)(count));       \
  } while (0)

INLINE int32_t rescaled_one(int32_t sum, int32_t multiplier, int32_t shift) {
  return (int32_t)(((int64_t)sum * multiplier + (((int64_t)1 << shift) >> 1)) >> shift);
}
INLINE uint8_t clamped_one(int32_t value, int32_t lower, int32_t upper) {
  return (uint8_t)(value < lower ? lower : value > upper ? upper : value);
}

#endif
