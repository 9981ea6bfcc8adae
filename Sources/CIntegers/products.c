// Products of rows of bytes by packed weights: convolutions and dense layers.
//
// A block of rows by a block of 16-channel panels lives in registers; a panel's weights stay in the first cache while all rows of an
// image pass. All three instruction sets add the same products to the same 32-bit sums, so their bytes are equal.
#include "lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef struct {
  const uint8_t *input;
  const condense_rows *rows;
  const int8_t *weights;
  int64_t channels;
  const condense_rescaling *rescaling;
  uint8_t *output;
  int64_t output_stride;
} product;

int32_t condense_integer_level(void) {
  if (condense_has_vnni()) return 2;
  return condense_instructions() >= CONDENSE_AVX2 ? 1 : 0;
}

INLINE int32_t quad_at(const uint8_t *p) {
  int32_t quad;
  memcpy(&quad, p, 4);
  return quad;
}

// Sums of one row become bytes of up to 16 channels.
#define finish(p, row, panel, sums)                                                                      \
  do {                                                                                                   \
    const condense_rescaling *r_ = (p)->rescaling;                                                       \
    int64_t first_ = (panel) * LANES;                                                                    \
    int_lanes multiplier_ = load_ints(r_->multiplier + first_), shift_ = load_ints(r_->shift + first_);  \
    int_lanes value_ = rescaled(sums, multiplier_, shift_) + r_->zero;                                   \
    int_lanes lower_ = lanes_of(r_->lower), upper_ = lanes_of(r_->upper);                                \
    value_ = lesser(value_, upper_);                                                                     \
    value_ = greater(value_, lower_);                                                                    \
    store_bytes((p)->output + (row) * (p)->output_stride + first_, value_, (p)->channels - first_);      \
  } while (0)

static void plain_product(const product *p) {
  int64_t panels = (p->channels + LANES - 1) / LANES;
  int64_t panel_bytes = p->rows->segments * p->rows->quads * LANES * 4;
  for (int64_t panel = 0; panel < panels; panel++) {
    for (int64_t row = 0; row < p->rows->row_count; row++) {
      const int8_t *w = p->weights + panel * panel_bytes;
      int_lanes sums = load_ints(p->rescaling->bias + panel * LANES);
      for (int64_t segment = 0; segment < p->rows->segments; segment++) {
        const uint8_t *x = p->input + p->rows->rows[row] + p->rows->offsets[segment];
        for (int64_t quad = 0; quad < p->rows->quads; quad++, x += 4, w += LANES * 4)
          for (int lane = 0; lane < LANES; lane++)
            for (int i = 0; i < 4; i++) sums[lane] += (int32_t)w[lane * 4 + i] * x[i];
      }
      finish(p, row, panel, sums);
    }
  }
}

#if defined(__x86_64__)

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))

// `height` rows by `width` panels, both known when this is compiled.
INLINE VNNI void vnni_block(const product *p, int64_t row, int64_t panel, const int height, const int width) {
  const condense_rows *rows = p->rows;
  int64_t panel_bytes = rows->segments * rows->quads * LANES * 4;
  const int8_t *weights = p->weights + panel * panel_bytes;
  const uint8_t *x[8];
  __m512i sums[8][4];
#pragma unroll
  for (int i = 0; i < height; i++) {
    x[i] = p->input + rows->rows[row + i];
#pragma unroll
    for (int j = 0; j < width; j++) sums[i][j] = _mm512_loadu_si512(p->rescaling->bias + (panel + j) * LANES);
  }
  for (int64_t segment = 0; segment < rows->segments; segment++) {
    int64_t offset = rows->offsets[segment];
    for (int64_t quad = 0; quad < rows->quads; quad++, weights += LANES * 4, offset += 4) {
      __m512i w[4];
#pragma unroll
      for (int j = 0; j < width; j++) w[j] = _mm512_loadu_si512(weights + j * panel_bytes);
#pragma unroll
      for (int i = 0; i < height; i++) {
        __m512i bytes = _mm512_set1_epi32(quad_at(x[i] + offset));
#pragma unroll
        for (int j = 0; j < width; j++) sums[i][j] = _mm512_dpbusd_epi32(sums[i][j], bytes, w[j]);
      }
    }
  }
#pragma unroll
  for (int i = 0; i < height; i++) {
#pragma unroll
    for (int j = 0; j < width; j++) finish(p, row + i, panel + j, (int_lanes)sums[i][j]);
  }
}

// All rows by `width` panels. Of the last rows, some are computed twice rather than a few at a time.
INLINE VNNI void vnni_rows(const product *p, int64_t panel, const int width) {
  int64_t count = p->rows->row_count;
  int64_t row = 0;
  for (; row + 8 <= count; row += 8) vnni_block(p, row, panel, 8, width);
  if (row == count) return;
  if (count - row > 4 && count >= 8) return vnni_block(p, count - 8, panel, 8, width);
  for (; row + 4 <= count; row += 4) vnni_block(p, row, panel, 4, width);
  for (; row < count; row++) vnni_block(p, row, panel, 1, width);
}

VNNI static void vnni_product(const product *p) {
  int64_t panels = (p->channels + LANES - 1) / LANES;
  int64_t panel = 0;
  if (p->rows->row_count == 1)
    for (; panel + 4 <= panels; panel += 4) vnni_block(p, 0, panel, 1, 4);
  for (; panel + 2 <= panels; panel += 2) vnni_rows(p, panel, 2);
  if (panel < panels) vnni_rows(p, panel, 1);
}

#define AVX2 __attribute__((target("avx2,fma,bmi2")))

// Two products of 16 bits are added by one instruction; a channel's four bytes give two sums, joined at the end.
INLINE AVX2 void avx2_block(const product *p, int64_t row, int64_t panel, const int height) {
  const condense_rows *rows = p->rows;
  const int8_t *weights = p->weights + panel * rows->segments * rows->quads * LANES * 4;
  const uint8_t *x[2];
  __m256i sums[2][4];
#pragma unroll
  for (int i = 0; i < height; i++) {
    x[i] = p->input + rows->rows[row + i];
#pragma unroll
    for (int j = 0; j < 4; j++) sums[i][j] = _mm256_setzero_si256();
  }
  for (int64_t segment = 0; segment < rows->segments; segment++) {
    int64_t offset = rows->offsets[segment];
    for (int64_t quad = 0; quad < rows->quads; quad++, weights += LANES * 4, offset += 4) {
      __m256i w[4];
#pragma unroll
      for (int j = 0; j < 4; j++) w[j] = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(weights + 16 * j)));
#pragma unroll
      for (int i = 0; i < height; i++) {
        __m256i bytes = _mm256_cvtepu8_epi16(_mm_set1_epi32(quad_at(x[i] + offset)));
#pragma unroll
        for (int j = 0; j < 4; j++) sums[i][j] = _mm256_add_epi32(sums[i][j], _mm256_madd_epi16(bytes, w[j]));
      }
    }
  }
#pragma unroll
  for (int i = 0; i < height; i++) {
    // Neighbouring sums belong to a channel; joining pairs leaves channels in the order 0 1 4 5, 2 3 6 7.
    int_lanes total = load_ints(p->rescaling->bias + panel * LANES);
    __m256i halves[2];
#pragma unroll
    for (int j = 0; j < 2; j++)
      halves[j] = _mm256_permute4x64_epi64(_mm256_hadd_epi32(sums[i][2 * j], sums[i][2 * j + 1]), 0xD8);
    total += load_ints(halves);
    finish(p, row + i, panel, total);
  }
}

AVX2 static void avx2_product(const product *p) {
  int64_t panels = (p->channels + LANES - 1) / LANES;
  for (int64_t panel = 0; panel < panels; panel++) {
    int64_t row = 0;
    for (; row + 2 <= p->rows->row_count; row += 2) avx2_block(p, row, panel, 2);
    if (row < p->rows->row_count) avx2_block(p, row, panel, 1);
  }
}

#endif

void condense_integer_product(
  int32_t level, const uint8_t *input, const condense_rows *rows, const int8_t *weights, int64_t channels,
  const condense_rescaling *rescaling, uint8_t *output, int64_t output_stride) {
  product p = {input, rows, weights, channels, rescaling, output, output_stride};
#if defined(__x86_64__)
  if (level == 2) return vnni_product(&p);
  if (level == 1) return avx2_product(&p);
#endif
  plain_product(&p);
}

CLONES(, condense_integer_depthwise,
  (const uint8_t *input, const condense_rows *rows, const int8_t *weights, int64_t channels,
   const condense_rescaling *rescaling, uint8_t *output, int64_t output_stride),
  (input, rows, weights, channels, rescaling, output, output_stride)) {
  product product_ = {input, rows, weights, channels, rescaling, output, output_stride};
  const product *p = &product_;
  for (int64_t row = 0; row < rows->row_count; row++) {
    for (int64_t first = 0; first < channels; first += LANES) {
      const uint8_t *x = input + rows->rows[row] + first;
      int_lanes sums = load_ints(rescaling->bias + first);
      for (int64_t k = 0; k < rows->segments; k++)
        sums += load_signed_bytes(weights + k * ((channels + LANES - 1) / LANES * LANES) + first)
          * load_bytes(x + rows->offsets[k]);
      finish(p, row, first / LANES, sums);
    }
  }
}
