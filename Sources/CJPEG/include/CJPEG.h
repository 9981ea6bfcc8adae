#ifndef CONDENSE_JPEG_H
#define CONDENSE_JPEG_H

#include <stddef.h>
#include <stdint.h>

/// A reader of JPEG files that reuses libjpeg's state for the next file; one per thread.
///
/// libjpeg reports errors by longjmp and prints warnings; neither leaves these functions. A function that can fail
/// returns 0 on success, else it sets the message that `condense_jpeg_message` returns. A warning is a failure, except
/// those that do not affect pixels: an unknown JFIF revision or Adobe transform, bytes between a segment and the next
/// marker, parameters of a scan that a baseline file does not need. Tables of a file are never used for the next one.
typedef struct condense_jpeg condense_jpeg;

/// Makes a reader; NULL without memory.
condense_jpeg *condense_jpeg_new(void);
/// Frees a reader; NULL is allowed.
void condense_jpeg_free(condense_jpeg *decoder);
/// Returns the message of the last failure; owned by the reader.
const char *condense_jpeg_message(const condense_jpeg *decoder);

/// Reads a file up to its first scan; the bytes must stay valid until the pixels are read.
///
/// `components` is set to 1 or 3, or to 4 for CMYK and YCCK.
int condense_jpeg_begin(condense_jpeg *decoder, const uint8_t *bytes, size_t size, uint32_t *width,
                        uint32_t *height, int *components);

/// Computes the size of the image decoded at 1/denominator (1, 2, 4 or 8), rounded up.
void condense_jpeg_scaled(condense_jpeg *decoder, int denominator, uint32_t *width, uint32_t *height);

/// Decodes the pixels of the file begun at 1/denominator, and checks the rest of the file up to its end marker.
///
/// The result has 1 channel for 1 component, else RGB. CMYK is taken as inverted, by Adobe's convention.
int condense_jpeg_read(condense_jpeg *decoder, int denominator, uint8_t *pixels);

/// Abandons the file begun, if there is one.
void condense_jpeg_cancel(condense_jpeg *decoder);

/// The settings of `condense_jpeg_encode`.
typedef struct {
  int quality;           ///< the quality of libjpeg, 1 to 100
  int progressive;       ///< 1 for several scans of increasing precision
  int restart_interval;  ///< the distance of restart markers in blocks; 0 for none
  int full_chroma;       ///< 1 for 4:4:4, 0 for 4:2:0
  int keep_color;        ///< 1 to store RGB and CMYK unconverted, 0 for YCbCr and YCCK
} condense_jpeg_settings;

/// Encodes rows of 1 (grey), 3 (RGB) or 4 (CMYK, inverted as Adobe does) channels; returns 0 on success.
///
/// The caller frees `*bytes` with `free`, also after a failure.
int condense_jpeg_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                         condense_jpeg_settings settings, uint8_t **bytes, size_t *size, char message[256]);

#endif
