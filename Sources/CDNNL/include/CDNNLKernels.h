#ifndef CONDENSE_DNNL_KERNELS_H
#define CONDENSE_DNNL_KERNELS_H

#include <stdint.h>

// Passes of our own between oneDNN's primitives. They run on libgomp's team, oneDNN's own threads; ranges depend on
// the count and the number of threads alone, so a result never depends on chance. Buffers are aligned to 64 bytes,
// hold whole cache lines, and may be equal (in place) but not overlap otherwise. `bf16` tells the element type.

/// destination = sum of `count` (1 to 4) sources, where `mask` is null or positive; else 0.
void condense_masked_sum(
    void *destination, const void *const *sources, int count, const void *mask, int64_t elements, int bf16,
    int threads);

/// destination = max(a + b, 0), or a + b without `relu`; not-a-number stays.
void condense_add_relu(
    void *destination, const void *a, const void *b, int relu, int64_t elements, int bf16, int threads);

/// destination = gradient where low <= value <= high, else 0; not-a-number is outside.
void condense_pass_within(
    void *destination, const void *gradient, const void *value, float low, float high, int64_t elements, int bf16,
    int threads);

/// bf16 as floats, on the calling thread; whole cache lines are written.
void condense_widen(float *destination, const uint16_t *source, int64_t elements);
/// Floats as bf16, to nearest even, on the calling thread; whole cache lines are written.
void condense_narrow(uint16_t *destination, const float *source, int64_t elements);

/// sum += term.
void condense_accumulate(float *sum, const float *term, int64_t elements, int threads);

/// average = decay · average + (1 - decay) · value.
void condense_average(float *average, const float *value, float decay, int64_t elements, int threads);

/// running = (1 - momentum) · running + momentum · factor · batch.
void condense_running(float *running, const float *batch, float momentum, float factor, int64_t elements);

/// Copies bytes.
void condense_copy(void *destination, const void *source, int64_t bytes, int threads);

/// Copies `rows` rows of `bytes` bytes between tensors whose rows are `…stride` bytes apart.
void condense_copy_rows(
    void *destination, int64_t destination_stride, const void *source, int64_t source_stride, int64_t bytes,
    int64_t rows, int threads);

/// Of each of `items` items, puts row `order[r]` of `count` rows of `bytes` bytes at r.
void condense_gather_rows(
    void *destination, const void *source, const int32_t *order, int64_t count, int64_t bytes, int64_t items,
    int threads);

/// How the second factor of a product `[items, channels, pixels]` lies: as the first, one number for the pixels of a
/// channel, or one for the channels of a pixel.
typedef enum { CONDENSE_REPEAT_NOT = 0, CONDENSE_REPEAT_PIXELS, CONDENSE_REPEAT_CHANNELS } condense_repeat;

/// destination = a · b, b repeated; row-major.
void condense_multiply(
    float *destination, const float *a, const float *b, condense_repeat repeat, int64_t items, int64_t channels,
    int64_t pixels, int threads);

/// destination = the sums of a · b over what the destination, which lies as the second factor, is repeated for.
void condense_multiply_sum(
    float *destination, const float *a, const float *b, condense_repeat repeat, int64_t items, int64_t channels,
    int64_t pixels, int threads);

/// y = mean + √(max(variance, 0) + epsilon) · normal and slope = normal / (2 · that root), 0 where the variance is negative; row-major,
/// normal being the standard normal number of the stream `key` at an element's position, as `SeededRandom.normal(at:)` gives it.
void condense_gaussian_sample(
    float *y, float *slope, const float *mean, const float *variance, float epsilon, uint64_t key, int64_t elements,
    int threads);

/// y = s · round(clamp(x / s, low, high)), ties to even, s = max(*step, 2^-100).
void condense_learned_step(
    void *y, const void *x, const float *step, float low, float high, int64_t elements, int bf16, int threads);

/// by_x = gradient where low <= x / s <= high, else 0; *by_step = scale times the sum of gradient times the bound that x / s is
/// beyond, elsewhere times round(x / s) - x / s, or 0 without `rounds`. `sums` has room for a number a thread.
void condense_learned_step_gradients(
    void *by_x, float *by_step, const void *gradient, const void *x, const float *step, float low, float high, int rounds,
    float scale, double *sums, int64_t elements, int bf16, int threads);

/// What a batch norm works on. Its channels lie in blocks of 16 behind the pixels (aBcd16b), a last block filled up with
/// zeros, or last (acdb) without padding.
typedef struct {
  /// Images, channels, and pixels of an image.
  int64_t images, channels, pixels;
  float epsilon, momentum;
  /// Whether a ReLU follows, whether elements are bf16, and the number of threads.
  int relu, bf16, threads;
  /// Whether channels lie last.
  int channels_last;
} condense_norm;

/// Its vectors, one element a channel, filled up with zeros to a multiple of 16. Forward writes mean, inverse deviation and the running statistics; backward
/// writes the two gradients.
typedef struct {
  const float *scale, *shift;
  float *mean, *inverse, *running_mean, *running_variance;
  float *scale_gradient, *shift_gradient;
} condense_norm_state;

/// Floats of scratch memory that a norm needs.
int64_t condense_norm_scratch(const condense_norm *norm);

/// y = norm(x), plus `residual` unless that is null, then the ReLU if there is one: two passes over memory.
void condense_norm_forward(
    const condense_norm *norm, const condense_norm_state *state, const void *x, const void *residual, void *y,
    float *scratch);

/// The gradient by x of what forward did. The gradient that arrives is `first` plus `second` (may be null); behind a
/// ReLU it counts where `mask`, the output, is positive; a null mask is computed from x (no residual then). `sum`, if
/// not null, receives the arriving gradient behind the ReLU, which is also the residual's. `dx` may be `first`.
void condense_norm_backward(
    const condense_norm *norm, const condense_norm_state *state, const void *x, const void *first,
    const void *second, const void *mask, void *sum, void *dx, float *scratch);

/// A convolution over groups of sixteen images side by side (Abcd16a): stride 1, no padding, a kernel 3 or 5 wide and
/// at most 7 high.
/// Weights lie row-major `[filters, channels, kernel_height, kernel_width]`.
typedef struct {
  int64_t groups, channels, height, width, filters, kernel_height, kernel_width, out_height, out_width;
  int threads;
} condense_interleaved;

/// y = x * w + bias (may be null), behind a ReLU if `relu`.
void condense_interleaved_forward(
    const condense_interleaved *c, const float *x, const float *w, const float *bias, int relu, float *y);

/// dx of dy.
void condense_interleaved_backward(const condense_interleaved *c, const float *dy, const float *w, float *dx);

/// dw and dbias (may be null) of dy; lanes of images that are not there must be zero in dy.
void condense_interleaved_weights(
    const condense_interleaved *c, const float *x, const float *dy, float *dw, float *dbias,
    float *scratch);

/// Floats of scratch memory that the gradient by the weights needs.
int64_t condense_interleaved_scratch(const condense_interleaved *c);

/// A max pool over planes of sixteen images side by side: windows do not overlap, no padding.
typedef struct {
  int64_t planes, height, width, out_height, out_width, kernel_height, kernel_width, stride_height, stride_width;
  int threads;
} condense_interleaved_pool;

void condense_interleaved_pool_forward(const condense_interleaved_pool *p, const float *x, float *y);

/// dx of dy: the first largest element of each window takes the window's gradient, the others zero.
void condense_interleaved_pool_backward(
    const condense_interleaved_pool *p, const float *x, const float *y, const float *dy, float *dx);

#endif
