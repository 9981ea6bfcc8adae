#ifndef CONDENSE_INTEGERS_H
#define CONDENSE_INTEGERS_H

#include <stdint.h>

// Kernels over unsigned bytes: an integer q of -128…127 is stored as q + 128. Images lie row by row with the channels
// of a pixel together. Documentation/integer-arithmetic.md defines the arithmetic, which these kernels follow exactly.

// The rescaling of sums to bytes, called `rescaled` below.
//
// A byte is clamp(zero + ((sum · multiplier + half) >> shift), lower, upper), with half = 2^shift >> 1.
// Sums start at `bias`. The arrays have one number per output channel, padded to a multiple of 16.
typedef struct {
  const int32_t *bias;
  const int32_t *multiplier;
  const int32_t *shift;
  // The output's zero point + 128, added after the shift; the bounds have 128 added as well.
  int32_t zero, lower, upper;
} condense_rescaling;

// The places of the rows of a product in the input. Row r consists of `segments` segments, each of `quads` groups of
// four bytes; segment k begins at byte `rows[r] + offsets[k]`.
typedef struct {
  const int32_t *rows;
  int64_t row_count;
  const int32_t *offsets;
  int64_t segments, quads;
} condense_rows;

// Returns the best level of instructions that may be used: 0 for plain C, 1 for AVX2, 2 for AVX-512 with VNNI.
int32_t condense_integer_level(void);

// output[r][o] = rescaled(bias[o] + Σ weights[o] · row r).
//
// Weights are packed as `[channels/16][segments][quads][16][4]`, with zeros for missing channels. Up to 60 bytes after
// the end of a row may be read.
void condense_integer_product(
  int32_t level, const uint8_t *input, const condense_rows *rows, const int8_t *weights, int64_t channels,
  const condense_rescaling *rescaling, uint8_t *output, int64_t output_stride);

// output[r][c] = rescaled(bias[c] + Σ_k weights[k][c] · input[rows[r] + offsets[k] + c]), each channel separately.
//
// Rows of weights are padded to a multiple of 16 channels; `quads` is not used.
void condense_integer_depthwise(
  const uint8_t *input, const condense_rows *rows, const int8_t *weights, int64_t channels,
  const condense_rescaling *rescaling, uint8_t *output, int64_t output_stride);

// The sizes of an image of height · width pixels of `channels` bytes, and of the padded image around it.
typedef struct {
  int64_t height, width, channels, top, left, padded_height, padded_width;
} condense_frame;
// output = the image at row `top` and column `left`, surrounded by `fill`.
void condense_integer_pad(const uint8_t *input, const condense_frame *frame, uint8_t fill, uint8_t *output);

// The windows of a pool. Output pixel (i, j) reads the rows from i·stride - padding to i·stride - padding + kernel - 1
// that lie within the image, and columns likewise.
typedef struct {
  int64_t height, width, channels, output_height, output_width;
  int64_t kernel_height, kernel_width, stride_height, stride_width, padding_height, padding_width;
} condense_window;
// output = the maximum of each window. Up to 15 bytes after input and output are read and written.
void condense_integer_max_pool(const uint8_t *input, const condense_window *window, uint8_t *output);
// output = the mean of each window, as its sum rescaled by the multiplier and shift of the output pixel.
//
// `sums` has room for one number per channel. `input_zero` is the input's zero point + 128.
void condense_integer_average_pool(
  const uint8_t *input, const condense_window *window, int32_t input_zero, const int32_t *multiplier,
  const int32_t *shift, int32_t zero, int32_t lower, int32_t upper, int32_t *sums, uint8_t *output);

// output[i] = clamp(zero + ((Σ_k multipliers[k] · (input_k[i] - zeros[k]) + half) >> shift), lower, upper), k = 0, 1.
void condense_integer_add(
  const uint8_t *first, const uint8_t *second, int64_t count, const int32_t *zeros, const int32_t *multipliers,
  int32_t shift, int32_t zero, int32_t lower, int32_t upper, uint8_t *output);
// output[i] = clamp(zero + rescaled((first[i] - zeros[0]) · (second[j] - zeros[1])), lower, upper), with
// j = i / channels · pixel_step + i % channels · channel_step.
void condense_integer_multiply(
  const uint8_t *first, const uint8_t *second, int64_t pixels, int64_t channels, int64_t pixel_step, int64_t channel_step,
  const int32_t *zeros, int32_t multiplier, int32_t shift, int32_t zero, int32_t lower, int32_t upper, uint8_t *output);
// output[p · stride + c] = table[input[p · width + c]] for `width` channels c.
void condense_integer_table(
  const uint8_t *input, int64_t pixels, int64_t width, const uint8_t *table, uint8_t *output, int64_t stride);
// output[i] = input[index[i]].
void condense_integer_gather(const uint8_t *input, const int32_t *index, int64_t count, uint8_t *output);

// Converts floats, channel after channel, to bytes, pixel after pixel: round(clamp(x / scale, lower, upper)) + zero.
//
// Ties round to even; NaN is taken as 0.
void condense_integer_quantize(
  const float *input, int64_t pixels, int64_t channels, float scale, float lower, float upper, int32_t zero, uint8_t *output);
// Converts bytes, pixel after pixel, to floats, channel after channel: scale · (byte - zero).
void condense_integer_dequantize(
  const uint8_t *input, int64_t pixels, int64_t channels, float scale, int32_t zero, float *output);

#endif
