#include "norm_last.h"

// Adds `vectors` vectors of `count` periods to the sums of a chunk: of the gradient, and of its products with x. Of the
// pixels left over, lanes behind the last do not count.
INLINE void add_gradients(const work *w, const part *p, int64_t period, int64_t vectors, const int count, const int rest,
                          const int bf16, const int two, const int mode) {
  const float *factor = TABLE(p, FACTOR), *offset = TABLE(p, OFFSET), *means = TABLE(p, MEAN);
  int64_t channels = p->channels, step = LANES % channels;
  for (int64_t k = 0, place = 0; k < vectors; k++) {
    lanes mean = AT(means, place), s = {0}, q = {0};
    lanes a = mode == 2 ? AT(factor, place) : mean, c = mode == 2 ? AT(offset, place) : mean;
    for (int i = 0; i < count; i++) {
      int64_t at = ((period + i) * p->vectors + k) * LANES;
      FETCH(w->x, at + p->ahead);
      FETCH(w->gradients[0], at + p->ahead);
      if (two) FETCH(w->gradients[1], at + p->ahead);
      if (mode == 1) FETCH(w->mask, at + p->ahead);
      lanes x = LOAD(w->x, at);
      GRADIENT(g, x, at);
      if (w->sum) STORE(w->sum, at, g);
      s += g;
      q += g * (x - mean);
    }
    if (rest)
      for (int64_t lane = p->rest - k * LANES; lane < LANES; lane++) s[lane] = q[lane] = 0;
    p->sum0[k] += s;
    p->sum1[k] += q;
    ADVANCE(place, step, channels);
  }
}

INLINE void gather_gradients(const work *w, const part *p, const int bf16, const int two, const int mode) {
  for (int64_t start = p->first; start < p->last || start == p->first; start += CHUNK) {
    int64_t end = start + CHUNK < p->last ? start + CHUNK : p->last, period = start;
    memset(p->sum0, 0, (size_t)(2 * p->vectors * (int64_t)sizeof(lanes)));
    for (; period + UNROLLED <= end; period += UNROLLED)
      add_gradients(w, p, period, p->vectors, UNROLLED, 0, bf16, two, mode);
    for (; period < end; period++) add_gradients(w, p, period, p->vectors, 1, 0, bf16, two, mode);
    if (end == p->last) add_gradients(w, p, end, p->rest_vectors, 1, 1, bf16, two, mode);
    for (int64_t k = 0; k < p->vectors; k++) {
      p->total0[k] += p->sum0[k];
      p->total1[k] += p->sum1[k];
    }
  }
}

INLINE void show_gradients(const work *w, const part *p) {
  const float *sums = (const float *)p->total0, *products = (const float *)p->total1;
  float *sum = shown(w, omp_get_thread_num()), *product = sum + PADDED(p->channels);
  memset(sum, 0, (size_t)(2 * PADDED(p->channels)) * sizeof(float));
  for (int64_t row = 0; row < p->rows; row++)
    for (int64_t c = 0; c < p->channels; c++) {
      sum[c] += sums[row * p->channels + c];
      product[c] += products[row * p->channels + c];
    }
}

// What forward knew of each channel.
INLINE void recall(const work *w, const part *p) {
  for (int64_t c = 0; c < p->channels; c++) {
    TABLE(p, MEAN)[c] = w->s.mean[c];
    TABLE(p, FACTOR)[c] = w->s.scale[c] * w->s.inverse[c];
    TABLE(p, OFFSET)[c] = w->s.shift[c] - w->s.mean[c] * TABLE(p, FACTOR)[c];
  }
  for (int which = FACTOR; which <= MEAN; which++) extend(TABLE(p, which), p->channels);
}

// Adds what the threads gathered; the first thread writes the gradients of scale and shift.
INLINE void make_slopes(const work *w, const part *p) {
  float *slope = TABLE(p, SLOPE), *shift = TABLE(p, SHIFT), count = (float)(w->n->images * w->n->pixels);
  for (int64_t c = 0; c < p->channels; c++) {
    float sum = 0, product = 0;
    for (int64_t thread = 0; thread < omp_get_num_threads(); thread++) {
      sum += shown(w, thread)[c];
      product += shown(w, thread)[PADDED(p->channels) + c];
    }
    float inverse = w->s.inverse[c], factor = TABLE(p, FACTOR)[c];
    if (omp_get_thread_num() == 0) {
      w->s.scale_gradient[c] = product * inverse;
      w->s.shift_gradient[c] = sum;
    }
    slope[c] = factor * inverse * inverse * product / count;
    shift[c] = factor * sum / count;
  }
  extend(slope, p->channels);
  extend(shift, p->channels);
}

INLINE void scatter(const work *w, const part *p, int64_t period, int64_t vectors, const int count, const int bf16,
                    const int two, const int mode, const int out) {
  const float *factor = TABLE(p, FACTOR), *offset = TABLE(p, OFFSET), *means = TABLE(p, MEAN);
  const float *slope = TABLE(p, SLOPE), *shift = TABLE(p, SHIFT);
  int64_t channels = p->channels, step = LANES % channels;
  for (int64_t k = 0, place = 0; k < vectors; k++) {
    lanes mean = AT(means, place), a = AT(factor, place), c = mode == 2 ? AT(offset, place) : mean;
    lanes m = AT(slope, place), l = AT(shift, place);
    for (int i = 0; i < count; i++) {
      int64_t at = ((period + i) * p->vectors + k) * LANES;
      FETCH(w->x, at + p->ahead);
      FETCH(w->gradients[0], at + p->ahead);
      if (two) FETCH(w->gradients[1], at + p->ahead);
      if (mode == 1) FETCH(w->mask, at + p->ahead);
      lanes x = LOAD(w->x, at);
      GRADIENT(g, x, at);
      lanes d = a * g - (m * (x - mean) + l);
      if (out)
        STREAM(w->y, at, d);
      else
        STORE(w->y, at, d);
    }
    ADVANCE(place, step, channels);
  }
}

INLINE void scatter_all(const work *w, const part *p, const int bf16, const int two, const int mode, const int out) {
  scatter(w, p, p->last, p->rest_vectors, 1, bf16, two, mode, 0);
  for (int64_t start, end = p->last; end > p->first; end = start) {
    start = end - CHUNK > p->first ? end - CHUNK : p->first;
    int64_t period = start;
    for (; period + UNROLLED <= end; period += UNROLLED)
      scatter(w, p, period, p->vectors, UNROLLED, bf16, two, mode, out);
    for (; period < end; period++) scatter(w, p, period, p->vectors, 1, bf16, two, mode, out);
  }
}

INLINE void backward(const work *w, const int bf16, const int two, const int mode) {
  part p = part_of(w);
  int out = streams_out(w->n) && w->y != w->gradients[0] && w->y != w->gradients[1];
  // Once the summed gradient is in memory it is read instead of its terms.
  work summed = *w;
  if (w->sum) summed.gradients[0] = w->sum;
  recall(w, &p);
  gather_gradients(w, &p, bf16, two, mode);
  show_gradients(w, &p);
  if (omp_get_num_threads() > 1) GOMP_barrier();
  make_slopes(w, &p);
  if (w->sum && out)
    scatter_all(&summed, &p, bf16, 0, 0, 1);
  else if (w->sum)
    scatter_all(&summed, &p, bf16, 0, 0, 0);
  else if (out)
    scatter_all(w, &p, bf16, two, mode, 1);
  else
    scatter_all(w, &p, bf16, two, mode, 0);
  if (out) store_fence();
}

#define BACKWARD(NAME, BF16, TWO, MODE) \
  CLONES(static, NAME, (const work *w), (w)) { backward(w, BF16, TWO, MODE); }
BACKWARDS(last_backward)

void condense_channels_last_backward(void *data) {
  const work *w = data;
  RUN_BACKWARD(last_backward, w);
}
