#include <math.h>
#include <stddef.h>

#include "CDNNLKernels.h"
#include "CGomp.h"
#include "lanes.h"

// Convolutions with one image a lane (Abcd16a: sixteen images side by side). No lane is wasted whatever the number of
// channels, where blocks of 16 channels would be half empty at 20 or 50. Stride 1, no padding.
//
// Each kernel holds a tile of sums in registers, loads vectors of one operand and broadcasts elements of the other.

typedef struct {
  const condense_interleaved *c;
  const float *x, *w, *bias, *dy;
  float *y, *dx, *dw, *dbias, *scratch;
  int relu;
} job;

#define UNROLL _Pragma("clang loop unroll(full)")
enum { MAXIMUM_KERNEL = 5, MAXIMUM_HEIGHT = 7, FILTERS = 5, COLUMNS = 4, GRADIENT_FILTERS = 4, GRADIENT_CHANNELS = 2 };

static void share(int64_t units, int64_t *start, int64_t *end) {
  int64_t team = omp_get_num_threads(), me = omp_get_thread_num();
  *start = units * me / team;
  *end = units * (me + 1) / team;
}

// y[filters of][columns of] of one row of sixteen images.
INLINE void forward_tile(const job *j, int64_t group, int64_t row, int64_t filter, int64_t column, const int filters,
                         const int columns, const int kw) {
  const condense_interleaved *c = j->c;
  int64_t plane = c->height * c->width, area = c->kernel_height * kw, step = c->channels * area;
  lanes sum[FILTERS][COLUMNS];
  UNROLL for (int f = 0; f < filters; f++) {
    lanes start = {0};
    if (j->bias) start += j->bias[filter + f];
    UNROLL for (int i = 0; i < columns; i++) sum[f][i] = start;
  }
  for (int64_t channel = 0; channel < c->channels; channel++) {
    for (int64_t k = 0; k < c->kernel_height; k++) {
      const lanes *x = (const lanes *)j->x + (group * c->channels + channel) * plane + (row + k) * c->width + column;
      const float *w = j->w + filter * step + channel * area + k * kw;
      UNROLL for (int l = 0; l < kw; l++) {
        lanes in[COLUMNS];
        UNROLL for (int i = 0; i < columns; i++) in[i] = x[i + l];
        UNROLL for (int f = 0; f < filters; f++) {
          float weight = w[f * step + l];
          UNROLL for (int i = 0; i < columns; i++) sum[f][i] += in[i] * weight;
        }
      }
    }
  }
  int64_t out = c->out_height * c->out_width;
  UNROLL for (int f = 0; f < filters; f++) {
    lanes *y = (lanes *)j->y + (group * c->filters + filter + f) * out + row * c->out_width + column;
    UNROLL for (int i = 0; i < columns; i++) y[i] = j->relu ? rectified(sum[f][i]) : sum[f][i];
  }
}

INLINE void forward_row(const job *j, int64_t group, int64_t row, const int kw) {
  const condense_interleaved *c = j->c;
  int64_t f = 0;
  for (; f + FILTERS <= c->filters; f += FILTERS) {
    int64_t i = 0;
    for (; i + COLUMNS <= c->out_width; i += COLUMNS) forward_tile(j, group, row, f, i, FILTERS, COLUMNS, kw);
    for (; i < c->out_width; i++) forward_tile(j, group, row, f, i, FILTERS, 1, kw);
  }
  for (; f < c->filters; f++) {
    int64_t i = 0;
    for (; i + COLUMNS <= c->out_width; i += COLUMNS) forward_tile(j, group, row, f, i, 1, COLUMNS, kw);
    for (; i < c->out_width; i++) forward_tile(j, group, row, f, i, 1, 1, kw);
  }
}

// Adds to dx[channels of] what a stretch of one row of dy gives it: columns + kw - 1 elements.
INLINE void backward_tile(const job *j, int64_t group, int64_t row, int64_t channel, int64_t column,
                          const int channels, const int columns, const int kw) {
  const condense_interleaved *c = j->c;
  int64_t plane = c->height * c->width, area = c->kernel_height * kw, step = c->channels * area;
  int64_t out = c->out_height * c->out_width, first = row - c->out_height + 1, last = c->kernel_height - 1;
  if (first < 0) first = 0;
  if (last > row) last = row;
  lanes *dx = (lanes *)j->dx + (group * c->channels + channel) * plane + row * c->width + column;
  lanes sum[GRADIENT_CHANNELS][COLUMNS + MAXIMUM_KERNEL - 1];
  UNROLL for (int d = 0; d < channels; d++) {
    UNROLL for (int i = 0; i < columns + kw - 1; i++) sum[d][i] = dx[d * plane + i];
  }
  for (int64_t filter = 0; filter < c->filters; filter++) {
    for (int64_t k = first; k <= last; k++) {
      const lanes *dy = (const lanes *)j->dy + (group * c->filters + filter) * out + (row - k) * c->out_width + column;
      const float *w = j->w + filter * step + channel * area + k * kw;
      UNROLL for (int i = 0; i < columns; i++) {
        lanes g = dy[i];
        UNROLL for (int d = 0; d < channels; d++) {
          UNROLL for (int l = 0; l < kw; l++) sum[d][i + l] += g * w[d * area + l];
        }
      }
    }
  }
  UNROLL for (int d = 0; d < channels; d++) {
    UNROLL for (int i = 0; i < columns + kw - 1; i++) dx[d * plane + i] = sum[d][i];
  }
}

INLINE void backward_row(const job *j, int64_t group, int64_t row, const int kw) {
  const condense_interleaved *c = j->c;
  int64_t plane = c->height * c->width, d = 0;
  for (int64_t channel = 0; channel < c->channels; channel++) {
    lanes *dx = (lanes *)j->dx + (group * c->channels + channel) * plane + row * c->width, zero = {0};
    for (int64_t i = 0; i < c->width; i++) dx[i] = zero;
  }
  for (; d + GRADIENT_CHANNELS <= c->channels; d += GRADIENT_CHANNELS) {
    int64_t i = 0;
    for (; i + COLUMNS <= c->out_width; i += COLUMNS)
      backward_tile(j, group, row, d, i, GRADIENT_CHANNELS, COLUMNS, kw);
    for (; i < c->out_width; i++) backward_tile(j, group, row, d, i, GRADIENT_CHANNELS, 1, kw);
  }
  for (; d < c->channels; d++) {
    for (int64_t i = 0; i < c->out_width; i++) backward_tile(j, group, row, d, i, 1, 1, kw);
  }
}

// dw of a few filters and one channel over some groups of images: the sums of each row of the kernel wait in `sums`
// while a stretch of dy that the first-level cache holds is used for all of them; the lanes are added last.
INLINE void weights_tile(const job *j, float *dw, int64_t filter, int64_t channel, int64_t first, int64_t last,
                         const int filters, const int kw) {
  const condense_interleaved *c = j->c;
  int64_t plane = c->height * c->width, out = c->out_height * c->out_width, area = c->kernel_height * kw;
  int64_t stretch = (16 << 10) / (int64_t)(filters * c->out_width * (int64_t)sizeof(lanes));
  if (stretch < 1) stretch = 1;
  lanes sums[MAXIMUM_HEIGHT][GRADIENT_FILTERS][MAXIMUM_KERNEL];
  for (int64_t k = 0; k < c->kernel_height; k++)
    for (int f = 0; f < filters; f++)
      for (int l = 0; l < kw; l++) sums[k][f][l] = (lanes){0};
  for (int64_t group = first; group < last; group++) {
    const lanes *dy = (const lanes *)j->dy + (group * c->filters + filter) * out;
    const lanes *in = (const lanes *)j->x + (group * c->channels + channel) * plane;
    for (int64_t top = 0; top < c->out_height; top += stretch) {
      int64_t bottom = top + stretch < c->out_height ? top + stretch : c->out_height;
      for (int64_t k = 0; k < c->kernel_height; k++) {
        lanes sum[GRADIENT_FILTERS][MAXIMUM_KERNEL];
        UNROLL for (int f = 0; f < filters; f++) {
          UNROLL for (int l = 0; l < kw; l++) sum[f][l] = sums[k][f][l];
        }
        for (int64_t row = top; row < bottom; row++) {
          const lanes *x = in + (row + k) * c->width, *g = dy + row * c->out_width;
          for (int64_t i = 0; i < c->out_width; i++) {
            lanes near[MAXIMUM_KERNEL];
            UNROLL for (int l = 0; l < kw; l++) near[l] = x[i + l];
            UNROLL for (int f = 0; f < filters; f++) {
              lanes gradient = g[f * out + i];
              UNROLL for (int l = 0; l < kw; l++) sum[f][l] += gradient * near[l];
            }
          }
        }
        UNROLL for (int f = 0; f < filters; f++) {
          UNROLL for (int l = 0; l < kw; l++) sums[k][f][l] = sum[f][l];
        }
      }
    }
  }
  for (int64_t k = 0; k < c->kernel_height; k++)
    for (int f = 0; f < filters; f++)
      for (int l = 0; l < kw; l++) {
        float total = 0;
        for (int lane = 0; lane < LANES; lane++) total += sums[k][f][l][lane];
        dw[((filter + f) * c->channels + channel) * area + k * kw + l] = total;
      }
}

CLONES(static, bias_gradients, (const job *j, int64_t start, int64_t end), (j, start, end)) {
  const condense_interleaved *c = j->c;
  int64_t out = c->out_height * c->out_width;
  for (int64_t filter = start; filter < end; filter++) {
    lanes even = {0}, odd = {0};
    for (int64_t group = 0; group < c->groups; group++) {
      const lanes *dy = (const lanes *)j->dy + (group * c->filters + filter) * out;
      int64_t i = 0;
      for (; i + 2 <= out; i += 2) {
        even += dy[i];
        odd += dy[i + 1];
      }
      for (; i < out; i++) even += dy[i];
    }
    even += odd;
    float total = 0;
    for (int lane = 0; lane < LANES; lane++) total += even[lane];
    j->dbias[filter] = total;
  }
}

#define KERNELS(KW)                                                                                            \
  CLONES(static, forward_##KW, (const job *j, int64_t start, int64_t end), (j, start, end)) {                  \
    for (int64_t unit = start; unit < end; unit++)                                                             \
      forward_row(j, unit / j->c->out_height, unit % j->c->out_height, KW);                                    \
  }                                                                                                            \
  CLONES(static, backward_##KW, (const job *j, int64_t start, int64_t end), (j, start, end)) {                 \
    for (int64_t unit = start; unit < end; unit++)                                                             \
      backward_row(j, unit / j->c->height, unit % j->c->height, KW);                                           \
  }                                                                                                            \
  CLONES(static, weights_##KW,                                                                                 \
    (const job *j, float *dw, int64_t start, int64_t end, int64_t first, int64_t last),                        \
    (j, dw, start, end, first, last)) {                                                                        \
    const condense_interleaved *c = j->c;                                                                      \
    for (int64_t unit = start; unit < end; unit++) {                                                           \
      int64_t channel = unit % c->channels, f = unit / c->channels * GRADIENT_FILTERS;                         \
      if (f + GRADIENT_FILTERS <= c->filters)                                                                  \
        weights_tile(j, dw, f, channel, first, last, GRADIENT_FILTERS, KW);                                    \
      else                                                                                                     \
        for (; f < c->filters; f++) weights_tile(j, dw, f, channel, first, last, 1, KW);                       \
    }                                                                                                          \
  }
KERNELS(3)
KERNELS(5)

static void run_forward(void *data) {
  const job *j = data;
  int64_t start, end;
  share(j->c->groups * j->c->out_height, &start, &end);
  if (j->c->kernel_width == 3)
    forward_3(j, start, end);
  else
    forward_5(j, start, end);
}

static void run_backward(void *data) {
  const job *j = data;
  int64_t start, end;
  share(j->c->groups * j->c->height, &start, &end);
  if (j->c->kernel_width == 3)
    backward_3(j, start, end);
  else
    backward_5(j, start, end);
}

static void weights(const job *j, float *dw, int64_t start, int64_t end, int64_t first, int64_t last) {
  if (j->c->kernel_width == 3)
    weights_3(j, dw, start, end, first, last);
  else
    weights_5(j, dw, start, end, first, last);
}

static int64_t weight_units(const condense_interleaved *c) {
  return (c->filters + GRADIENT_FILTERS - 1) / GRADIENT_FILTERS * c->channels;
}

// Threads share the weights, or the images where the weights are too few to share evenly.
static int shares_images(const condense_interleaved *c) {
  return c->threads > 1 && weight_units(c) < 8 * c->threads && c->groups >= c->threads;
}

static void run_weights(void *data) {
  const job *j = data;
  const condense_interleaved *c = j->c;
  int64_t start, end, count = c->filters * c->channels * c->kernel_height * c->kernel_width;
  int64_t team = omp_get_num_threads(), me = omp_get_thread_num();
  if (shares_images(c)) {
    share(c->groups, &start, &end);
    weights(j, j->scratch + me * count, 0, weight_units(c), start, end);
    if (team > 1) GOMP_barrier();
    share(count, &start, &end);
    for (int64_t i = start; i < end; i++) {
      float total = 0;
      for (int64_t t = 0; t < team; t++) total += j->scratch[t * count + i];
      j->dw[i] = total;
    }
  } else {
    share(weight_units(c), &start, &end);
    weights(j, j->dw, start, end, 0, c->groups);
  }
  if (!j->dbias) return;
  share(c->filters, &start, &end);
  bias_gradients(j, start, end);
}

int64_t condense_interleaved_scratch(const condense_interleaved *c) {
  return c->threads * c->filters * c->channels * c->kernel_height * c->kernel_width;
}

void condense_interleaved_forward(
    const condense_interleaved *c, const float *x, const float *w, const float *bias, int relu, float *y) {
  job j = {.c = c, .x = x, .w = w, .bias = bias, .relu = relu, .y = y};
  GOMP_parallel(run_forward, &j, (unsigned)c->threads, 0);
}

void condense_interleaved_backward(const condense_interleaved *c, const float *dy, const float *w, float *dx) {
  job j = {.c = c, .dy = dy, .w = w, .dx = dx};
  GOMP_parallel(run_backward, &j, (unsigned)c->threads, 0);
}

void condense_interleaved_weights(
    const condense_interleaved *c, const float *x, const float *dy, float *dw, float *dbias,
    float *scratch) {
  job j = {.c = c, .x = x, .dy = dy, .dw = dw, .dbias = dbias, .scratch = scratch};
  GOMP_parallel(run_weights, &j, (unsigned)c->threads, 0);
}
