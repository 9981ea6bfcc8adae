#ifndef CONDENSE_DNNL_KERNELS_H
#define CONDENSE_DNNL_KERNELS_H

#include <stdint.h>

// Condense's kernels between oneDNN's primitives. They run on libgomp's team, the threads that oneDNN uses. The ranges
// of threads depend on the number of elements and of threads alone, so results are the same in every run. Buffers are
// aligned to 64 bytes and hold whole cache lines. They may be equal (in place), but must not overlap otherwise.
// Elements are bf16 if `bf16` is not 0, else floats.

/// destination = the sum of `count` (1 to 4) sources where `mask` is positive, else 0; a null mask keeps all.
void condense_masked_sum(
    void *destination, const void *const *sources, int count, const void *mask, int64_t elements, int bf16,
    int threads);

/// destination = max(a + b, 0), or a + b without `relu`; NaN is kept.
void condense_add_relu(
    void *destination, const void *a, const void *b, int relu, int64_t elements, int bf16, int threads);

/// destination = gradient where low <= value <= high, else 0; a value of NaN gives 0.
void condense_pass_within(
    void *destination, const void *gradient, const void *value, float low, float high, int64_t elements, int bf16,
    int threads);

/// Converts bf16 to floats on the calling thread; whole cache lines are written.
void condense_widen(float *destination, const uint16_t *source, int64_t elements);
/// Converts floats to bf16, rounding to nearest even, on the calling thread; whole cache lines are written.
void condense_narrow(uint16_t *destination, const float *source, int64_t elements);

/// sum += term.
void condense_accumulate(float *sum, const float *term, int64_t elements, int threads);

/// average = decay · average + (1 - decay) · value.
void condense_average(float *average, const float *value, float decay, int64_t elements, int threads);

/// running = (1 - momentum) · running + momentum · factor · batch.
void condense_running(float *running, const float *batch, float momentum, float factor, int64_t elements);

/// Copies bytes.
void condense_copy(void *destination, const void *source, int64_t bytes, int threads);

/// Copies `rows` rows of `bytes` bytes each between tensors whose rows lie `…_stride` bytes apart.
void condense_copy_rows(
    void *destination, int64_t destination_stride, const void *source, int64_t source_stride, int64_t bytes,
    int64_t rows, int threads);

/// Permutes the rows of each item: row r of `count` becomes the source's row `order[r]`; a row has `bytes` bytes.
void condense_gather_rows(
    void *destination, const void *source, const int32_t *order, int64_t count, int64_t bytes, int64_t items,
    int threads);

/// The shape of the second factor of a product `[items, channels, pixels]`: that of the first factor, one number for
/// all pixels of a channel, or one number for all channels of a pixel.
typedef enum { CONDENSE_REPEAT_NOT = 0, CONDENSE_REPEAT_PIXELS, CONDENSE_REPEAT_CHANNELS } condense_repeat;

/// destination = a · b, with b repeated; row-major.
void condense_multiply(
    float *destination, const float *a, const float *b, condense_repeat repeat, int64_t items, int64_t channels,
    int64_t pixels, int threads);

/// destination = a · b, summed over the axis that `repeat` names; the destination has the second factor's shape.
///
/// It is the gradient of `condense_multiply` by the second factor.
void condense_multiply_sum(
    float *destination, const float *a, const float *b, condense_repeat repeat, int64_t items, int64_t channels,
    int64_t pixels, int threads);

/// y = mean + deviation · normal, with deviation = √(max(variance, 0) + epsilon); slope = normal / (2 · deviation).
///
/// The slope is 0 where the variance is negative. `normal` is the standard normal number of the stream `key` at an
/// element's row-major index, as `SeededRandom.normal(at:)` returns it.
void condense_gaussian_sample(
    float *y, float *slope, const float *mean, const float *variance, float epsilon, uint64_t key, int64_t elements,
    int threads);

/// y = s · round(clamp(x / s, low, high)) with s = max(*step, 2^-100); ties round to even.
void condense_learned_step(
    void *y, const void *x, const float *step, float low, float high, int64_t elements, int bf16, int threads);

/// by_x = gradient where low <= x / s <= high, else 0; *by_step = scale · Σ gradient · slope.
///
/// The slope is the bound that x / s lies beyond. Between the bounds it is round(x / s) - x / s, or 0 without `rounds`.
/// `sums` has room for one number per thread.
void condense_learned_step_gradients(
    void *by_x, float *by_step, const void *gradient, const void *x, const float *step, float low, float high, int rounds,
    float scale, double *sums, int64_t elements, int bf16, int threads);

/// The shape and the settings of a batch norm. Its channels are in blocks of 16 after the pixels (aBcd16b), the last
/// block padded with zeros, or they are last (acdb) without padding.
typedef struct {
  /// The numbers of images, of channels, and of pixels per image.
  int64_t images, channels, pixels;
  float epsilon, momentum;
  /// 1 if a ReLU follows, 1 if elements are bf16, and the number of threads.
  int relu, bf16, threads;
  /// 1 if channels are last, 0 if they are in blocks of 16.
  int channels_last;
} condense_norm;

/// The vectors of a batch norm, one element per channel, padded with zeros to a multiple of 16.
///
/// Forward writes the mean, the inverse standard deviation and the running statistics; backward writes the gradients
/// of scale and shift.
typedef struct {
  const float *scale, *shift;
  float *mean, *inverse, *running_mean, *running_variance;
  float *scale_gradient, *shift_gradient;
} condense_norm_state;

/// Returns the number of floats of scratch memory that a norm needs.
int64_t condense_norm_scratch(const condense_norm *norm);

/// y = norm(x), plus `residual` unless it is null, then the ReLU if there is one; memory is read twice.
void condense_norm_forward(
    const condense_norm *norm, const condense_norm_state *state, const void *x, const void *residual, void *y,
    float *scratch);

/// Computes the gradients of `condense_norm_forward` by x, scale and shift.
///
/// The gradient by y is `first` plus `second`, which may be null. With a ReLU it counts only where `mask`, the output,
/// is positive; if `mask` is null, the output is computed again from x, which is wrong with a residual. `sum`, if not
/// null, receives the gradient at the ReLU's input, which is also the residual's gradient. `dx` may be `first`.
void condense_norm_backward(
    const condense_norm *norm, const condense_norm_state *state, const void *x, const void *first,
    const void *second, const void *mask, void *sum, void *dx, float *scratch);

/// A convolution over groups of sixteen interleaved images (Abcd16a).
///
/// The stride is 1, there is no padding, and the kernel is 3 or 5 wide and at most 7 high. Weights are row-major
/// `[filters, channels, kernel_height, kernel_width]`.
typedef struct {
  int64_t groups, channels, height, width, filters, kernel_height, kernel_width, out_height, out_width;
  int threads;
} condense_interleaved;

/// y = x * w + bias, then a ReLU if `relu`; `bias` may be null.
void condense_interleaved_forward(
    const condense_interleaved *c, const float *x, const float *w, const float *bias, int relu, float *y);

/// Computes dx, the gradient by x, from dy.
void condense_interleaved_backward(const condense_interleaved *c, const float *dy, const float *w, float *dx);

/// Computes dw and dbias, which may be null, from dy; lanes of missing images must be zero in dy.
void condense_interleaved_weights(
    const condense_interleaved *c, const float *x, const float *dy, float *dw, float *dbias,
    float *scratch);

/// Returns the number of floats of scratch memory that the gradient by the weights needs.
int64_t condense_interleaved_scratch(const condense_interleaved *c);

/// A max pool over planes of sixteen interleaved images, without padding and without overlap of windows.
typedef struct {
  int64_t planes, height, width, out_height, out_width, kernel_height, kernel_width, stride_height, stride_width;
  int threads;
} condense_interleaved_pool;

/// y = the maximum of each window.
void condense_interleaved_pool_forward(const condense_interleaved_pool *p, const float *x, float *y);

/// Computes dx from dy: the first largest element of each window gets its gradient, the others get 0.
void condense_interleaved_pool_backward(
    const condense_interleaved_pool *p, const float *x, const float *y, const float *dy, float *dx);

#endif
