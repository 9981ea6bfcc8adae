// Windows that slide over images: padding and pooling.
#include "lanes.h"

void condense_integer_pad(const uint8_t *input, const condense_frame *f, uint8_t fill, uint8_t *output) {
  int64_t row_bytes = f->padded_width * f->channels;
  int64_t kept = f->width < f->padded_width - f->left ? f->width : f->padded_width - f->left;
  for (int64_t row = 0; row < f->padded_height; row++, output += row_bytes) {
    int64_t source = row - f->top;
    if (source < 0 || source >= f->height || kept <= 0) {
      memset(output, fill, (size_t)row_bytes);
      continue;
    }
    uint8_t *image = output + f->left * f->channels;
    memset(output, fill, (size_t)(f->left * f->channels));
    memcpy(image, input + source * f->width * f->channels, (size_t)(kept * f->channels));
    memset(image + kept * f->channels, fill, (size_t)((f->padded_width - f->left - kept) * f->channels));
  }
}

typedef struct { int64_t top, bottom, left, right; } clipped;

INLINE clipped clip(const condense_window *w, int64_t row, int64_t column) {
  int64_t top = row * w->stride_height - w->padding_height, left = column * w->stride_width - w->padding_width;
  int64_t bottom = top + w->kernel_height, right = left + w->kernel_width;
  clipped c = {top < 0 ? 0 : top, bottom > w->height ? w->height : bottom, left < 0 ? 0 : left, right > w->width ? w->width : right};
  return c;
}

CLONES(, condense_integer_max_pool,
  (const uint8_t *input, const condense_window *w, uint8_t *output),
  (input, w, output)) {
  for (int64_t row = 0; row < w->output_height; row++) {
    for (int64_t column = 0; column < w->output_width; column++, output += w->channels) {
      clipped c = clip(w, row, column);
      const uint8_t *first = input + (c.top * w->width + c.left) * w->channels;
      // Whole registers: what is written behind a pixel's channels is written again with the next pixel, or is nobody's.
      for (int64_t k = 0; k < w->channels; k += LANES) {
        byte_lanes largest = *(const byte_lanes *)(first + k);
        for (int64_t i = 0; i < c.bottom - c.top; i++) {
          for (int64_t j = 0; j < c.right - c.left; j++) {
            byte_lanes x = *(const byte_lanes *)(first + (i * w->width + j) * w->channels + k);
            byte_lanes is_larger = (byte_lanes)(x > largest);
            largest = chosen(is_larger, x, largest);
          }
        }
        *(byte_lanes *)(output + k) = largest;
      }
    }
  }
}

CLONES(, condense_integer_average_pool,
  (const uint8_t *input, const condense_window *w, int32_t input_zero, const int32_t *multiplier,
   const int32_t *shift, int32_t zero, int32_t lower, int32_t upper, int32_t *sums, uint8_t *output),
  (input, w, input_zero, multiplier, shift, zero, lower, upper, sums, output)) {
  for (int64_t row = 0; row < w->output_height; row++) {
    for (int64_t column = 0; column < w->output_width; column++, output += w->channels) {
      clipped c = clip(w, row, column);
      int64_t place = row * w->output_width + column;
      int32_t start = -(int32_t)((c.bottom - c.top) * (c.right - c.left)) * input_zero;
      for (int64_t k = 0; k < w->channels; k++) sums[k] = start;
      for (int64_t i = c.top; i < c.bottom; i++) {
        for (int64_t j = c.left; j < c.right; j++) {
          const uint8_t *x = input + (i * w->width + j) * w->channels;
          for (int64_t k = 0; k < w->channels; k++) sums[k] += x[k];
        }
      }
      for (int64_t k = 0; k < w->channels; k++)
        output[k] = clamped_one(zero + rescaled_one(sums[k], multiplier[place], shift[place]), lower, upper);
    }
  }
}
