#ifndef CONDENSE_DNNL_H
#define CONDENSE_DNNL_H

#include <oneapi/dnnl/dnnl.h>

#endif
