#include "CDNNLKernels.h"
#include "CGomp.h"
#include "lanes.h"

typedef struct {
  void *y;
  const void *x, *gradient;
  float step, low, high;
  int rounds;
  double *sums;
  int64_t elements;
} step_job;

// Below this size waking a team costs more than the work.
enum { SMALL = 16384, BLOCK = 256 };

#define select(mask, a, b) ((lanes)(((integer_lanes)(a) & (mask)) | ((integer_lanes)(b) & ~(mask))))
#define clamped(v, low, high) select((v) < (low), zero + (low), select((v) > (high), zero + (high), (v)))
#define rounded(v) (((v) + 0x1.8p23f) - 0x1.8p23f)

#define FORWARD(NAME, TYPE, LOAD, STORE)                                                   \
  CLONES(static, NAME, (const step_job *j, int64_t start, int64_t end), (j, start, end)) { \
    TYPE *y = j->y;                                                                        \
    const TYPE *x = j->x;                                                                  \
    lanes zero = {0};                                                                      \
    float step = j->step, low = j->low, high = j->high;                                    \
    for (int64_t i = start; i < end; i += LANES) {                                         \
      lanes v = LOAD(x + i) / step, c = clamped(v, low, high);                             \
      lanes r = rounded(c) * step;                                                         \
      STORE(y + i, r);                                                                     \
    }                                                                                      \
  }

// Sums of a block in floats, of blocks in doubles: as exact for large values as for small ones.
#define BACKWARD(NAME, TYPE, LOAD, STORE)                                                  \
  CLONES(static, NAME, (const step_job *j, int64_t start, int64_t end), (j, start, end)) { \
    TYPE *y = j->y;                                                                        \
    const TYPE *x = j->x, *g = j->gradient;                                                \
    lanes zero = {0};                                                                      \
    float step = j->step, low = j->low, high = j->high;                                    \
    integer_lanes rounds = (integer_lanes){0} - j->rounds;                                 \
    integer_lanes places = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};         \
    double total = 0;                                                                      \
    for (int64_t block = start; block < end; block += BLOCK * LANES) {                     \
      int64_t stop = block + BLOCK * LANES < end ? block + BLOCK * LANES : end;            \
      lanes sum = {0};                                                                     \
      for (int64_t i = block; i < stop; i += LANES) {                                      \
        lanes v = LOAD(x + i) / step, a = LOAD(g + i), c = clamped(v, low, high);          \
        lanes r = rounded(c);                                                              \
        integer_lanes inside = (v >= low) & (v <= high);                                   \
        lanes slope = select(inside, (lanes)((integer_lanes)(r - v) & rounds), r);         \
        /* What lies behind the last element is another value's. */                        \
        int64_t left = j->elements - i < LANES ? j->elements - i : LANES;                  \
        integer_lanes there = places < (integer_lanes){0} + (int32_t)left;                 \
        slope = (lanes)((integer_lanes)slope & there);                                     \
        a = (lanes)((integer_lanes)a & there);                                             \
        sum += a * slope;                                                                  \
        STORE(y + i, (lanes)((integer_lanes)a & inside));                                  \
      }                                                                                    \
      for (int k = 0; k < LANES; k++) total += sum[k];                                     \
    }                                                                                      \
    j->sums[omp_get_thread_num()] = total;                                                 \
  }

FORWARD(forward_f32, float, load_f32, store_f32)
FORWARD(forward_bf16, uint16_t, load_bf16, store_bf16)
BACKWARD(backward_f32, float, load_f32, store_f32)
BACKWARD(backward_bf16, uint16_t, load_bf16, store_bf16)

#define RUN(NAME, FUNCTION)                                                                         \
  static void NAME(void *data) {                                                                    \
    const step_job *j = data;                                                                       \
    int64_t blocks = (j->elements + LANES - 1) / LANES;                                             \
    int64_t team = omp_get_num_threads(), me = omp_get_thread_num();                                \
    FUNCTION(j, blocks * me / team * LANES, blocks * (me + 1) / team * LANES);                      \
  }

RUN(run_forward_f32, forward_f32)
RUN(run_forward_bf16, forward_bf16)
RUN(run_backward_f32, backward_f32)
RUN(run_backward_bf16, backward_bf16)

static void run(void (*body)(void *), step_job *j, int threads) {
  GOMP_parallel(body, j, threads > 1 && j->elements >= SMALL ? (unsigned)threads : 1, 0);
}

// Not below 2^-100, and not a number where the parameter is none.
static float least(float step) { return step < 0x1p-100f ? 0x1p-100f : step; }

void condense_learned_step(
    void *y, const void *x, const float *step, float low, float high, int64_t elements, int bf16, int threads) {
  step_job j = {.y = y, .x = x, .step = least(*step), .low = low, .high = high, .elements = elements};
  run(bf16 ? run_forward_bf16 : run_forward_f32, &j, threads);
}

void condense_learned_step_gradients(
    void *by_x, float *by_step, const void *gradient, const void *x, const float *step, float low, float high, int rounds,
    float scale, double *sums, int64_t elements, int bf16, int threads) {
  step_job j = {.y = by_x, .x = x, .gradient = gradient, .step = least(*step), .low = low, .high = high,
                .rounds = rounds, .sums = sums, .elements = elements};
  for (int k = 0; k < threads; k++) sums[k] = 0;
  run(bf16 ? run_backward_bf16 : run_backward_f32, &j, threads);
  double total = 0;
  for (int k = 0; k < threads; k++) total += sums[k];
  *by_step = (float)total * scale;
}
