#ifndef CONDENSE_LAYOUT_H
#define CONDENSE_LAYOUT_H

#include "CDNNL.h"

struct condense_layout {
  dnnl_memory_desc_t md;
};

// oneDNN 2 passes a descriptor as a pointer to a value, oneDNN 3 as a handle; a null layout becomes NULL in both.
#if DNNL_VERSION_MAJOR >= 3
#define MD(layout) ((layout) ? (const_dnnl_memory_desc_t)(layout)->md : NULL)
int condense_layout_copy(condense_layout **out, const_dnnl_memory_desc_t md);
#else
#define MD(layout) ((layout) ? &(layout)->md : NULL)
int condense_layout_copy(condense_layout **out, const dnnl_memory_desc_t *md);
#endif

#endif
