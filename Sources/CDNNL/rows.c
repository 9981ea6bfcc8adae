#include <stddef.h>
#include <string.h>

#include "CGomp.h"
#include "lanes.h"
#include "CDNNLKernels.h"

// The items of one thread.
static void share(int64_t count, int64_t *start, int64_t *end) {
  int64_t team = omp_get_num_threads(), me = omp_get_thread_num();
  *start = count * me / team;
  *end = count * (me + 1) / team;
}

// A team for `bytes`: below this size waking it costs more than the work.
static void run(void (*body)(void *), void *data, int64_t bytes, int threads) {
  GOMP_parallel(body, data, threads < 2 || bytes < 65536 ? 1 : (unsigned)threads, 0);
}

typedef struct {
  char *destination;
  const char *source;
  int64_t destination_stride, source_stride, bytes, rows;
} copy_job;

static void copy_rows(void *data) {
  const copy_job *j = data;
  int64_t start, end;
  share(j->rows, &start, &end);
  for (int64_t row = start; row < end; row++)
    memcpy(j->destination + row * j->destination_stride, j->source + row * j->source_stride, (size_t)j->bytes);
}

void condense_copy_rows(
    void *destination, int64_t destination_stride, const void *source, int64_t source_stride, int64_t bytes,
    int64_t rows, int threads) {
  copy_job j = {destination, source, destination_stride, source_stride, bytes, rows};
  run(copy_rows, &j, bytes * rows, threads);
}

typedef struct {
  char *destination;
  const char *source;
  const int32_t *order;
  int64_t count, bytes, items;
} gather_job;

static void gather_rows(void *data) {
  const gather_job *j = data;
  int64_t start, end;
  share(j->items, &start, &end);
  for (int64_t item = start; item < end; item++)
    for (int64_t row = 0; row < j->count; row++)
      memcpy(
          j->destination + (item * j->count + row) * j->bytes,
          j->source + (item * j->count + j->order[row]) * j->bytes, (size_t)j->bytes);
}

void condense_gather_rows(
    void *destination, const void *source, const int32_t *order, int64_t count, int64_t bytes, int64_t items,
    int threads) {
  gather_job j = {destination, source, order, count, bytes, items};
  run(gather_rows, &j, items * count * bytes, threads);
}

typedef struct {
  float *destination;
  const float *a, *b;
  int64_t items, channels, pixels;
  condense_repeat repeat;
} product_job;

// What the second factor is at channel `c`: a row of pixels, or one number for the row.
#define FACTOR_ROW(base)                                                                      \
  ((base) + (j->repeat == CONDENSE_REPEAT_NOT ? (item * j->channels + c) * j->pixels          \
             : j->repeat == CONDENSE_REPEAT_PIXELS ? item * j->channels + c : item * j->pixels))

CLONES(static, multiply_items, (const product_job *j, int64_t start, int64_t end), (j, start, end)) {
  for (int64_t item = start; item < end; item++)
    for (int64_t c = 0; c < j->channels; c++) {
      const float *a = j->a + (item * j->channels + c) * j->pixels, *b = FACTOR_ROW(j->b);
      float *d = j->destination + (item * j->channels + c) * j->pixels;
      if (j->repeat == CONDENSE_REPEAT_PIXELS) {
        float factor = *b;
        for (int64_t i = 0; i < j->pixels; i++) d[i] = a[i] * factor;
      } else {
        for (int64_t i = 0; i < j->pixels; i++) d[i] = a[i] * b[i];
      }
    }
}

CLONES(static, sum_item, (const product_job *j, int64_t item), (j, item)) {
  if (j->repeat == CONDENSE_REPEAT_CHANNELS)
    memset(j->destination + item * j->pixels, 0, (size_t)j->pixels * sizeof(float));
  for (int64_t c = 0; c < j->channels; c++) {
    const float *a = j->a + (item * j->channels + c) * j->pixels, *b = j->b + (item * j->channels + c) * j->pixels;
    float *d = FACTOR_ROW(j->destination);
    if (j->repeat == CONDENSE_REPEAT_PIXELS) {
      double sum = 0;
      for (int64_t i = 0; i < j->pixels; i++) sum += (double)a[i] * b[i];
      *d = (float)sum;
    } else if (j->repeat == CONDENSE_REPEAT_CHANNELS) {
      for (int64_t i = 0; i < j->pixels; i++) d[i] += a[i] * b[i];
    } else {
      for (int64_t i = 0; i < j->pixels; i++) d[i] = a[i] * b[i];
    }
  }
}

static void multiply(void *data) {
  const product_job *j = data;
  int64_t start, end;
  share(j->items, &start, &end);
  multiply_items(j, start, end);
}

static void sum(void *data) {
  const product_job *j = data;
  int64_t start, end;
  share(j->items, &start, &end);
  for (int64_t item = start; item < end; item++) sum_item(j, item);
}

void condense_multiply(
    float *destination, const float *a, const float *b, condense_repeat repeat, int64_t items, int64_t channels,
    int64_t pixels, int threads) {
  product_job j = {destination, a, b, items, channels, pixels, repeat};
  run(multiply, &j, items * channels * pixels * 4, threads);
}

void condense_multiply_sum(
    float *destination, const float *a, const float *b, condense_repeat repeat, int64_t items, int64_t channels,
    int64_t pixels, int threads) {
  product_job j = {destination, a, b, items, channels, pixels, repeat};
  run(sum, &j, items * channels * pixels * 4, threads);
}
