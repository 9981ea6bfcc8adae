#include <math.h>
#include <stddef.h>

#include "norm.h"

// Batch norm over blocks of 16 channels behind the pixels (aBcd16b); lanes that pad the last
// block hold zeros everywhere and stay zero. Each thread takes whole images, so that a pass
// streams through memory; per-thread sums meet at a barrier and every thread adds them in the same order.

enum { PARTS = 3 };

INLINE void images_of(const condense_norm *n, int64_t *start, int64_t *end) {
  int64_t team = omp_get_num_threads(), me = omp_get_thread_num();
  *start = n->images * me / team;
  *end = n->images * (me + 1) / team;
}

#define BLOCK(p, b) (*(const lanes *)((p) + (b) * LANES))

// Blocks of channels whose part of memory a thread's second-level cache keeps from the first pass to the second.
INLINE int64_t group_of(const condense_norm *n, int streams) {
  int64_t images = (n->images + n->threads - 1) / n->threads;
  int64_t bytes = images * n->pixels * LANES * (n->bf16 ? 2 : 4) * streams;
  int64_t group = (512 << 10) / (bytes > 0 ? bytes : 1);
  return group < 1 ? 1 : group > blocks_of(n) ? blocks_of(n) : group;
}

// Mean and sum of squared deviations of each thread's images. Within one image sums are taken around its first pixel,
// and images are merged by Chan's formula, so nothing cancels.
INLINE void gather_statistics(const work *w, float *mine, int64_t first, int64_t last, const int bf16) {
  const condense_norm *n = w->n;
  int64_t start, end, step = n->pixels * LANES;
  images_of(n, &start, &end);
  for (int64_t b = first; b < last; b++) {
    lanes zero = {0};
    for (int part = 0; part < PARTS; part++) *(lanes *)(mine + (b * PARTS + part) * LANES) = zero;
  }
  for (int64_t image = start; image < end; image++) {
    float before = (float)((image - start) * n->pixels), count = (float)n->pixels;
    float share = count / (before + count), cross = before * share;
    for (int64_t b = first; b < last; b++) {
      int64_t base = (image * blocks_of(n) + b) * step;
      lanes pivot = LOAD(w->x, base), s0 = {0}, s1 = {0}, q0 = {0}, q1 = {0};
      int64_t i = 0;
      for (; i + 2 * LANES <= step; i += 2 * LANES) {
        lanes u = LOAD(w->x, base + i) - pivot, v = LOAD(w->x, base + i + LANES) - pivot;
        s0 += u;
        s1 += v;
        q0 += u * u;
        q1 += v * v;
      }
      for (; i < step; i += LANES) {
        lanes u = LOAD(w->x, base + i) - pivot;
        s0 += u;
        q0 += u * u;
      }
      lanes sum = s0 + s1, mean = pivot + sum / count, squares = q0 + q1 - sum * (sum / count);
      lanes *total = (lanes *)(mine + b * PARTS * LANES);
      lanes delta = mean - total[0];
      total[0] += delta * share;
      total[1] += squares + delta * delta * cross;
    }
  }
}

// The statistics of all threads' images.
INLINE void merge_statistics(const work *w, int64_t b, lanes *mean, lanes *squares) {
  const condense_norm *n = w->n;
  int64_t team = omp_get_num_threads();
  lanes m = {0}, q = {0};
  float before = 0;
  for (int64_t t = 0; t < team; t++) {
    float count = (float)((n->images * (t + 1) / team - n->images * t / team) * n->pixels);
    if (count == 0) continue;
    const lanes *part = (const lanes *)(w->partials + (t * blocks_of(n) + b) * PARTS * LANES);
    lanes delta = part[0] - m;
    float share = count / (before + count);
    m += delta * share;
    q += part[1] + delta * delta * (before * share);
    before += count;
  }
  *mean = m;
  *squares = q;
}

INLINE void keep_statistics(const work *w, int64_t b, const lanes *mean, const lanes *variance, const lanes *inverse) {
  const condense_norm *n = w->n;
  float count = (float)(n->images * n->pixels), unbiased = count > 1 ? count / (count - 1) : 1;
  *(lanes *)(w->s.mean + b * LANES) = *mean;
  *(lanes *)(w->s.inverse + b * LANES) = *inverse;
  lanes *rm = (lanes *)(w->s.running_mean + b * LANES), *rv = (lanes *)(w->s.running_variance + b * LANES);
  *rm = (1 - n->momentum) * *rm + n->momentum * *mean;
  *rv = (1 - n->momentum) * *rv + n->momentum * (unbiased * *variance);
}

INLINE void normalize(const work *w, int64_t image, int64_t b, const float *factors, const int bf16, const int residual,
                      const int relu, const int out) {
  int64_t step = w->n->pixels * LANES, base = (image * blocks_of(w->n) + b) * step;
  lanes a = BLOCK(factors, 2 * b), c = BLOCK(factors, 2 * b + 1);
  for (int64_t i = base; i < base + step; i += LANES) {
    lanes v = LOAD(w->x, i) * a + c;
    if (residual) v += LOAD(w->residual, i);
    if (relu) v = rectified(v);
    if (out)
      STREAM(w->y, i, v);
    else
      STORE(w->y, i, v);
  }
}

// One way of the second pass; `out` and the fusions are constants, so each has a loop without branches.
INLINE void normalize_block(const work *w, int64_t image, int64_t b, const float *factors, const int bf16,
                            const int out) {
  int relu = w->n->relu;
  if (w->residual && relu)
    normalize(w, image, b, factors, bf16, 1, 1, out);
  else if (w->residual)
    normalize(w, image, b, factors, bf16, 1, 0, out);
  else if (relu)
    normalize(w, image, b, factors, bf16, 0, 1, out);
  else
    normalize(w, image, b, factors, bf16, 0, 0, out);
}

INLINE void factors_of(const work *w, int64_t b, float *factors) {
  const condense_norm *n = w->n;
  lanes mean, squares, inverse;
  merge_statistics(w, b, &mean, &squares);
  lanes variance = squares / (float)(n->images * n->pixels);
  for (int lane = 0; lane < LANES; lane++) inverse[lane] = 1 / sqrtf(variance[lane] + n->epsilon);
  if (omp_get_thread_num() == 0) keep_statistics(w, b, &mean, &variance, &inverse);
  lanes a = BLOCK(w->s.scale, b) * inverse;
  *(lanes *)(factors + 2 * b * LANES) = a;
  *(lanes *)(factors + (2 * b + 1) * LANES) = BLOCK(w->s.shift, b) - mean * a;
}

INLINE void forward(const work *w, const int bf16) {
  const condense_norm *n = w->n;
  int me = omp_get_thread_num(), out = streams_out(n);
  int64_t start, end, group = group_of(n, 1);
  images_of(n, &start, &end);
  float *mine = w->partials + me * blocks_of(n) * PARTS * LANES;
  float *factors = w->partials + (n->threads + me) * blocks_of(n) * PARTS * LANES;
  for (int64_t first = 0; first < blocks_of(n); first += group) {
    int64_t last = first + group < blocks_of(n) ? first + group : blocks_of(n);
    gather_statistics(w, mine, first, last, bf16);
    if (omp_get_num_threads() > 1) GOMP_barrier();
    for (int64_t b = first; b < last; b++) factors_of(w, b, factors);
    // Backwards through the images: the last ones read are still near.
    for (int64_t image = end - 1; image >= start; image--) {
      for (int64_t b = last - 1; b >= first; b--) {
        if (out)
          normalize_block(w, image, b, factors, bf16, 1);
        else
          normalize_block(w, image, b, factors, bf16, 0);
      }
    }
  }
  if (out) store_fence();
}

INLINE void gather_gradients(const work *w, float *mine, int64_t first, int64_t last, const int bf16, const int two, const int mode) {
  const condense_norm *n = w->n;
  int64_t start, end, step = n->pixels * LANES;
  images_of(n, &start, &end);
  for (int64_t b = first; b < last; b++) {
    lanes zero = {0};
    for (int part = 0; part < PARTS; part++) *(lanes *)(mine + (b * PARTS + part) * LANES) = zero;
  }
  for (int64_t image = start; image < end; image++) {
    for (int64_t b = first; b < last; b++) {
      lanes mean = BLOCK(w->s.mean, b), a = BLOCK(w->s.scale, b) * BLOCK(w->s.inverse, b);
      lanes c = BLOCK(w->s.shift, b) - mean * a, s = {0}, p = {0};
      int64_t base = (image * blocks_of(n) + b) * step;
      for (int64_t i = base; i < base + step; i += LANES) {
        lanes x = LOAD(w->x, i);
        GRADIENT(g, x, i);
        if (w->sum) STORE(w->sum, i, g);
        s += g;
        p += g * (x - mean);
      }
      lanes *total = (lanes *)(mine + b * PARTS * LANES);
      total[0] += s;
      total[1] += p;
    }
  }
}

INLINE void scatter_gradients(const work *w, const float *factors, int64_t first, int64_t last, const int bf16,
                              const int two, const int mode, const int out) {
  const condense_norm *n = w->n;
  int64_t start, end, step = n->pixels * LANES;
  images_of(n, &start, &end);
  for (int64_t image = end - 1; image >= start; image--) {
    for (int64_t b = last - 1; b >= first; b--) {
      lanes mean = BLOCK(w->s.mean, b), a = BLOCK(w->s.scale, b) * BLOCK(w->s.inverse, b);
      lanes c = BLOCK(w->s.shift, b) - mean * a, k = BLOCK(factors, 2 * b), l = BLOCK(factors, 2 * b + 1);
      int64_t base = (image * blocks_of(n) + b) * step;
      for (int64_t i = base; i < base + step; i += LANES) {
        lanes x = LOAD(w->x, i);
        GRADIENT(g, x, i);
        lanes d = a * g - (k * (x - mean) + l);
        if (out)
          STREAM(w->y, i, d);
        else
          STORE(w->y, i, d);
      }
    }
  }
}

// Adds what the threads gathered; the first thread writes the gradients of scale and shift.
INLINE void gradient_factors_of(const work *w, int64_t b, float *factors) {
  const condense_norm *n = w->n;
  int team = omp_get_num_threads();
  float count = (float)(n->images * n->pixels);
  lanes s = {0}, p = {0};
  for (int t = 0; t < team; t++) {
    const lanes *part = (const lanes *)(w->partials + (t * blocks_of(n) + b) * PARTS * LANES);
    s += part[0];
    p += part[1];
  }
  lanes inverse = BLOCK(w->s.inverse, b), a = BLOCK(w->s.scale, b) * inverse;
  if (omp_get_thread_num() == 0) {
    *(lanes *)(w->s.scale_gradient + b * LANES) = p * inverse;
    *(lanes *)(w->s.shift_gradient + b * LANES) = s;
  }
  *(lanes *)(factors + 2 * b * LANES) = a * inverse * inverse * p / count;
  *(lanes *)(factors + (2 * b + 1) * LANES) = a * s / count;
}

INLINE void backward(const work *w, const int bf16, const int two, const int mode) {
  const condense_norm *n = w->n;
  int me = omp_get_thread_num(), team = omp_get_num_threads();
  int out = streams_out(n) && w->y != w->gradients[0] && w->y != w->gradients[1];
  float *mine = w->partials + me * blocks_of(n) * PARTS * LANES;
  float *factors = w->partials + (n->threads + me) * blocks_of(n) * PARTS * LANES;
  // Once the summed gradient is in memory it is read instead of its terms.
  work summed = *w;
  if (w->sum) summed.gradients[0] = w->sum;
  int64_t group = group_of(n, 2);
  for (int64_t first = 0; first < blocks_of(n); first += group) {
    int64_t last = first + group < blocks_of(n) ? first + group : blocks_of(n);
    gather_gradients(w, mine, first, last, bf16, two, mode);
    if (team > 1) GOMP_barrier();
    for (int64_t b = first; b < last; b++) gradient_factors_of(w, b, factors);
    if (w->sum && out)
      scatter_gradients(&summed, factors, first, last, bf16, 0, 0, 1);
    else if (w->sum)
      scatter_gradients(&summed, factors, first, last, bf16, 0, 0, 0);
    else if (out)
      scatter_gradients(w, factors, first, last, bf16, two, mode, 1);
    else
      scatter_gradients(w, factors, first, last, bf16, two, mode, 0);
  }
  if (out) store_fence();
}

CLONES(static, forward_f32, (const work *w), (w)) { forward(w, 0); }
CLONES(static, forward_bf16, (const work *w), (w)) { forward(w, 1); }
#define BACKWARD(NAME, BF16, TWO, MODE) \
  CLONES(static, NAME, (const work *w), (w)) { backward(w, BF16, TWO, MODE); }
BACKWARDS(blocked_backward)

static void run_forward(void *data) {
  const work *w = data;
  if (w->n->bf16)
    forward_bf16(w);
  else
    forward_f32(w);
}

static void run_backward(void *data) {
  const work *w = data;
  RUN_BACKWARD(blocked_backward, w);
}

int64_t condense_norm_scratch(const condense_norm *n) {
  if (n->channels_last) return condense_channels_last_scratch(n);
  return 2 * (int64_t)n->threads * blocks_of(n) * PARTS * LANES;
}

void condense_norm_forward(
    const condense_norm *n, const condense_norm_state *state, const void *x, const void *residual, void *y,
    float *scratch) {
  work w = {.n = n, .x = x, .residual = residual, .y = y, .s = *state, .partials = scratch};
  GOMP_parallel(n->channels_last ? condense_channels_last_forward : run_forward, &w, (unsigned)n->threads, 0);
}

void condense_norm_backward(
    const condense_norm *n, const condense_norm_state *state, const void *x, const void *first, const void *second,
    const void *mask, void *sum, void *dx, float *scratch) {
  work w = {.n = n, .x = x, .mask = mask, .gradients = {first, second}, .gradient_count = second ? 2 : 1,
            .y = dx, .sum = sum, .s = *state, .partials = scratch};
  GOMP_parallel(n->channels_last ? condense_channels_last_backward : run_backward, &w, (unsigned)n->threads, 0);
}
