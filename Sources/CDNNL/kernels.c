#include <stddef.h>
#include <string.h>

#include "CGomp.h"
#include "lanes.h"

// The range of one thread: whole blocks of `grain` elements, as equal as they come.
static void range(int64_t elements, int64_t grain, int64_t *start, int64_t *end) {
  int64_t blocks = (elements + grain - 1) / grain, team = omp_get_num_threads(), me = omp_get_thread_num();
  *start = blocks * me / team * grain;
  *end = blocks * (me + 1) / team * grain;
  if (*end > elements) *end = elements;
}

// A team for `elements`: below this size waking it costs more than the work.
enum { SMALL = 16384 };
static void run(void (*body)(void *), void *data, int64_t elements, int threads) {
  if (threads < 2 || elements < SMALL)
    GOMP_parallel(body, data, 1, 0);
  else
    GOMP_parallel(body, data, (unsigned)threads, 0);
}

typedef struct {
  void *destination;
  const void *sources[4];
  const void *mask;
  int count, relu;
  int64_t elements;
  float factor, low, high;
} job;

#define SUM(NAME, COUNT, MASKED, TYPE, LOAD, STORE)                                                          \
  CLONES(static, NAME, (const job *j, int64_t start, int64_t end), (j, start, end)) {                        \
    TYPE *d = j->destination;                                                                                \
    const TYPE *m = j->mask, *a = j->sources[0], *b = j->sources[1], *c = j->sources[2], *e = j->sources[3]; \
    for (int64_t i = start; i < end; i += LANES) {                                                           \
      lanes v = LOAD(a + i);                                                                                 \
      if (COUNT > 1) v += LOAD(b + i);                                                                       \
      if (COUNT > 2) v += LOAD(c + i);                                                                       \
      if (COUNT > 3) v += LOAD(e + i);                                                                       \
      if (MASKED) v = where_positive(LOAD(m + i), v);                                                        \
      STORE(d + i, v);                                                                                       \
    }                                                                                                        \
  }

#define SUMS(SUFFIX, TYPE, LOAD, STORE)         \
  SUM(sum1##SUFFIX, 1, 0, TYPE, LOAD, STORE)    \
  SUM(sum2##SUFFIX, 2, 0, TYPE, LOAD, STORE)    \
  SUM(sum3##SUFFIX, 3, 0, TYPE, LOAD, STORE)    \
  SUM(sum4##SUFFIX, 4, 0, TYPE, LOAD, STORE)    \
  SUM(masked1##SUFFIX, 1, 1, TYPE, LOAD, STORE) \
  SUM(masked2##SUFFIX, 2, 1, TYPE, LOAD, STORE) \
  SUM(masked3##SUFFIX, 3, 1, TYPE, LOAD, STORE) \
  SUM(masked4##SUFFIX, 4, 1, TYPE, LOAD, STORE)

SUMS(_f32, float, load_f32, store_f32)
SUMS(_bf16, uint16_t, load_bf16, store_bf16)

typedef void (*sum_function)(const job *, int64_t, int64_t);

#define RUN(NAME, FUNCTION)                              \
  static void NAME(void *data) {                         \
    int64_t start, end;                                  \
    range(((job *)data)->elements, LANES, &start, &end); \
    FUNCTION(data, start, end);                          \
  }

RUN(run_sum1_f32, sum1_f32)
RUN(run_sum2_f32, sum2_f32)
RUN(run_sum3_f32, sum3_f32)
RUN(run_sum4_f32, sum4_f32)
RUN(run_masked1_f32, masked1_f32)
RUN(run_masked2_f32, masked2_f32)
RUN(run_masked3_f32, masked3_f32)
RUN(run_masked4_f32, masked4_f32)
RUN(run_sum1_bf16, sum1_bf16)
RUN(run_sum2_bf16, sum2_bf16)
RUN(run_sum3_bf16, sum3_bf16)
RUN(run_sum4_bf16, sum4_bf16)
RUN(run_masked1_bf16, masked1_bf16)
RUN(run_masked2_bf16, masked2_bf16)
RUN(run_masked3_bf16, masked3_bf16)
RUN(run_masked4_bf16, masked4_bf16)

void condense_masked_sum(
    void *destination, const void *const *sources, int count, const void *mask, int64_t elements, int bf16,
    int threads) {
  static void (*const bodies[2][2][4])(void *) = {
      {{run_sum1_f32, run_sum2_f32, run_sum3_f32, run_sum4_f32},
       {run_masked1_f32, run_masked2_f32, run_masked3_f32, run_masked4_f32}},
      {{run_sum1_bf16, run_sum2_bf16, run_sum3_bf16, run_sum4_bf16},
       {run_masked1_bf16, run_masked2_bf16, run_masked3_bf16, run_masked4_bf16}}};
  job j = {.destination = destination, .mask = mask, .elements = elements};
  for (int i = 0; i < count; i++) j.sources[i] = sources[i];
  run(bodies[bf16 != 0][mask != NULL][count - 1], &j, elements, threads);
}

#define ADD(NAME, RELU, TYPE, LOAD, STORE)                                            \
  CLONES(static, NAME, (const job *j, int64_t start, int64_t end), (j, start, end)) { \
    TYPE *d = j->destination;                                                         \
    const TYPE *a = j->sources[0], *b = j->sources[1];                                \
    for (int64_t i = start; i < end; i += LANES) {                                    \
      lanes v = LOAD(a + i) + LOAD(b + i);                                            \
      STORE(d + i, RELU ? rectified(v) : v);                                          \
    }                                                                                 \
  }

ADD(add_f32, 0, float, load_f32, store_f32)
ADD(add_relu_f32, 1, float, load_f32, store_f32)
ADD(add_bf16, 0, uint16_t, load_bf16, store_bf16)
ADD(add_relu_bf16, 1, uint16_t, load_bf16, store_bf16)
RUN(run_add_f32, add_f32)
RUN(run_add_relu_f32, add_relu_f32)
RUN(run_add_bf16, add_bf16)
RUN(run_add_relu_bf16, add_relu_bf16)

void condense_add_relu(
    void *destination, const void *a, const void *b, int relu, int64_t elements, int bf16, int threads) {
  static void (*const bodies[2][2])(void *) = {{run_add_f32, run_add_relu_f32}, {run_add_bf16, run_add_relu_bf16}};
  job j = {.destination = destination, .sources = {a, b}, .elements = elements};
  run(bodies[bf16 != 0][relu != 0], &j, elements, threads);
}

#define PASS(NAME, TYPE, LOAD, STORE)                                                 \
  CLONES(static, NAME, (const job *j, int64_t start, int64_t end), (j, start, end)) { \
    TYPE *d = j->destination;                                                         \
    const TYPE *g = j->sources[0], *x = j->sources[1];                                \
    float low = j->low, high = j->high;                                               \
    for (int64_t i = start; i < end; i += LANES) {                                    \
      lanes v = LOAD(x + i), a = LOAD(g + i);                                         \
      STORE(d + i, (lanes)((integer_lanes)a & (v >= low) & (v <= high)));             \
    }                                                                                 \
  }

PASS(pass_f32, float, load_f32, store_f32)
PASS(pass_bf16, uint16_t, load_bf16, store_bf16)
RUN(run_pass_f32, pass_f32)
RUN(run_pass_bf16, pass_bf16)

void condense_pass_within(
    void *destination, const void *gradient, const void *value, float low, float high, int64_t elements, int bf16,
    int threads) {
  job j = {.destination = destination, .sources = {gradient, value}, .elements = elements, .low = low, .high = high};
  run(bf16 ? run_pass_bf16 : run_pass_f32, &j, elements, threads);
}

CLONES(, condense_widen,
  (float *destination, const uint16_t *source, int64_t elements),
  (destination, source, elements)) {
  for (int64_t i = 0; i < elements; i += LANES) store_f32(destination + i, load_bf16(source + i));
}

CLONES(, condense_narrow,
  (uint16_t *destination, const float *source, int64_t elements),
  (destination, source, elements)) {
  for (int64_t i = 0; i < elements; i += LANES) store_bf16(destination + i, load_f32(source + i));
}

void condense_accumulate(float *sum, const float *term, int64_t elements, int threads) {
  condense_add_relu(sum, sum, term, 0, elements, 0, threads);
}

CLONES(static, average, (const job *j, int64_t start, int64_t end), (j, start, end)) {
  float *d = j->destination, keep = j->factor, take = 1 - j->factor;
  const float *v = j->sources[0];
  for (int64_t i = start; i < end; i++) d[i] = keep * d[i] + take * v[i];
}
RUN(run_average, average)

void condense_average(float *destination, const float *value, float decay, int64_t elements, int threads) {
  job j = {.destination = destination, .sources = {value}, .elements = elements, .factor = decay};
  run(run_average, &j, elements, threads);
}

void condense_running(float *running, const float *batch, float momentum, float factor, int64_t elements) {
  for (int64_t i = 0; i < elements; i++)
    running[i] = (1 - momentum) * running[i] + momentum * (factor * batch[i]);
}

static void run_copy(void *data) {
  job *j = data;
  int64_t start, end;
  range(j->elements, 4096, &start, &end);
  if (start < end) memcpy((char *)j->destination + start, (const char *)j->sources[0] + start, (size_t)(end - start));
}

void condense_copy(void *destination, const void *source, int64_t bytes, int threads) {
  job j = {.destination = destination, .sources = {source}, .elements = bytes};
  run(run_copy, &j, bytes, threads);
}
