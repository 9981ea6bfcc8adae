// Kernels that work element by element, and the ways in and out of bytes.
#include "lanes.h"

CLONES(, condense_integer_add,
  (const uint8_t *first, const uint8_t *second, int64_t count, const int32_t *zeros,
   const int32_t *multipliers, int32_t shift, int32_t zero, int32_t lower, int32_t upper, uint8_t *output),
  (first, second, count, zeros, multipliers, shift, zero, lower, upper, output)) {
  int32_t half = (int32_t)(((int64_t)1 << shift) >> 1);
  int32_t start = half - multipliers[0] * zeros[0] - multipliers[1] * zeros[1];
  for (int64_t i = 0; i < count; i++) {
    int32_t sum = start + multipliers[0] * first[i] + multipliers[1] * second[i];
    int32_t value = zero + (sum >> shift);
    output[i] = (uint8_t)(value < lower ? lower : value > upper ? upper : value);
  }
}

CLONES(, condense_integer_multiply,
  (const uint8_t *first, const uint8_t *second, int64_t pixels, int64_t channels, int64_t pixel_step,
   int64_t channel_step, const int32_t *zeros, int32_t multiplier, int32_t shift, int32_t zero,
   int32_t lower, int32_t upper, uint8_t *output),
  (first, second, pixels, channels, pixel_step, channel_step, zeros, multiplier, shift, zero, lower, upper, output)) {
  for (int64_t pixel = 0; pixel < pixels; pixel++) {
    for (int64_t channel = 0; channel < channels; channel++) {
      int32_t factor = second[pixel * pixel_step + channel * channel_step] - zeros[1];
      int32_t product = (first[pixel * channels + channel] - zeros[0]) * factor;
      int32_t value = zero + rescaled_one(product, multiplier, shift);
      output[pixel * channels + channel] = clamped_one(value, lower, upper);
    }
  }
}

void condense_integer_table(
  const uint8_t *input, int64_t pixels, int64_t width, const uint8_t *table, uint8_t *output, int64_t stride) {
  for (int64_t pixel = 0; pixel < pixels; pixel++)
    for (int64_t i = 0; i < width; i++) output[pixel * stride + i] = table[input[pixel * width + i]];
}

void condense_integer_gather(const uint8_t *input, const int32_t *index, int64_t count, uint8_t *output) {
  for (int64_t i = 0; i < count; i++) output[i] = input[index[i]];
}

// As `IntegerValue.integer`: the sum with 1.5 · 2^23 has no fraction bits, so the addition itself rounds, ties to even.
CLONES(, condense_integer_quantize,
  (const float *input, int64_t pixels, int64_t channels, float scale, float lower, float upper, int32_t zero,
   uint8_t *output),
  (input, pixels, channels, scale, lower, upper, zero, output)) {
  for (int64_t channel = 0; channel < channels; channel++) {
    for (int64_t pixel = 0; pixel < pixels; pixel++) {
      float steps = input[channel * pixels + pixel] / scale;
      steps = steps == steps ? steps : 0;
      steps = steps < lower ? lower : steps;
      steps = steps > upper ? upper : steps;
      steps = (steps + 0x1.8p23f) - 0x1.8p23f;
      output[pixel * channels + channel] = (uint8_t)((int32_t)steps + zero);
    }
  }
}

CLONES(, condense_integer_dequantize,
  (const uint8_t *input, int64_t pixels, int64_t channels, float scale, int32_t zero, float *output),
  (input, pixels, channels, scale, zero, output)) {
  for (int64_t channel = 0; channel < channels; channel++)
    for (int64_t pixel = 0; pixel < pixels; pixel++)
      output[channel * pixels + pixel] = (float)((int32_t)input[pixel * channels + channel] - zero) * scale;
}
