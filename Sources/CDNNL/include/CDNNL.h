#ifndef CONDENSE_DNNL_H
#define CONDENSE_DNNL_H

#include <oneapi/dnnl/dnnl.h>
#include <stdint.h>

#include "CDNNLKernels.h"

// One interface to oneDNN 2.6 and 3.x. It hides their differences: operation descriptors, memory descriptors by value
// or by handle, signatures of post-ops. Functions that return an int without another comment return oneDNN's status;
// 0 is success. Functions that make a primitive descriptor write it to `out`; `hint` is the forward descriptor for a
// backward pass, else null.

/// The layout of a tensor in memory: a memory descriptor, owned by the caller.
typedef struct condense_layout condense_layout;

/// The element type of a layout.
typedef enum { CONDENSE_F32 = 0, CONDENSE_BF16 = 1 } condense_type;

/// The pass that a primitive computes.
typedef enum {
  CONDENSE_TRAINING = 0,
  CONDENSE_INFERENCE = 1,
  CONDENSE_BACKWARD = 2,
  CONDENSE_BACKWARD_DATA = 3,
  CONDENSE_BACKWARD_WEIGHTS = 4
} condense_pass;

/// The activations; those with `_BY_OUTPUT` compute the gradient from the output instead of the input.
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

/// The reduction of a pool: the maximum, the mean with padding counted as zeros, or the mean without padding.
typedef enum { CONDENSE_POOL_MAX = 0, CONDENSE_POOL_MEAN_OF_ALL, CONDENSE_POOL_MEAN_OF_INSIDE } condense_pool;

/// Makes a row-major layout of `rank` axes.
int condense_layout_plain(condense_layout **out, int rank, const int64_t *dims, condense_type type);
/// Makes a layout with channels in blocks of 16 after the spatial axes (aBcd16b); rank 4.
int condense_layout_blocked(condense_layout **out, const int64_t *dims, condense_type type);
/// Makes a layout with channels last (acdb); rank 4.
int condense_layout_channels_last(condense_layout **out, const int64_t *dims, condense_type type);
/// Makes a layout of groups of sixteen interleaved images (Abcd16a), the last one padded with zeros; rank 4.
int condense_layout_interleaved(condense_layout **out, const int64_t *dims, condense_type type);
/// Makes a layout that lets a primitive choose; such a layout has no memory.
int condense_layout_any(condense_layout **out, int rank, const int64_t *dims, condense_type type);
/// Makes a layout with the same order of elements and another type.
///
/// With oneDNN 3 it returns `dnnl_unimplemented` for a layout that none of the known format tags describes.
int condense_layout_retyped(condense_layout **out, const condense_layout *layout, condense_type type);
/// Makes the layout of a part of a tensor, a view with the strides of the whole.
int condense_layout_part(
    condense_layout **out, const condense_layout *layout, const int64_t *dims, const int64_t *offsets);
/// Frees a layout; null is allowed.
void condense_layout_destroy(condense_layout *layout);
/// Returns 1 if both layouts are the same, else 0.
int condense_layout_equal(const condense_layout *a, const condense_layout *b);
/// Returns the size in bytes, including padding.
size_t condense_layout_size(const condense_layout *layout);

/// Makes attributes with a scratchpad that the caller provides.
///
/// With `sum` the result is added to the destination; the activation with its two parameters comes after that.
int condense_attributes(
    dnnl_primitive_attr_t *out, int sum, condense_activation activation, float alpha, float beta);

/// Makes the descriptor of a copy between two layouts.
int condense_reorder(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, const condense_layout *source,
    const condense_layout *destination, dnnl_primitive_attr_t attributes);

/// The algorithm of a convolution.
typedef enum { CONDENSE_DIRECT = 0, CONDENSE_WINOGRAD = 1 } condense_method;

/// Makes the descriptor of a convolution with two spatial axes.
///
/// Strides, dilations (0 is dense) and paddings hold two numbers each. In a backward pass a gradient takes the place
/// of the tensor that it belongs to. `bias` may be null.
int condense_convolution(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, condense_method method,
    const condense_layout *source, const condense_layout *weights, const condense_layout *bias,
    const condense_layout *destination, const int64_t *strides, const int64_t *dilations, const int64_t *padding_before,
    const int64_t *padding_after, dnnl_primitive_attr_t attributes,
    const_dnnl_primitive_desc_t hint);

/// Makes the descriptor of a dense layer; `bias` may be null.
int condense_inner_product(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, const condense_layout *source,
    const condense_layout *weights, const condense_layout *bias, const condense_layout *destination,
    dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint);

/// Makes the descriptor of a batch norm with separate scale and shift; inference uses given statistics.
///
/// `relu` fuses a ReLU, whose mask training keeps in the workspace.
int condense_batch_norm(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, const condense_layout *data,
    float epsilon, int relu, dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint);

/// Makes the descriptor of an activation; `alpha` and `beta` are its parameters in oneDNN.
int condense_eltwise(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, const condense_layout *data,
    condense_activation activation, float alpha, float beta, dnnl_primitive_attr_t attributes,
    const_dnnl_primitive_desc_t hint);

/// Makes the descriptor of a pool with two spatial axes, without dilation.
int condense_pooling(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, condense_pool pool,
    const condense_layout *source, const condense_layout *destination, const int64_t *strides,
    const int64_t *kernel, const int64_t *padding_before, const int64_t *padding_after,
    dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint);

/// Makes the descriptor of a sum of two tensors.
int condense_add(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, const condense_layout *first, const condense_layout *second,
    const condense_layout *destination, dnnl_primitive_attr_t attributes);

/// Makes the descriptor of a concatenation along axis 1.
int condense_concat(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, int count, const condense_layout *const *sources,
    const condense_layout *destination, dnnl_primitive_attr_t attributes);

/// The interpolation with which an image is resized.
typedef enum { CONDENSE_NEAREST = 0, CONDENSE_LINEAR } condense_resampling_kind;

/// Makes the descriptor of a resampling with pixel centres at halves; the extents of the layouts give the factor.
int condense_resampling(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, condense_resampling_kind kind,
    const condense_layout *source, const condense_layout *destination, dnnl_primitive_attr_t attributes,
    const_dnnl_primitive_desc_t hint);

/// Makes the descriptor of a softmax over axis 1.
int condense_softmax(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, const condense_layout *data,
    dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint);

/// Copies the layout that a descriptor uses for an argument (`dnnl_query_…_md`); null if it uses none.
int condense_query_layout(condense_layout **out, const_dnnl_primitive_desc_t pd, dnnl_query_t what);
/// Returns the name of the implementation; owned by the descriptor.
const char *condense_implementation(const_dnnl_primitive_desc_t pd);

/// Makes a memory object of a layout over the bytes at `handle`, which it does not own.
int condense_memory(
    dnnl_memory_t *out, const condense_layout *layout, dnnl_engine_t engine, void *handle);

/// Returns the instruction set that oneDNN's kernels use, such as `avx512_core_bf16`.
const char *condense_instruction_set(void);
/// Returns 1 if the processor computes with bf16 itself (AVX-512 BF16), else 0.
int condense_has_bf16(void);

#endif
