#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES (256 * 1024)

struct condense_png {
  png_structp png;
  png_infop info;
  const uint8_t *next;
  size_t left;
  size_t used;  // of the arena
  uint32_t width, height;
  int channels, alpha, interlaced;
  void *scratch;  // rows under way: freed by condense_png_cancel, whatever longjmp skipped
  jmp_buf escape;
  char message[128];
  _Alignas(64) uint8_t arena[ARENA_BYTES];
};

// libpng and zlib allocate some ten blocks a file. They come from the arena, which is emptied for the next file;
// what does not fit comes from malloc.

static png_voidp arena_allocate(png_structp png, png_alloc_size_t size) {
  condense_png *d = png_get_mem_ptr(png);
  if (size <= ARENA_BYTES - d->used) {
    void *block = d->arena + d->used;
    size_t rounded = (size + 63) & ~(size_t)63;
    d->used = rounded > ARENA_BYTES - d->used ? ARENA_BYTES : d->used + rounded;
    return block;
  }
  return malloc(size);
}

static void arena_release(png_structp png, png_voidp block) {
  condense_png *d = png_get_mem_ptr(png);
  uintptr_t at = (uintptr_t)block, start = (uintptr_t)d->arena;
  if (at < start || at >= start + ARENA_BYTES) free(block);
}

static void keep_message(char *message, const char *text) { snprintf(message, 128, "%s", text); }

static void fail(png_structp png, png_const_charp text) {
  condense_png *d = png_get_error_ptr(png);
  keep_message(d->message, text);
  longjmp(d->escape, 1);
}

// Bytes behind the last row change nothing.
static void warn(png_structp png, png_const_charp text) {
  if (strstr(text, "Extra compressed data")) return;
  fail(png, text);
}

static void read_bytes(png_structp png, png_bytep into, size_t count) {
  condense_png *d = png_get_io_ptr(png);
  if (count > d->left) fail(png, "the file ends too early");
  memcpy(into, d->next, count);
  d->next += count;
  d->left -= count;
}

condense_png *condense_png_new(void) {
  condense_png *d = aligned_alloc(64, sizeof(condense_png));
  if (d) memset(d, 0, offsetof(condense_png, arena));
  return d;
}

void condense_png_free(condense_png *d) {
  if (!d) return;
  condense_png_cancel(d);
  free(d);
}

const char *condense_png_message(const condense_png *d) { return d->message; }

void condense_png_cancel(condense_png *d) {
  if (d->png) png_destroy_read_struct(&d->png, d->info ? &d->info : NULL, NULL);
  d->png = NULL;
  d->info = NULL;
  d->used = 0;
  free(d->scratch);
  d->scratch = NULL;
}

static int abandon(condense_png *d) {
  condense_png_cancel(d);
  return 1;
}

int condense_png_begin(condense_png *d, const uint8_t *bytes, size_t size, uint32_t *width, uint32_t *height,
                       int *channels, int *alpha) {
  condense_png_cancel(d);
  d->next = bytes;
  d->left = size;
  d->message[0] = 0;
  if (setjmp(d->escape)) return abandon(d);
  d->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, d, fail, warn, d, arena_allocate, arena_release);
  if (d->png) d->info = png_create_info_struct(d->png);
  if (!d->info) {
    if (!d->message[0]) keep_message(d->message, "libpng could not start");
    return abandon(d);
  }
  png_set_read_fn(d->png, d, read_bytes);
  png_set_user_limits(d->png, 0x7fffffff, 0x7fffffff);
  png_set_keep_unknown_chunks(d->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(d->png, d->info);
  int color = png_get_color_type(d->png, d->info);
  int transparent = png_get_valid(d->png, d->info, PNG_INFO_tRNS) != 0;
  d->width = png_get_image_width(d->png, d->info);
  d->height = png_get_image_height(d->png, d->info);
  d->channels = color & PNG_COLOR_MASK_COLOR ? 3 : 1;
  d->alpha = (color & PNG_COLOR_MASK_ALPHA) || transparent;
  d->interlaced = png_get_interlace_type(d->png, d->info) != PNG_INTERLACE_NONE;
  *width = d->width;
  *height = d->height;
  *channels = d->channels;
  *alpha = d->alpha;
  return 0;
}

static void composite(const uint8_t *row, size_t count, int channels, unsigned background, uint8_t *into) {
  for (size_t i = 0; i < count; i++, row += channels + 1)
    for (int c = 0; c < channels; c++)
      *into++ = (uint8_t)((row[c] * row[channels] + background * (255u - row[channels]) + 127u) / 255u);
}

static void read_opaque(condense_png *d, uint8_t *pixels) {
  size_t stride = (size_t)d->width * d->channels;
  int passes = d->interlaced ? 7 : 1;
  for (int pass = 0; pass < passes; pass++)
    for (uint32_t y = 0; y < d->height; y++) png_read_row(d->png, pixels + y * stride, NULL);
}

static void read_composited(condense_png *d, unsigned background, uint8_t *pixels) {
  size_t stride = (size_t)d->width * d->channels, wide = (size_t)d->width * (d->channels + 1);
  size_t rows = d->interlaced ? d->height : 1;
  uint8_t *scratch = d->scratch = calloc(rows, wide);
  if (!scratch) fail(d->png, "out of memory");
  for (int pass = 0; d->interlaced && pass < 7; pass++)
    for (uint32_t y = 0; y < d->height; y++) png_read_row(d->png, scratch + y * wide, NULL);
  for (uint32_t y = 0; y < d->height; y++) {
    uint8_t *row = d->interlaced ? scratch + y * wide : scratch;
    if (!d->interlaced) png_read_row(d->png, row, NULL);
    composite(row, d->width, d->channels, background, pixels + y * stride);
  }
}

int condense_png_read(condense_png *d, uint8_t background, uint8_t *pixels) {
  if (!d->png) {
    keep_message(d->message, "no file was begun");
    return 1;
  }
  if (setjmp(d->escape)) return abandon(d);
  png_set_expand(d->png);
  png_set_scale_16(d->png);
  if (d->interlaced) png_set_interlace_handling(d->png);
  png_read_update_info(d->png, d->info);
  if (png_get_rowbytes(d->png, d->info) != (size_t)d->width * (d->channels + d->alpha))
    fail(d->png, "rows of an unexpected length");
  if (d->alpha) {
    read_composited(d, background, pixels);
  } else {
    read_opaque(d, pixels);
  }
  png_read_end(d->png, NULL);
  condense_png_cancel(d);
  return 0;
}

typedef struct {
  uint8_t *bytes;
  size_t size, capacity;
  jmp_buf escape;
  char *message;
} sink;

static void fail_writing(png_structp png, png_const_charp text) {
  sink *s = png_get_error_ptr(png);
  keep_message(s->message, text);
  longjmp(s->escape, 1);
}

static void write_bytes(png_structp png, png_bytep from, size_t count) {
  sink *s = png_get_io_ptr(png);
  if (count > s->capacity - s->size) {
    size_t capacity = 2 * s->capacity + count;
    uint8_t *bytes = realloc(s->bytes, capacity);
    if (!bytes) fail_writing(png, "out of memory");
    s->bytes = bytes;
    s->capacity = capacity;
  }
  memcpy(s->bytes + s->size, from, count);
  s->size += count;
}

static void flush_nothing(png_structp png) { (void)png; }

int condense_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int level,
                        uint8_t **bytes, size_t *size, char message[128]) {
  sink s = {.message = message};
  png_structp volatile png = NULL;
  png_infop volatile info = NULL;
  message[0] = 0;
  volatile int failed = 1;
  if (!setjmp(s.escape)) {
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &s, fail_writing, fail_writing);
    if (png) info = png_create_info_struct(png);
    if (info) {
      png_set_write_fn(png, &s, write_bytes, flush_nothing);
      png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
      png_set_compression_level(png, level);
      png_set_IHDR(png, info, width, height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                   PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
      png_write_info(png, info);
      for (uint32_t y = 0; y < height; y++) png_write_row(png, pixels + (size_t)y * width * channels);
      png_write_end(png, NULL);
      failed = 0;
    } else {
      keep_message(message, "libpng could not start");
    }
  }
  png_structp done = png;
  png_infop doneInfo = info;
  if (done) png_destroy_write_struct(&done, doneInfo ? &doneInfo : NULL);
  *bytes = s.bytes;
  *size = s.size;
  return failed;
}
