#include <stdlib.h>
#include <string.h>

#include "layout.h"

static dnnl_data_type_t kind(condense_type type) { return type == CONDENSE_BF16 ? dnnl_bf16 : dnnl_f32; }

#if DNNL_VERSION_MAJOR >= 3
static int by_tag(condense_layout *l, int rank, const int64_t *dims, dnnl_data_type_t type, dnnl_format_tag_t tag) {
  return dnnl_memory_desc_create_with_tag(&l->md, rank, dims, type, tag);
}
static int by_strides(condense_layout *l, int rank, const int64_t *dims, dnnl_data_type_t type, const int64_t *s) {
  return dnnl_memory_desc_create_with_strides(&l->md, rank, dims, type, s);
}
#else
static int by_tag(condense_layout *l, int rank, const int64_t *dims, dnnl_data_type_t type, dnnl_format_tag_t tag) {
  return dnnl_memory_desc_init_by_tag(&l->md, rank, dims, type, tag);
}
static int by_strides(condense_layout *l, int rank, const int64_t *dims, dnnl_data_type_t type, const int64_t *s) {
  return dnnl_memory_desc_init_by_strides(&l->md, rank, dims, type, s);
}
#endif

static int finish(condense_layout **out, condense_layout *layout, int status) {
  if (status != dnnl_success) {
    free(layout);
    layout = NULL;
  }
  *out = layout;
  return status;
}

static condense_layout *allocated(void) { return calloc(1, sizeof(condense_layout)); }

int condense_layout_plain(condense_layout **out, int rank, const int64_t *dims, condense_type type) {
  condense_layout *layout = allocated();
  if (!layout || rank < 1 || rank > DNNL_MAX_NDIMS) return finish(out, layout, dnnl_invalid_arguments);
  dnnl_dims_t strides;
  int64_t stride = 1;
  for (int axis = rank - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= dims[axis];
  }
  return finish(out, layout, by_strides(layout, rank, dims, kind(type), strides));
}

int condense_layout_blocked(condense_layout **out, const int64_t *dims, condense_type type) {
  condense_layout *layout = allocated();
  if (!layout) return finish(out, layout, dnnl_out_of_memory);
  return finish(out, layout, by_tag(layout, 4, dims, kind(type), dnnl_aBcd16b));
}

int condense_layout_channels_last(condense_layout **out, const int64_t *dims, condense_type type) {
  condense_layout *layout = allocated();
  if (!layout) return finish(out, layout, dnnl_out_of_memory);
  return finish(out, layout, by_tag(layout, 4, dims, kind(type), dnnl_acdb));
}

int condense_layout_interleaved(condense_layout **out, const int64_t *dims, condense_type type) {
  condense_layout *layout = allocated();
  if (!layout) return finish(out, layout, dnnl_out_of_memory);
  return finish(out, layout, by_tag(layout, 4, dims, kind(type), dnnl_Abcd16a));
}

int condense_layout_any(condense_layout **out, int rank, const int64_t *dims, condense_type type) {
  condense_layout *layout = allocated();
  if (!layout) return finish(out, layout, dnnl_out_of_memory);
  return finish(out, layout, by_tag(layout, rank, dims, kind(type), dnnl_format_tag_any));
}

void condense_layout_destroy(condense_layout *layout) {
#if DNNL_VERSION_MAJOR >= 3
  if (layout) dnnl_memory_desc_destroy(layout->md);
#endif
  free(layout);
}

int condense_layout_equal(const condense_layout *a, const condense_layout *b) {
  return dnnl_memory_desc_equal(MD(a), MD(b));
}

size_t condense_layout_size(const condense_layout *layout) { return dnnl_memory_desc_get_size(MD(layout)); }

#if DNNL_VERSION_MAJOR >= 3
int condense_layout_copy(condense_layout **out, const_dnnl_memory_desc_t md) {
  condense_layout *layout = allocated();
  if (!layout) return finish(out, layout, dnnl_out_of_memory);
  return finish(out, layout, dnnl_memory_desc_clone(&layout->md, md));
}

int condense_layout_retyped(condense_layout **out, const condense_layout *from, condense_type type) {
  static const dnnl_format_tag_t tags[] = {dnnl_a,       dnnl_ab,      dnnl_abc,  dnnl_abcd, dnnl_abcde,
                                           dnnl_aBcd16b, dnnl_aBcd8b, dnnl_acdb, dnnl_aBcd4b};
  int rank = 0;
  dnnl_dims_t *dims = NULL;
  dnnl_data_type_t present;
  dnnl_memory_desc_query(from->md, dnnl_query_ndims_s32, &rank);
  dnnl_memory_desc_query(from->md, dnnl_query_dims, &dims);
  dnnl_memory_desc_query(from->md, dnnl_query_data_type, &present);
  for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
    dnnl_memory_desc_t candidate;
    if (dnnl_memory_desc_create_with_tag(&candidate, rank, *dims, present, tags[i]) != dnnl_success) continue;
    int same = dnnl_memory_desc_equal(candidate, from->md);
    dnnl_memory_desc_destroy(candidate);
    if (!same) continue;
    condense_layout *layout = allocated();
    if (!layout) return finish(out, layout, dnnl_out_of_memory);
    return finish(out, layout, by_tag(layout, rank, *dims, kind(type), tags[i]));
  }
  *out = NULL;
  return dnnl_unimplemented;
}

int condense_layout_part(
    condense_layout **out, const condense_layout *from, const int64_t *dims, const int64_t *offsets) {
  condense_layout *layout = allocated();
  if (!layout) return finish(out, layout, dnnl_out_of_memory);
  return finish(out, layout, dnnl_memory_desc_create_submemory(&layout->md, from->md, dims, offsets));
}
#else
int condense_layout_copy(condense_layout **out, const dnnl_memory_desc_t *md) {
  condense_layout *layout = allocated();
  if (!layout) return finish(out, layout, dnnl_out_of_memory);
  layout->md = *md;
  return finish(out, layout, dnnl_success);
}

int condense_layout_retyped(condense_layout **out, const condense_layout *from, condense_type type) {
  condense_layout *layout = allocated();
  if (!layout) return finish(out, layout, dnnl_out_of_memory);
  layout->md = from->md;
  layout->md.data_type = kind(type);
  return finish(out, layout, dnnl_success);
}

int condense_layout_part(
    condense_layout **out, const condense_layout *from, const int64_t *dims, const int64_t *offsets) {
  condense_layout *layout = allocated();
  if (!layout) return finish(out, layout, dnnl_out_of_memory);
  return finish(out, layout, dnnl_memory_desc_init_submemory(&layout->md, &from->md, dims, offsets));
}
#endif
