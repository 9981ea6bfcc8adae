#include <math.h>
#include <stddef.h>

#include "norm_last.h"

INLINE float element(const void *p, int64_t i, const int bf16) {
  if (!bf16) return ((const float *)p)[i];
  union {
    uint32_t bits;
    float value;
  } wide = {.bits = (uint32_t)((const uint16_t *)p)[i] << 16};
  return wide.value;
}

// Adds `count` periods to the sums of a chunk: of deviations from its first elements, and of their squares.
INLINE void add_deviations(const work *w, const part *p, int64_t chunk, int64_t period, const int count, const int bf16) {
  for (int64_t k = 0; k < p->vectors; k++) {
    lanes pivot = LOAD(w->x, (chunk * p->vectors + k) * LANES), s = {0}, q = {0};
    for (int i = 0; i < count; i++) {
      int64_t at = ((period + i) * p->vectors + k) * LANES;
      FETCH(w->x, at + p->ahead);
      lanes u = LOAD(w->x, at) - pivot;
      s += u;
      q += u * u;
    }
    p->sum0[k] += s;
    p->sum1[k] += q;
  }
}

// Mean and sum of squared deviations of each element of a period over the thread's periods; chunks are merged by Chan's
// formula, so nothing cancels.
INLINE void gather_deviations(const work *w, const part *p, const int bf16) {
  for (int64_t start = p->first; start < p->last; start += CHUNK) {
    int64_t end = start + CHUNK < p->last ? start + CHUNK : p->last, period = start;
    memset(p->sum0, 0, (size_t)(2 * p->vectors * (int64_t)sizeof(lanes)));
    for (; period + UNROLLED <= end; period += UNROLLED) add_deviations(w, p, start, period, UNROLLED, bf16);
    for (; period < end; period++) add_deviations(w, p, start, period, 1, bf16);
    float before = (float)(start - p->first), count = (float)(end - start);
    float share = count / (before + count), cross = before * share;
    for (int64_t k = 0; k < p->vectors; k++) {
      lanes shift = p->sum0[k] / count, mean = LOAD(w->x, (start * p->vectors + k) * LANES) + shift;
      lanes delta = mean - p->total0[k];
      p->total0[k] += delta * share;
      p->total1[k] += p->sum1[k] - p->sum0[k] * shift + delta * delta * cross;
    }
  }
}

// What a period's elements and the pixels left over say of each channel: mean and sum of squared deviations.
INLINE void show_statistics(const work *w, const part *p, const int bf16) {
  const float *means = (const float *)p->total0, *squares = (const float *)p->total1;
  float *mean = shown(w, omp_get_thread_num()), *square = mean + PADDED(p->channels);
  float periods = (float)(p->last - p->first);
  for (int64_t c = 0; c < p->channels; c++) {
    float m = 0, q = 0;
    for (int64_t row = 0; row < p->rows; row++) m += means[row * p->channels + c];
    m /= (float)p->rows;
    for (int64_t row = 0; row < p->rows; row++) {
      float delta = means[row * p->channels + c] - m;
      q += squares[row * p->channels + c] + periods * delta * delta;
    }
    mean[c] = m;
    square[c] = q;
  }
  for (int64_t i = 0; i < p->rest; i++) {
    int64_t c = i % p->channels;
    float count = (float)((p->last - p->first) * p->rows + i / p->channels + 1);
    float value = element(w->x, p->last * p->vectors * LANES + i, bf16), delta = value - mean[c];
    mean[c] += delta / count;
    square[c] += delta * (value - mean[c]);
  }
}

// The pixels of a thread of the team.
INLINE float pixels_of(const work *w, int64_t thread) {
  int64_t first, last, rows = vectors_of(w->n->channels) * LANES / w->n->channels;
  periods_of(w, thread, &first, &last);
  int64_t rest = thread == omp_get_num_threads() - 1 ? w->n->images * w->n->pixels % rows : 0;
  return (float)((last - first) * rows + rest);
}

// The statistics of all threads' pixels, into the tables of mean and slope (which then holds squared deviations).
INLINE void merge_statistics(const work *w, const part *p) {
  float *mean = TABLE(p, MEAN), *square = TABLE(p, SLOPE), before = 0;
  memset(mean, 0, (size_t)p->channels * sizeof(float));
  memset(square, 0, (size_t)p->channels * sizeof(float));
  for (int64_t thread = 0; thread < omp_get_num_threads(); thread++) {
    const float *m = shown(w, thread), *q = m + PADDED(p->channels);
    float count = pixels_of(w, thread);
    if (count == 0) continue;
    float share = count / (before + count), cross = before * share;
    for (int64_t c = 0; c < p->channels; c++) {
      float delta = m[c] - mean[c];
      mean[c] += delta * share;
      square[c] += q[c] + delta * delta * cross;
    }
    before += count;
  }
}

INLINE void keep_statistics(const work *w, int64_t c, float mean, float variance, float inverse) {
  const condense_norm *n = w->n;
  float count = (float)(n->images * n->pixels), unbiased = count > 1 ? count / (count - 1) : 1;
  w->s.mean[c] = mean;
  w->s.inverse[c] = inverse;
  w->s.running_mean[c] = (1 - n->momentum) * w->s.running_mean[c] + n->momentum * mean;
  w->s.running_variance[c] =
      (1 - n->momentum) * w->s.running_variance[c] + n->momentum * (unbiased * variance);
}

INLINE void make_factors(const work *w, const part *p) {
  const condense_norm *n = w->n;
  float *factor = TABLE(p, FACTOR), *offset = TABLE(p, OFFSET), count = (float)(n->images * n->pixels);
  merge_statistics(w, p);
  for (int64_t c = 0; c < p->channels; c++) {
    float mean = TABLE(p, MEAN)[c], variance = TABLE(p, SLOPE)[c] / count, inverse = 1 / sqrtf(variance + n->epsilon);
    if (omp_get_thread_num() == 0) keep_statistics(w, c, mean, variance, inverse);
    factor[c] = w->s.scale[c] * inverse;
    offset[c] = w->s.shift[c] - mean * factor[c];
  }
  extend(factor, p->channels);
  extend(offset, p->channels);
}

// The first `vectors` vectors of each of `count` periods.
INLINE void normalize(const work *w, const part *p, int64_t period, int64_t vectors, const int count, const int bf16,
                      const int residual, const int relu, const int out) {
  const float *factor = TABLE(p, FACTOR), *offset = TABLE(p, OFFSET);
  int64_t channels = p->channels, step = LANES % channels;
  for (int64_t k = 0, place = 0; k < vectors; k++) {
    lanes a = AT(factor, place), c = AT(offset, place);
    for (int i = 0; i < count; i++) {
      int64_t at = ((period + i) * p->vectors + k) * LANES;
      FETCH(w->x, at + p->ahead);
      if (residual) FETCH(w->residual, at + p->ahead);
      lanes v = LOAD(w->x, at) * a + c;
      if (residual) v += LOAD(w->residual, at);
      if (relu) v = rectified(v);
      if (out)
        STREAM(w->y, at, v);
      else
        STORE(w->y, at, v);
    }
    ADVANCE(place, step, channels);
  }
}

// Backwards through the chunks: what was read last is still near.
INLINE void normalize_all(const work *w, const part *p, const int bf16, const int residual, const int relu, const int out) {
  normalize(w, p, p->last, p->rest_vectors, 1, bf16, residual, relu, 0);
  for (int64_t start, end = p->last; end > p->first; end = start) {
    start = end - CHUNK > p->first ? end - CHUNK : p->first;
    int64_t period = start;
    for (; period + UNROLLED <= end; period += UNROLLED)
      normalize(w, p, period, p->vectors, UNROLLED, bf16, residual, relu, out);
    for (; period < end; period++) normalize(w, p, period, p->vectors, 1, bf16, residual, relu, out);
  }
}

INLINE void forward(const work *w, const int bf16, const int residual, const int relu) {
  part p = part_of(w);
  gather_deviations(w, &p, bf16);
  show_statistics(w, &p, bf16);
  if (omp_get_num_threads() > 1) GOMP_barrier();
  make_factors(w, &p);
  if (streams_out(w->n)) {
    normalize_all(w, &p, bf16, residual, relu, 1);
    store_fence();
  } else {
    normalize_all(w, &p, bf16, residual, relu, 0);
  }
}

#define FORWARD(NAME, BF16, RESIDUAL, RELU) \
  CLONES(static, NAME, (const work *w), (w)) { forward(w, BF16, RESIDUAL, RELU); }
FORWARD(last_forward_f32_0_0, 0, 0, 0)
FORWARD(last_forward_f32_0_1, 0, 0, 1)
FORWARD(last_forward_f32_1_0, 0, 1, 0)
FORWARD(last_forward_f32_1_1, 0, 1, 1)
FORWARD(last_forward_bf16_0_0, 1, 0, 0)
FORWARD(last_forward_bf16_0_1, 1, 0, 1)
FORWARD(last_forward_bf16_1_0, 1, 1, 0)
FORWARD(last_forward_bf16_1_1, 1, 1, 1)

void condense_channels_last_forward(void *data) {
  static void (*const bodies[2][2][2])(const work *) = {
      {{last_forward_f32_0_0, last_forward_f32_0_1}, {last_forward_f32_1_0, last_forward_f32_1_1}},
      {{last_forward_bf16_0_0, last_forward_bf16_0_1}, {last_forward_bf16_1_0, last_forward_bf16_1_1}}};
  const work *w = data;
  bodies[w->n->bf16 != 0][w->residual != NULL][w->n->relu != 0](w);
}

int64_t condense_channels_last_scratch(const condense_norm *n) {
  return (int64_t)n->threads * (2 * PADDED(n->channels) + own_floats(n));
}
