#include "CDNNLKernels.h"
#include "CGomp.h"
#include "lanes.h"

typedef struct {
  float *y, *slope;
  const float *mean, *variance;
  float epsilon;
  uint64_t key;
  int64_t elements;
} sample_job;

// SplitMix64 at a position of its stream: `SeededRandom.bits(at:)`.
INLINE uint64_t bits_at(uint64_t key, uint64_t index) {
  uint64_t z = key + (index + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// `SeededRandom.normal(at:)` for sixteen positions from an even one on, in 32 bits: polynomials of Cephes for the logarithm of what
// lies in (0, 1] and for sine and cosine within an eighth of a turn; a sine is the cosine of a quarter turn less.
#define normals(key, position, result)                                                                       \
  do {                                                                                                       \
    float u_[LANES] __attribute__((aligned(64))), v_[LANES] __attribute__((aligned(64)));                    \
    for (int k_ = 0; k_ < LANES / 2; k_++) {                                                                 \
      uint64_t z_ = bits_at(key, (uint64_t)(position) / 2 + (uint64_t)k_);                                   \
      float a_ = 1 - (float)(int32_t)(z_ >> 40) * 0x1p-24f;                                                  \
      float b_ = (float)(int32_t)((z_ >> 16) & 0xFFFFFF) * 0x1p-24f;                                         \
      u_[2 * k_] = u_[2 * k_ + 1] = a_;                                                                      \
      v_[2 * k_] = b_;                                                                                       \
      v_[2 * k_ + 1] = b_ - 0.25f;                                                                           \
    }                                                                                                        \
    bit_lanes w_ = *(const bit_lanes *)u_;                                                                   \
    integer_lanes e_ = (integer_lanes)(w_ - 0x3f3504f3u) >> 23;                                              \
    lanes x_ = (lanes)(w_ - ((bit_lanes)e_ << 23)) - 1.0f, f_ = __builtin_convertvector(e_, lanes);          \
    lanes z2_ = x_ * x_, p_ = x_ * 7.0376836292e-2f - 1.1514610310e-1f;                                      \
    p_ = p_ * x_ + 1.1676998740e-1f;                                                                         \
    p_ = p_ * x_ - 1.2420140846e-1f;                                                                         \
    p_ = p_ * x_ + 1.4249322787e-1f;                                                                         \
    p_ = p_ * x_ - 1.6668057665e-1f;                                                                         \
    p_ = p_ * x_ + 2.0000714765e-1f;                                                                         \
    p_ = p_ * x_ - 2.4999993993e-1f;                                                                         \
    p_ = p_ * x_ + 3.3333331174e-1f;                                                                         \
    lanes log_ = x_ + (p_ * x_ * z2_ - f_ * 2.12194440e-4f - 0.5f * z2_) + f_ * 0.693359375f;                \
    lanes radius_ = __builtin_elementwise_sqrt(-2.0f * log_);                                                \
    lanes t_ = *(const lanes *)v_;                                                                           \
    integer_lanes q_ = __builtin_convertvector(t_ * 4.0f + 1.5f, integer_lanes) - 1;                         \
    lanes a2_ = (t_ - __builtin_convertvector(q_, lanes) * 0.25f) * 6.28318530718f, s2_ = a2_ * a2_;         \
    lanes sine_ = s2_ * -1.9515295891e-4f + 8.3321608736e-3f;                                                \
    sine_ = (sine_ * s2_ - 1.6666654611e-1f) * s2_ * a2_ + a2_;                                              \
    lanes cosine_ = s2_ * 2.443315711809948e-5f - 1.388731625493765e-3f;                                     \
    cosine_ = (cosine_ * s2_ + 4.166664568298827e-2f) * s2_ * s2_ - 0.5f * s2_ + 1.0f;                       \
    integer_lanes odd_ = -(q_ & 1);                                                                          \
    bit_lanes turned_ = (bit_lanes)(((integer_lanes)sine_ & odd_) | ((integer_lanes)cosine_ & ~odd_));       \
    turned_ ^= (bit_lanes)((q_ + 1) & 2) << 30;                                                              \
    (result) = radius_ * (lanes)turned_;                                                                     \
  } while (0)

CLONES(static, sample, (const sample_job *j, int64_t start, int64_t end), (j, start, end)) {
  for (int64_t i = start; i < end; i += LANES) {
    lanes normal, variance = load_f32(j->variance + i);
    normals(j->key, i, normal);
    lanes deviation = __builtin_elementwise_sqrt(rectified(variance) + j->epsilon);
    store_f32(j->y + i, load_f32(j->mean + i) + deviation * normal);
    lanes slope = normal / (2.0f * deviation);
    store_f32(j->slope + i, (lanes)((integer_lanes)slope & ~(variance < 0.0f)));
  }
}

static void run_sample(void *data) {
  const sample_job *j = data;
  int64_t blocks = (j->elements + LANES - 1) / LANES, team = omp_get_num_threads(), me = omp_get_thread_num();
  sample(j, blocks * me / team * LANES, blocks * (me + 1) / team * LANES);
}

void condense_gaussian_sample(
    float *y, float *slope, const float *mean, const float *variance, float epsilon, uint64_t key, int64_t elements,
    int threads) {
  sample_job j = {y, slope, mean, variance, epsilon, key, elements};
  GOMP_parallel(run_sample, &j, threads > 1 && elements > 4096 ? (unsigned)threads : 1, 0);
}
