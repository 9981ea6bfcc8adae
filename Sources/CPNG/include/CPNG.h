#ifndef CONDENSE_PNG_H
#define CONDENSE_PNG_H

#include <stddef.h>
#include <stdint.h>

/// A reader of PNG files that keeps its memory from one file to the next. One per thread.
///
/// libpng reports by longjmp and prints warnings: both end inside these functions. Every function that can fail
/// answers 0 on success and otherwise leaves a sentence in `condense_png_message`. A warning is a failure,
/// but for bytes behind the last row. All ancillary chunks but tRNS are skipped unread (their checksums still count), so
/// that colour profiles, which are ignored by design, can neither change a pixel nor condemn a file.
typedef struct condense_png condense_png;

condense_png *condense_png_new(void);
void condense_png_free(condense_png *decoder);
const char *condense_png_message(const condense_png *decoder);

/// Reads a file's header and everything up to its pixels; the bytes must stay until the pixels are read.
/// `channels` becomes 1 or 3, `alpha` 1 if the file has transparency (a channel, or tRNS).
int condense_png_begin(condense_png *decoder, const uint8_t *bytes, size_t size, uint32_t *width,
                       uint32_t *height, int *channels, int *alpha);

/// Reads the pixels of the file begun, 8 bits a sample, alpha composited over the grey level `background`, into
/// `pixels` of height * width * channels bytes, then checks the rest of the file up to IEND.
int condense_png_read(condense_png *decoder, uint8_t background, uint8_t *pixels);

/// Drops the file begun, if any.
void condense_png_cancel(condense_png *decoder);

/// Encodes 8-bit grey (1) or RGB (3) rows. `*bytes` is the caller's to release with `free`, also after a failure.
int condense_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int level,
                        uint8_t **bytes, size_t *size, char message[128]);

#endif
