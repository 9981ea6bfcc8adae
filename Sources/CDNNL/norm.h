#ifndef CONDENSE_NORM_H
#define CONDENSE_NORM_H

#include "CGomp.h"
#include "CDNNLKernels.h"
#include "lanes.h"

// The parts that the passes of a batch norm share for both orders of channels.

typedef struct {
  const condense_norm *n;
  const void *x, *residual, *mask;
  const void *gradients[2];
  int gradient_count;
  void *y, *sum;
  condense_norm_state s;
  float *partials;
} work;

#define LOAD(p, i) (bf16 ? load_bf16((const uint16_t *)(p) + (i)) : load_f32((const float *)(p) + (i)))
#define STORE(p, i, v)                              \
  do {                                              \
    if (bf16)                                       \
      store_bf16((uint16_t *)(p) + (i), v);         \
    else                                            \
      store_f32((float *)(p) + (i), v);             \
  } while (0)
#define STREAM(p, i, v)                             \
  do {                                              \
    if (bf16)                                       \
      stream_bf16((uint16_t *)(p) + (i), v);        \
    else                                            \
      stream_f32((float *)(p) + (i), v);            \
  } while (0)

// The number of blocks of 16 channels; the last one may be padded.
INLINE int64_t blocks_of(const condense_norm *n) { return (n->channels + LANES - 1) / LANES; }

// True if results are too large to stay in the cache until they are read. They are then written with non-temporal
// stores, which saves reading the cache lines that are overwritten.
INLINE int streams_out(const condense_norm *n) {
  int64_t channels = n->channels_last ? n->channels : blocks_of(n) * LANES;
  return n->images * channels * n->pixels * (n->bf16 ? 2 : 4) >= (4 << 20);
}

// The gradient at the ReLU's input at element i. Mode 0 has no ReLU, mode 1 takes the mask from the output, mode 2
// computes it from x.
#define GRADIENT(v, x, i)                                         \
  lanes v = LOAD(w->gradients[0], i);                             \
  if (two) v += LOAD(w->gradients[1], i);                         \
  if (mode == 1) v = where_positive(LOAD(w->mask, i), v);         \
  if (mode == 2) v = where_positive(x * a + c, v)

// One function for each type, number of gradients and mode of a backward pass; RUN_BACKWARD calls the right one.
#define BACKWARDS(BODY)               \
  BACKWARD(BODY##_f32_1_0, 0, 0, 0)   \
  BACKWARD(BODY##_f32_1_1, 0, 0, 1)   \
  BACKWARD(BODY##_f32_1_2, 0, 0, 2)   \
  BACKWARD(BODY##_f32_2_0, 0, 1, 0)   \
  BACKWARD(BODY##_f32_2_1, 0, 1, 1)   \
  BACKWARD(BODY##_f32_2_2, 0, 1, 2)   \
  BACKWARD(BODY##_bf16_1_0, 1, 0, 0)  \
  BACKWARD(BODY##_bf16_1_1, 1, 0, 1)  \
  BACKWARD(BODY##_bf16_1_2, 1, 0, 2)  \
  BACKWARD(BODY##_bf16_2_0, 1, 1, 0)  \
  BACKWARD(BODY##_bf16_2_1, 1, 1, 1)  \
  BACKWARD(BODY##_bf16_2_2, 1, 1, 2)
#define RUN_BACKWARD(BODY, w)                                                                       \
  do {                                                                                              \
    static void (*const bodies[2][2][3])(const work *) = {                                          \
        {{BODY##_f32_1_0, BODY##_f32_1_1, BODY##_f32_1_2},                                          \
         {BODY##_f32_2_0, BODY##_f32_2_1, BODY##_f32_2_2}},                                         \
        {{BODY##_bf16_1_0, BODY##_bf16_1_1, BODY##_bf16_1_2},                                       \
         {BODY##_bf16_2_0, BODY##_bf16_2_1, BODY##_bf16_2_2}}};                                     \
    int mode = !(w)->n->relu ? 0 : (w)->mask ? 1 : 2;                                               \
    bodies[(w)->n->bf16 != 0][(w)->gradient_count == 2][mode](w);                                   \
  } while (0)

// The passes of a team over channels last, with `data` a `work`, and the number of floats of their scratch memory.
void condense_channels_last_forward(void *data);
void condense_channels_last_backward(void *data);
int64_t condense_channels_last_scratch(const condense_norm *n);

#endif
