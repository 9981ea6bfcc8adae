#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/// More scans than any encoder writes: beyond, a file is made to waste time.
#define MAXIMUM_SCANS 500
/// Tables that libjpeg allocates stay in its permanent pool, which slows down as it grows: then it is built anew.
#define MAXIMUM_POOLED_TABLES 32

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
} error_manager;

struct condense_jpeg {
  struct jpeg_decompress_struct info;
  error_manager errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  JQUANT_TBL quantization[NUM_QUANT_TBLS];
  JHUFF_TBL dc[NUM_HUFF_TBLS], ac[NUM_HUFF_TBLS];
  int created, begun, pooled;
  void *scratch;  // rows under way: freed by condense_jpeg_cancel, whatever longjmp skipped
};

static void fail(j_common_ptr info) {
  error_manager *errors = (error_manager *)info->err;
  errors->base.format_message(info, errors->message);
  longjmp(errors->escape, 1);
}

static void fail_with(j_common_ptr info, const char *text) {
  error_manager *errors = (error_manager *)info->err;
  snprintf(errors->message, sizeof errors->message, "%s", text);
  longjmp(errors->escape, 1);
}

// Warnings after which every pixel is still what its encoder meant.
static int is_harmless(int code) {
  return code == JWRN_JFIF_MAJOR || code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_NOT_SEQUENTIAL;
}

static void warn(j_common_ptr info, int level) {
  if (level < 0 && !is_harmless(info->err->msg_code)) fail(info);
}

static void print_nothing(j_common_ptr info) { (void)info; }

static void prepare_errors(error_manager *errors) {
  jpeg_std_error(&errors->base);
  errors->base.error_exit = fail;
  errors->base.emit_message = warn;
  errors->base.output_message = print_nothing;
  errors->message[0] = 0;
}

static void start_source(j_decompress_ptr info) { (void)info; }

static boolean end_of_source(j_decompress_ptr info) {
  fail_with((j_common_ptr)info, "the file ends too early");
  return FALSE;
}

static void skip_source(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  if ((unsigned long)count > info->src->bytes_in_buffer) end_of_source(info);
  info->src->next_input_byte += count;
  info->src->bytes_in_buffer -= (size_t)count;
}

static void count_scans(j_common_ptr info) {
  if (!info->is_decompressor) return;
  if (((j_decompress_ptr)info)->input_scan_number > MAXIMUM_SCANS) fail_with(info, "more than 500 scans");
}

// libjpeg keeps tables for the next file, so that what a file decodes to would depend on the file before. Each file
// starts with our own empty tables in place; those that its header leaves empty are taken away, and libjpeg then
// complains of a missing table, puts in the standard one, or finds it later in the file.

static void offer_tables(condense_jpeg *d) {
  memset(d->quantization, 0, sizeof d->quantization);
  memset(d->dc, 0, sizeof d->dc);
  memset(d->ac, 0, sizeof d->ac);
  for (int i = 0; i < NUM_QUANT_TBLS; i++) d->info.quant_tbl_ptrs[i] = &d->quantization[i];
  for (int i = 0; i < NUM_HUFF_TBLS; i++) {
    d->info.dc_huff_tbl_ptrs[i] = &d->dc[i];
    d->info.ac_huff_tbl_ptrs[i] = &d->ac[i];
  }
}

static int holds_codes(const JHUFF_TBL *table) {
  for (int i = 1; i <= 16; i++)
    if (table->bits[i]) return 1;
  return 0;
}

static void withdraw_empty_tables(condense_jpeg *d) {
  for (int i = 0; i < NUM_QUANT_TBLS; i++)
    if (!d->quantization[i].quantval[0]) d->info.quant_tbl_ptrs[i] = NULL;
  for (int i = 0; i < NUM_HUFF_TBLS; i++) {
    if (!holds_codes(&d->dc[i])) d->info.dc_huff_tbl_ptrs[i] = NULL;
    if (!holds_codes(&d->ac[i])) d->info.ac_huff_tbl_ptrs[i] = NULL;
  }
}

static void count_pooled_tables(condense_jpeg *d) {
  for (int i = 0; i < NUM_QUANT_TBLS; i++)
    if (d->info.quant_tbl_ptrs[i] && d->info.quant_tbl_ptrs[i] != &d->quantization[i]) d->pooled++;
  for (int i = 0; i < NUM_HUFF_TBLS; i++) {
    if (d->info.dc_huff_tbl_ptrs[i] && d->info.dc_huff_tbl_ptrs[i] != &d->dc[i]) d->pooled++;
    if (d->info.ac_huff_tbl_ptrs[i] && d->info.ac_huff_tbl_ptrs[i] != &d->ac[i]) d->pooled++;
  }
}

condense_jpeg *condense_jpeg_new(void) { return calloc(1, sizeof(condense_jpeg)); }

const char *condense_jpeg_message(const condense_jpeg *d) { return d->errors.message; }

void condense_jpeg_cancel(condense_jpeg *d) {
  if (d->begun) {
    count_pooled_tables(d);
    jpeg_abort_decompress(&d->info);
  }
  d->begun = 0;
  free(d->scratch);
  d->scratch = NULL;
}

void condense_jpeg_free(condense_jpeg *d) {
  if (!d) return;
  condense_jpeg_cancel(d);
  if (d->created) jpeg_destroy_decompress(&d->info);
  free(d);
}

static void create(condense_jpeg *d) {
  if (d->created) jpeg_destroy_decompress(&d->info);
  d->created = 0;
  d->pooled = 0;
  jpeg_create_decompress(&d->info);
  d->created = 1;
  d->source = (struct jpeg_source_mgr){
      .init_source = start_source,
      .fill_input_buffer = end_of_source,
      .skip_input_data = skip_source,
      .resync_to_restart = jpeg_resync_to_restart,
      .term_source = start_source,
  };
  d->progress.progress_monitor = count_scans;
  d->info.src = &d->source;
  d->info.progress = &d->progress;
}

int condense_jpeg_begin(condense_jpeg *d, const uint8_t *bytes, size_t size, uint32_t *width, uint32_t *height,
                        int *components) {
  condense_jpeg_cancel(d);
  prepare_errors(&d->errors);
  d->info.err = &d->errors.base;
  if (setjmp(d->errors.escape)) {
    condense_jpeg_cancel(d);
    return 1;
  }
  if (!d->created || d->pooled > MAXIMUM_POOLED_TABLES) create(d);
  offer_tables(d);
  d->source.next_input_byte = bytes;
  d->source.bytes_in_buffer = size;
  d->begun = 1;
  jpeg_read_header(&d->info, TRUE);
  withdraw_empty_tables(d);
  int n = d->info.num_components;
  if (n != 1 && n != 3 && n != 4) fail_with((j_common_ptr)&d->info, "neither 1, 3 nor 4 color components");
  *width = d->info.image_width;
  *height = d->info.image_height;
  *components = n;
  return 0;
}

void condense_jpeg_scaled(condense_jpeg *d, int denominator, uint32_t *width, uint32_t *height) {
  unsigned by = (unsigned)denominator;
  *width = (d->info.image_width + by - 1) / by;
  *height = (d->info.image_height + by - 1) / by;
}

static unsigned product(unsigned a, unsigned b) {  // a * b / 255, rounded
  unsigned t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}

static void paint(const uint8_t *inks, size_t count, uint8_t *into) {  // inverted CMYK to RGB
  for (size_t i = 0; i < count; i++, inks += 4, into += 3)
    for (int c = 0; c < 3; c++) into[c] = (uint8_t)(inks[3] - product(255u - inks[c], inks[3]));
}

static void read_rows(condense_jpeg *d, uint8_t *pixels) {
  size_t width = d->info.output_width, stride = width * (d->info.num_components == 1 ? 1 : 3);
  int cmyk = d->info.out_color_space == JCS_CMYK;
  if (cmyk && !(d->scratch = malloc(4 * width))) fail_with((j_common_ptr)&d->info, "out of memory");
  while (d->info.output_scanline < d->info.output_height) {
    uint8_t *row = pixels + d->info.output_scanline * stride;
    JSAMPROW rows[4];
    if (cmyk) {
      rows[0] = d->scratch;
      if (jpeg_read_scanlines(&d->info, rows, 1) == 1) paint(d->scratch, width, row);
    } else {
      unsigned left = d->info.output_height - d->info.output_scanline, count = left < 4 ? left : 4;
      for (unsigned i = 0; i < count; i++) rows[i] = row + i * stride;
      jpeg_read_scanlines(&d->info, rows, count);
    }
  }
}

int condense_jpeg_read(condense_jpeg *d, int denominator, uint8_t *pixels) {
  if (!d->begun) {
    snprintf(d->errors.message, sizeof d->errors.message, "no file was begun");
    return 1;
  }
  if (setjmp(d->errors.escape)) {
    condense_jpeg_cancel(d);
    return 1;
  }
  int n = d->info.num_components;
  uint32_t width, height;
  d->info.scale_num = 1;
  d->info.scale_denom = (unsigned)denominator;
  d->info.out_color_space = n == 1 ? JCS_GRAYSCALE : n == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_start_decompress(&d->info);
  condense_jpeg_scaled(d, denominator, &width, &height);
  if (d->info.output_width != width || d->info.output_height != height ||
      d->info.output_components != n)
    fail_with((j_common_ptr)&d->info, "an unexpected output size");
  read_rows(d, pixels);
  jpeg_finish_decompress(&d->info);
  condense_jpeg_cancel(d);
  return 0;
}

static void configure(j_compress_ptr info, const condense_jpeg_settings *settings) {
  jpeg_set_defaults(info);
  if (settings->keep_color) {
    jpeg_set_colorspace(info, info->in_color_space);
  } else if (info->in_color_space == JCS_CMYK) {
    jpeg_set_colorspace(info, JCS_YCCK);
  }
  jpeg_set_quality(info, settings->quality, TRUE);
  if (settings->progressive) jpeg_simple_progression(info);
  info->restart_interval = (unsigned)settings->restart_interval;
  if (settings->full_chroma) info->comp_info[0].h_samp_factor = info->comp_info[0].v_samp_factor = 1;
}

int condense_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                         condense_jpeg_settings settings, uint8_t **bytes, size_t *size, char message[256]) {
  struct jpeg_compress_struct info;
  error_manager errors;
  unsigned char *volatile buffer = NULL;
  unsigned char *target = NULL;
  unsigned long length = 0;
  memset(&info, 0, sizeof info);
  prepare_errors(&errors);
  info.err = &errors.base;
  volatile int failed = 1;
  if (!setjmp(errors.escape)) {
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &target, &length);
    info.image_width = width;
    info.image_height = height;
    info.input_components = channels;
    info.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    configure(&info, &settings);
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < height) {
      JSAMPROW row = (JSAMPROW)(pixels + (size_t)info.next_scanline * width * channels);
      jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    buffer = target;
    failed = 0;
  }
  jpeg_destroy_compress(&info);
  snprintf(message, 256, "%.200s", errors.message);
  *bytes = buffer;
  *size = length;
  return failed;
}
