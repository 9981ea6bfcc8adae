#ifndef CONDENSE_JPEG_H
#define CONDENSE_JPEG_H

#include <stddef.h>
#include <stdio.h>
#include <jpeglib.h>

#endif
