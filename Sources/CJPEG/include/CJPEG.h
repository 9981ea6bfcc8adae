#ifndef CONDENSE_JPEG_H
#define CONDENSE_JPEG_H

#include <stddef.h>
#include <stdint.h>

/// A reader of JPEG files that keeps libjpeg's state from one file to the next. One per thread.
///
/// libjpeg reports by longjmp and prints warnings: both end inside these functions. Every function that can fail
/// answers 0 on success and otherwise leaves a sentence in `condense_jpeg_message`. A warning is a failure, but for
/// those that say nothing about pixels: an unknown JFIF revision or Adobe transform, bytes between a segment and the
/// next marker, parameters of a scan that a baseline file does not need. Tables never survive from one file to the next.
typedef struct condense_jpeg condense_jpeg;

condense_jpeg *condense_jpeg_new(void);
void condense_jpeg_free(condense_jpeg *decoder);
const char *condense_jpeg_message(const condense_jpeg *decoder);

/// Reads a file up to its first scan; the bytes must stay until the pixels are read. `components` becomes 1, 3, or
/// 4 for CMYK and YCCK.
int condense_jpeg_begin(condense_jpeg *decoder, const uint8_t *bytes, size_t size, uint32_t *width,
                        uint32_t *height, int *components);

/// The size that decoding at 1/denominator (1, 2, 4 or 8) gives.
void condense_jpeg_scaled(condense_jpeg *decoder, int denominator, uint32_t *width, uint32_t *height);

/// Reads the pixels of the file begun at 1/denominator: 1 channel if the file has 1 component, else RGB (CMYK by
/// Adobe's convention: inverted), and checks the rest of the file up to its end marker.
int condense_jpeg_read(condense_jpeg *decoder, int denominator, uint8_t *pixels);

/// Drops the file begun, if any.
void condense_jpeg_cancel(condense_jpeg *decoder);

/// How `condense_jpeg_encode` writes.
typedef struct {
  int quality;           ///< 1 to 100
  int progressive;       ///< several scans of growing precision
  int restart_interval;  ///< in blocks; 0 is none
  int full_chroma;       ///< 4:4:4 instead of 4:2:0
  int keep_color;        ///< stores RGB and CMYK as they are, instead of YCbCr and YCCK
} condense_jpeg_settings;

/// Encodes rows of 1 (grey), 3 (RGB) or 4 (CMYK, inverted as Adobe has it) channels. `*bytes` is the caller's to
/// release with `free`, also after a failure.
int condense_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                         condense_jpeg_settings settings, uint8_t **bytes, size_t *size, char message[256]);

#endif
