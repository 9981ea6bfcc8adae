#ifndef CONDENSE_PNG_H
#define CONDENSE_PNG_H

#include <stddef.h>
#include <stdint.h>

/// A reader of PNG files that reuses its memory for the next file; one per thread.
///
/// libpng reports errors by longjmp and prints warnings; neither leaves these functions. A function that can fail
/// returns 0 on success, else it sets the message that `condense_png_message` returns. A warning is a failure, except
/// that of bytes after the last row. Ancillary chunks other than tRNS are skipped, though their checksums are verified.
/// Colour profiles, which are ignored by design, therefore never change a pixel or make a file fail.
typedef struct condense_png condense_png;

/// Makes a reader; NULL without memory.
condense_png *condense_png_new(void);
/// Frees a reader; NULL is allowed.
void condense_png_free(condense_png *decoder);
/// Returns the message of the last failure; owned by the reader.
const char *condense_png_message(const condense_png *decoder);

/// Reads a file up to its pixels; the bytes must stay valid until the pixels are read.
///
/// `channels` is set to 1 or 3, `alpha` to 1 if the file has transparency (a channel or tRNS), else to 0.
int condense_png_begin(condense_png *decoder, const uint8_t *bytes, size_t size, uint32_t *width,
                       uint32_t *height, int *channels, int *alpha);

/// Decodes the file begun into `pixels`, height * width * channels bytes, and checks its rest up to IEND.
///
/// Samples are reduced to 8 bits; transparent pixels are composited over the grey level `background`.
int condense_png_read(condense_png *decoder, uint8_t background, uint8_t *pixels);

/// Abandons the file begun, if there is one.
void condense_png_cancel(condense_png *decoder);

/// Encodes rows of 1 (grey) or 3 (RGB) 8-bit channels at a compression level of zlib; returns 0 on success.
///
/// The caller frees `*bytes` with `free`, also after a failure.
int condense_png_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int level,
                        uint8_t **bytes, size_t *size, char message[128]);

#endif
