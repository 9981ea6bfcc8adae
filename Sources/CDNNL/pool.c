#include <string.h>

#include "CDNNLKernels.h"
#include "CGomp.h"
#include "lanes.h"

// Max pooling with one image a lane (Abcd16a).

typedef struct {
  const condense_interleaved_pool *p;
  const float *x, *given, *dy;
  float *y, *dx;
} job;

static void share(int64_t units, int64_t *start, int64_t *end) {
  int64_t team = omp_get_num_threads(), me = omp_get_thread_num();
  *start = units * me / team;
  *end = units * (me + 1) / team;
}

// Takes b where it is larger or not a number.
#define larger(a, b) \
  ((lanes)(((integer_lanes)(a) & ((a) >= (b))) | ((integer_lanes)(b) & ~((a) >= (b)))))

CLONES(static, pool, (const job *j, int64_t start, int64_t end), (j, start, end)) {
  const condense_interleaved_pool *p = j->p;
  for (int64_t plane = start; plane < end; plane++) {
    const lanes *x = (const lanes *)j->x + plane * p->height * p->width;
    lanes *y = (lanes *)j->y + plane * p->out_height * p->out_width;
    for (int64_t r = 0; r < p->out_height; r++) {
      for (int64_t c = 0; c < p->out_width; c++) {
        const lanes *window = x + r * p->stride_height * p->width + c * p->stride_width;
        lanes best = window[0];
        for (int64_t k = 0; k < p->kernel_height; k++)
          for (int64_t l = 0; l < p->kernel_width; l++) best = larger(best, window[k * p->width + l]);
        y[r * p->out_width + c] = best;
      }
    }
  }
}

CLONES(static, unpool, (const job *j, int64_t start, int64_t end), (j, start, end)) {
  const condense_interleaved_pool *p = j->p;
  int covers = p->stride_height == p->kernel_height && p->stride_width == p->kernel_width &&
               p->out_height * p->stride_height == p->height && p->out_width * p->stride_width == p->width;
  for (int64_t plane = start; plane < end; plane++) {
    const lanes *x = (const lanes *)j->x + plane * p->height * p->width;
    const lanes *y = (const lanes *)j->given + plane * p->out_height * p->out_width;
    const lanes *dy = (const lanes *)j->dy + plane * p->out_height * p->out_width;
    lanes *dx = (lanes *)j->dx + plane * p->height * p->width;
    if (!covers) memset(dx, 0, (size_t)(p->height * p->width) * sizeof(lanes));
    for (int64_t r = 0; r < p->out_height; r++) {
      for (int64_t c = 0; c < p->out_width; c++) {
        int64_t corner = r * p->stride_height * p->width + c * p->stride_width;
        lanes best = y[r * p->out_width + c];
        integer_lanes left = (integer_lanes)dy[r * p->out_width + c];
        for (int64_t k = 0; k < p->kernel_height; k++)
          for (int64_t l = 0; l < p->kernel_width; l++) {
            integer_lanes here = x[corner + k * p->width + l] == best;
            dx[corner + k * p->width + l] = (lanes)(left & here);
            left &= ~here;
          }
      }
    }
  }
}

static void run_pool(void *data) {
  const job *j = data;
  int64_t start, end;
  share(j->p->planes, &start, &end);
  pool(j, start, end);
}

static void run_unpool(void *data) {
  const job *j = data;
  int64_t start, end;
  share(j->p->planes, &start, &end);
  unpool(j, start, end);
}

void condense_interleaved_pool_forward(const condense_interleaved_pool *p, const float *x, float *y) {
  job j = {.p = p, .x = x, .y = y};
  GOMP_parallel(run_pool, &j, (unsigned)p->threads, 0);
}

void condense_interleaved_pool_backward(
    const condense_interleaved_pool *p, const float *x, const float *y, const float *dy, float *dx) {
  job j = {.p = p, .x = x, .given = y, .dy = dy, .dx = dx};
  GOMP_parallel(run_unpool, &j, (unsigned)p->threads, 0);
}
