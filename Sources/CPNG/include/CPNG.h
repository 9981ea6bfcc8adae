#ifndef CONDENSE_PNG_H
#define CONDENSE_PNG_H

#include <png.h>

#endif
