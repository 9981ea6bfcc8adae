#ifndef CONDENSE_DNNL_H
#define CONDENSE_DNNL_H

#include <oneapi/dnnl/dnnl.h>
#include <stdint.h>

#include "CDNNLKernels.h"

// One face of oneDNN 2.6 and 3.x: what differs between the two (operation descriptors, memory descriptors by value
// or by handle, signatures of post-ops) is behind these functions. Each returns oneDNN's status; 0 is success.

/// The layout of a tensor in memory: a memory descriptor that the caller owns.
typedef struct condense_layout condense_layout;

/// The element type of a layout.
typedef enum { CONDENSE_F32 = 0, CONDENSE_BF16 = 1 } condense_type;

/// What a primitive is for.
typedef enum {
  CONDENSE_TRAINING = 0,
  CONDENSE_INFERENCE = 1,
  CONDENSE_BACKWARD = 2,
  CONDENSE_BACKWARD_DATA = 3,
  CONDENSE_BACKWARD_WEIGHTS = 4
} condense_pass;

/// Activations; the ones marked `_BY_OUTPUT` compute the gradient from the output instead of the input.
typedef enum {
  CONDENSE_NO_ACTIVATION = 0,
  CONDENSE_RELU,
  CONDENSE_RELU_BY_OUTPUT,
  CONDENSE_CLIP,
  CONDENSE_HARD_SWISH,
  CONDENSE_ELU,
  CONDENSE_GELU,
  CONDENSE_GELU_BY_TANH,
  CONDENSE_SIGMOID_BY_OUTPUT,
  CONDENSE_TANH_BY_OUTPUT
} condense_activation;

/// How a pool reduces its window.
typedef enum { CONDENSE_POOL_MAX = 0, CONDENSE_POOL_MEAN_OF_ALL, CONDENSE_POOL_MEAN_OF_INSIDE } condense_pool;

/// Row-major.
int condense_layout_plain(condense_layout **out, int rank, const int64_t *dims, condense_type type);
/// Channels in blocks of 16 behind the spatial axes (aBcd16b); rank 4.
int condense_layout_blocked(condense_layout **out, const int64_t *dims, condense_type type);
/// Channels last (acdb); rank 4.
int condense_layout_channels_last(condense_layout **out, const int64_t *dims, condense_type type);
/// Sixteen images side by side (Abcd16a), the last group padded with zeros; rank 4.
int condense_layout_interleaved(condense_layout **out, const int64_t *dims, condense_type type);
/// Left to the primitive.
int condense_layout_any(condense_layout **out, int rank, const int64_t *dims, condense_type type);
/// The same order of elements in another type; `dnnl_unimplemented` for a layout without a public name.
int condense_layout_retyped(condense_layout **out, const condense_layout *layout, condense_type type);
/// A part of a layout, as a view with strides of the whole.
int condense_layout_part(
    condense_layout **out, const condense_layout *layout, const int64_t *dims, const int64_t *offsets);
void condense_layout_destroy(condense_layout *layout);
int condense_layout_equal(const condense_layout *a, const condense_layout *b);
/// Bytes, padding included.
size_t condense_layout_size(const condense_layout *layout);

/// User scratchpad; `sum` adds what the destination holds, then the activation acts.
int condense_attributes(
    dnnl_primitive_attr_t *out, int sum, condense_activation activation, float alpha, float beta);

int condense_reorder(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, const condense_layout *source,
    const condense_layout *destination, dnnl_primitive_attr_t attributes);

/// How a convolution is computed.
typedef enum { CONDENSE_DIRECT = 0, CONDENSE_WINOGRAD = 1 } condense_method;

/// Two spatial axes: strides, dilations (0 is dense) and paddings hold two numbers each. Tensors are those of the
/// pass: gradients in the place of what they are the gradient of; `bias` may be null.
int condense_convolution(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, condense_method method,
    const condense_layout *source, const condense_layout *weights, const condense_layout *bias,
    const condense_layout *destination, const int64_t *strides, const int64_t *dilations, const int64_t *padding_before,
    const int64_t *padding_after, dnnl_primitive_attr_t attributes,
    const_dnnl_primitive_desc_t hint);

int condense_inner_product(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, const condense_layout *source,
    const condense_layout *weights, const condense_layout *bias, const condense_layout *destination,
    dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint);

/// Scale and shift are separate; `relu` fuses a ReLU (training keeps its mask in the workspace).
int condense_batch_norm(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, const condense_layout *data,
    float epsilon, int relu, dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint);

int condense_eltwise(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, const condense_layout *data,
    condense_activation activation, float alpha, float beta, dnnl_primitive_attr_t attributes,
    const_dnnl_primitive_desc_t hint);

int condense_pooling(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, condense_pool pool,
    const condense_layout *source, const condense_layout *destination, const int64_t *strides,
    const int64_t *kernel, const int64_t *padding_before, const int64_t *padding_after,
    dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint);

int condense_add(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, const condense_layout *first, const condense_layout *second,
    const condense_layout *destination, dnnl_primitive_attr_t attributes);

/// Joins along axis 1.
int condense_concat(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, int count, const condense_layout *const *sources,
    const condense_layout *destination, dnnl_primitive_attr_t attributes);

/// How an image is enlarged.
typedef enum { CONDENSE_NEAREST = 0, CONDENSE_LINEAR } condense_resampling_kind;

/// Pixel centres at halves; the extents of the layouts say by how much.
int condense_resampling(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, condense_resampling_kind kind,
    const condense_layout *source, const condense_layout *destination, dnnl_primitive_attr_t attributes,
    const_dnnl_primitive_desc_t hint);

/// Over axis 1.
int condense_softmax(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, const condense_layout *data,
    dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint);

/// A copy of the layout that a primitive descriptor has for an argument (`dnnl_query_…_md`); null when it has none.
int condense_query_layout(condense_layout **out, const_dnnl_primitive_desc_t pd, dnnl_query_t what);
/// The implementation's name; owned by the descriptor.
const char *condense_implementation(const_dnnl_primitive_desc_t pd);

int condense_memory(
    dnnl_memory_t *out, const condense_layout *layout, dnnl_engine_t engine, void *handle);

/// The instruction set that kernels use, such as `avx512_core_bf16`.
const char *condense_instruction_set(void);
/// Whether bf16 kernels run at full speed.
int condense_has_bf16(void);

#endif
