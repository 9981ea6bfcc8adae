#ifndef CONDENSE_INTEGERS_H
#define CONDENSE_INTEGERS_H

#include <stdint.h>

// Kernels over unsigned bytes: an integer q of -128…127 is stored as q + 128. Pixels lie one after another with their
// channels together. Documentation/integer-arithmetic.md says what each computes; nothing here rounds otherwise.

// What turns sums into bytes, one number for each output channel; arrays reach to a multiple of 16.
typedef struct {
  const int32_t *bias;
  const int32_t *multiplier;
  const int32_t *shift;
  // Added after the shift: the output's zero point + 128; bounds likewise.
  int32_t zero, lower, upper;
} condense_rescaling;

// Where the rows of a product lie: row r of an image starts at `rows[r]` and is made of `segments` stretches, each of
// `quads` groups of four bytes, the k-th at `offsets[k]`.
typedef struct {
  const int32_t *rows;
  int64_t row_count;
  const int32_t *offsets;
  int64_t segments, quads;
} condense_rows;

// The instruction sets: 0 for plain C, 1 for AVX2, 2 for AVX-512 with VNNI. The best that this machine has:
int32_t condense_integer_level(void);

// out[r][o] = bytes of bias[o] + Σ weights[o] · row r. Weights are packed `[channels/16][segments][quads][16][4]`, zeros where there is
// no channel. Up to 60 bytes behind a row's end may be read.
void condense_integer_product(
  int32_t level, const uint8_t *input, const condense_rows *rows, const int8_t *weights, int64_t channels,
  const condense_rescaling *rescaling, uint8_t *output, int64_t output_stride);

// Each channel by itself: out[r][c] = bytes of bias[c] + Σ_k weights[k][c] · input[rows[r] + offsets[k] + c]; quads is not used.
void condense_integer_depthwise(
  const uint8_t *input, const condense_rows *rows, const int8_t *weights, int64_t channels,
  const condense_rescaling *rescaling, uint8_t *output, int64_t output_stride);

// The image with rows and columns of a byte around it: height · width pixels of `channels` bytes.
typedef struct {
  int64_t height, width, channels, top, left, padded_height, padded_width;
} condense_frame;
void condense_integer_pad(const uint8_t *input, const condense_frame *frame, uint8_t fill, uint8_t *output);

// How a window slides: output pixel (i, j) reads rows i·stride - padding … + kernel - 1 that lie inside of the image.
typedef struct {
  int64_t height, width, channels, output_height, output_width;
  int64_t kernel_height, kernel_width, stride_height, stride_width, padding_height, padding_width;
} condense_window;
void condense_integer_max_pool(const uint8_t *input, const condense_window *window, uint8_t *output);
// multiplier and shift: one for each output pixel. `sums` has room for the channels. Input zero is + 128.
void condense_integer_average_pool(
  const uint8_t *input, const condense_window *window, int32_t input_zero, const int32_t *multiplier,
  const int32_t *shift, int32_t zero, int32_t lower, int32_t upper, int32_t *sums, uint8_t *output);

// output[i] = clamp(zero + (Σ_k multiplier[k] · (input_k[i] - zeros[k]) + half) >> shift), of two inputs; for more, sums are kept.
void condense_integer_add(
  const uint8_t *first, const uint8_t *second, int64_t count, const int32_t *zeros, const int32_t *multipliers,
  int32_t shift, int32_t zero, int32_t lower, int32_t upper, uint8_t *output);
// output[i] = clamp(zero + rescale((first[i] - zeros[0]) · (second[j] - zeros[1]))), j = i % channels · channel_step + i / channels · pixel_step.
void condense_integer_multiply(
  const uint8_t *first, const uint8_t *second, int64_t pixels, int64_t channels, int64_t pixel_step, int64_t channel_step,
  const int32_t *zeros, int32_t multiplier, int32_t shift, int32_t zero, int32_t lower, int32_t upper, uint8_t *output);
// output[p][first + c] = table[input[p][c]], `width` channels of input, `stride` of output.
void condense_integer_table(
  const uint8_t *input, int64_t pixels, int64_t width, const uint8_t *table, uint8_t *output, int64_t stride);
// output[i] = input[index[i]].
void condense_integer_gather(const uint8_t *input, const int32_t *index, int64_t count, uint8_t *output);

// Floats, channel after channel, to bytes, pixel after pixel: clamp(round(x / scale), lower, upper) + zero; not a number is zero.
void condense_integer_quantize(
  const float *input, int64_t pixels, int64_t channels, float scale, float lower, float upper, int32_t zero, uint8_t *output);
// Bytes, pixel after pixel, to floats, channel after channel: scale · (byte - zero).
void condense_integer_dequantize(
  const uint8_t *input, int64_t pixels, int64_t channels, float scale, int32_t zero, float *output);

#endif
