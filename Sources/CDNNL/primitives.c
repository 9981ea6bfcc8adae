#include <stdlib.h>
#include <string.h>

#include "CInstructions.h"
#include "layout.h"

#define V3 (DNNL_VERSION_MAJOR >= 3)

static dnnl_prop_kind_t prop(condense_pass pass) {
  switch (pass) {
    case CONDENSE_TRAINING: return dnnl_forward_training;
    case CONDENSE_INFERENCE: return dnnl_forward_inference;
    case CONDENSE_BACKWARD: return dnnl_backward;
    case CONDENSE_BACKWARD_DATA: return dnnl_backward_data;
    case CONDENSE_BACKWARD_WEIGHTS: return dnnl_backward_weights;
  }
  return dnnl_prop_kind_undef;
}

static int forward(condense_pass pass) { return pass == CONDENSE_TRAINING || pass == CONDENSE_INFERENCE; }

static dnnl_alg_kind_t algorithm(condense_activation activation) {
  switch (activation) {
    case CONDENSE_RELU: return dnnl_eltwise_relu;
    case CONDENSE_RELU_BY_OUTPUT: return dnnl_eltwise_relu_use_dst_for_bwd;
    case CONDENSE_CLIP: return dnnl_eltwise_clip_v2;
    case CONDENSE_HARD_SWISH: return dnnl_eltwise_hardswish;
    case CONDENSE_ELU: return dnnl_eltwise_elu;
    case CONDENSE_GELU: return dnnl_eltwise_gelu_erf;
    case CONDENSE_GELU_BY_TANH: return dnnl_eltwise_gelu_tanh;
    case CONDENSE_SIGMOID_BY_OUTPUT: return dnnl_eltwise_logistic_use_dst_for_bwd;
    case CONDENSE_TANH_BY_OUTPUT: return dnnl_eltwise_tanh_use_dst_for_bwd;
    case CONDENSE_NO_ACTIVATION: break;
  }
  return dnnl_alg_kind_undef;
}

// oneDNN 3 gives hard-swish its two constants; oneDNN 2 has them built in and ignores them.
static float slope(condense_activation a, float alpha) { return a == CONDENSE_HARD_SWISH ? 1.0f / 6.0f : alpha; }
static float offset(condense_activation a, float beta) { return a == CONDENSE_HARD_SWISH ? 0.5f : beta; }

int condense_attributes(
    dnnl_primitive_attr_t *out, int sum, condense_activation activation, float alpha, float beta) {
  int status = dnnl_primitive_attr_create(out);
  if (status != dnnl_success) return status;
  status = dnnl_primitive_attr_set_scratchpad_mode(*out, dnnl_scratchpad_mode_user);
  if (status != dnnl_success || (!sum && activation == CONDENSE_NO_ACTIVATION)) return status;
  dnnl_post_ops_t ops;
  status = dnnl_post_ops_create(&ops);
  if (status != dnnl_success) return status;
#if V3
  if (sum) status = dnnl_post_ops_append_sum(ops, 1.0f, 0, dnnl_data_type_undef);
  if (status == dnnl_success && activation != CONDENSE_NO_ACTIVATION)
    status = dnnl_post_ops_append_eltwise(
        ops, algorithm(activation), slope(activation, alpha), offset(activation, beta));
#else
  if (sum) status = dnnl_post_ops_append_sum(ops, 1.0f);
  if (status == dnnl_success && activation != CONDENSE_NO_ACTIVATION)
    status = dnnl_post_ops_append_eltwise(
        ops, 1.0f, algorithm(activation), slope(activation, alpha), offset(activation, beta));
#endif
  if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*out, ops);
  dnnl_post_ops_destroy(ops);
  return status;
}

int condense_reorder(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, const condense_layout *source,
    const condense_layout *destination, dnnl_primitive_attr_t attributes) {
  return dnnl_reorder_primitive_desc_create(out, MD(source), engine, MD(destination), engine, attributes);
}

int condense_convolution(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, condense_method method,
    const condense_layout *source, const condense_layout *weights, const condense_layout *bias,
    const condense_layout *destination, const int64_t *strides, const int64_t *dilations, const int64_t *padding_before,
    const int64_t *padding_after, dnnl_primitive_attr_t attributes,
    const_dnnl_primitive_desc_t hint) {
  dnnl_alg_kind_t kind = method == CONDENSE_WINOGRAD ? dnnl_convolution_winograd : dnnl_convolution_direct;
#if V3
  if (forward(pass))
    return dnnl_convolution_forward_primitive_desc_create(
        out, engine, prop(pass), kind, MD(source), MD(weights), MD(bias), MD(destination),
        strides, dilations, padding_before, padding_after, attributes);
  if (pass == CONDENSE_BACKWARD_DATA)
    return dnnl_convolution_backward_data_primitive_desc_create(
        out, engine, kind, MD(source), MD(weights), MD(destination), strides, dilations,
        padding_before, padding_after, hint, attributes);
  return dnnl_convolution_backward_weights_primitive_desc_create(
      out, engine, kind, MD(source), MD(weights), MD(bias), MD(destination), strides, dilations,
      padding_before, padding_after, hint, attributes);
#else
  dnnl_convolution_desc_t desc;
  int status;
  if (forward(pass))
    status = dnnl_dilated_convolution_forward_desc_init(
        &desc, prop(pass), kind, MD(source), MD(weights), MD(bias), MD(destination), strides,
        dilations, padding_before, padding_after);
  else if (pass == CONDENSE_BACKWARD_DATA)
    status = dnnl_dilated_convolution_backward_data_desc_init(
        &desc, kind, MD(source), MD(weights), MD(destination), strides, dilations,
        padding_before, padding_after);
  else
    status = dnnl_dilated_convolution_backward_weights_desc_init(
        &desc, kind, MD(source), MD(weights), MD(bias), MD(destination), strides, dilations,
        padding_before, padding_after);
  return status != dnnl_success ? status : (int)dnnl_primitive_desc_create(out, &desc, attributes, engine, hint);
#endif
}

int condense_inner_product(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, const condense_layout *source,
    const condense_layout *weights, const condense_layout *bias, const condense_layout *destination,
    dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint) {
#if V3
  if (forward(pass))
    return dnnl_inner_product_forward_primitive_desc_create(
        out, engine, prop(pass), MD(source), MD(weights), MD(bias), MD(destination), attributes);
  if (pass == CONDENSE_BACKWARD_DATA)
    return dnnl_inner_product_backward_data_primitive_desc_create(
        out, engine, MD(source), MD(weights), MD(destination), hint, attributes);
  return dnnl_inner_product_backward_weights_primitive_desc_create(
      out, engine, MD(source), MD(weights), MD(bias), MD(destination), hint, attributes);
#else
  dnnl_inner_product_desc_t desc;
  int status;
  if (forward(pass))
    status = dnnl_inner_product_forward_desc_init(
        &desc, prop(pass), MD(source), MD(weights), MD(bias), MD(destination));
  else if (pass == CONDENSE_BACKWARD_DATA)
    status = dnnl_inner_product_backward_data_desc_init(&desc, MD(source), MD(weights), MD(destination));
  else
    status = dnnl_inner_product_backward_weights_desc_init(
        &desc, MD(source), MD(weights), MD(bias), MD(destination));
  return status != dnnl_success ? status : (int)dnnl_primitive_desc_create(out, &desc, attributes, engine, hint);
#endif
}

int condense_batch_norm(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, const condense_layout *data,
    float epsilon, int relu, dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint) {
  unsigned flags = dnnl_use_scale | dnnl_use_shift | (relu ? dnnl_fuse_norm_relu : 0);
  if (pass == CONDENSE_INFERENCE) flags |= dnnl_use_global_stats;
#if V3
  if (forward(pass))
    return dnnl_batch_normalization_forward_primitive_desc_create(
        out, engine, prop(pass), MD(data), MD(data), epsilon, flags, attributes);
  return dnnl_batch_normalization_backward_primitive_desc_create(
      out, engine, prop(pass), MD(data), MD(data), MD(data), epsilon, flags, hint, attributes);
#else
  dnnl_batch_normalization_desc_t desc;
  int status;
  if (forward(pass))
    status = dnnl_batch_normalization_forward_desc_init(&desc, prop(pass), MD(data), epsilon, flags);
  else
    status = dnnl_batch_normalization_backward_desc_init(&desc, prop(pass), MD(data), MD(data), epsilon, flags);
  return status != dnnl_success ? status : (int)dnnl_primitive_desc_create(out, &desc, attributes, engine, hint);
#endif
}

int condense_eltwise(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, const condense_layout *data,
    condense_activation activation, float alpha, float beta, dnnl_primitive_attr_t attributes,
    const_dnnl_primitive_desc_t hint) {
  dnnl_alg_kind_t kind = algorithm(activation);
  float a = slope(activation, alpha), b = offset(activation, beta);
#if V3
  if (forward(pass))
    return dnnl_eltwise_forward_primitive_desc_create(
        out, engine, prop(pass), kind, MD(data), MD(data), a, b, attributes);
  return dnnl_eltwise_backward_primitive_desc_create(
      out, engine, kind, MD(data), MD(data), MD(data), a, b, hint, attributes);
#else
  dnnl_eltwise_desc_t desc;
  int status;
  if (forward(pass))
    status = dnnl_eltwise_forward_desc_init(&desc, prop(pass), kind, MD(data), a, b);
  else
    status = dnnl_eltwise_backward_desc_init(&desc, kind, MD(data), MD(data), a, b);
  return status != dnnl_success ? status : (int)dnnl_primitive_desc_create(out, &desc, attributes, engine, hint);
#endif
}

int condense_pooling(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, condense_pool pool,
    const condense_layout *source, const condense_layout *destination, const int64_t *strides,
    const int64_t *kernel, const int64_t *padding_before, const int64_t *padding_after,
    dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint) {
  dnnl_alg_kind_t kind = pool == CONDENSE_POOL_MAX           ? dnnl_pooling_max
                         : pool == CONDENSE_POOL_MEAN_OF_ALL ? dnnl_pooling_avg_include_padding
                                                             : dnnl_pooling_avg_exclude_padding;
#if V3
  static const dnnl_dims_t dense = {0, 0};
  if (forward(pass))
    return dnnl_pooling_forward_primitive_desc_create(
        out, engine, prop(pass), kind, MD(source), MD(destination), strides, kernel, dense, padding_before,
        padding_after, attributes);
  return dnnl_pooling_backward_primitive_desc_create(
      out, engine, kind, MD(source), MD(destination), strides, kernel, dense, padding_before, padding_after, hint,
      attributes);
#else
  dnnl_pooling_desc_t desc;
  int status;
  if (forward(pass))
    status = dnnl_pooling_forward_desc_init(
        &desc, prop(pass), kind, MD(source), MD(destination), strides, kernel, padding_before, padding_after);
  else
    status = dnnl_pooling_backward_desc_init(
        &desc, kind, MD(source), MD(destination), strides, kernel, padding_before, padding_after);
  return status != dnnl_success ? status : (int)dnnl_primitive_desc_create(out, &desc, attributes, engine, hint);
#endif
}

int condense_add(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, const condense_layout *first, const condense_layout *second,
    const condense_layout *destination, dnnl_primitive_attr_t attributes) {
#if V3
  return dnnl_binary_primitive_desc_create(
      out, engine, dnnl_binary_add, MD(first), MD(second), MD(destination), attributes);
#else
  dnnl_binary_desc_t desc;
  int status = dnnl_binary_desc_init(&desc, dnnl_binary_add, MD(first), MD(second), MD(destination));
  return status != dnnl_success ? status : (int)dnnl_primitive_desc_create(out, &desc, attributes, engine, NULL);
#endif
}

int condense_concat(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, int count, const condense_layout *const *sources,
    const condense_layout *destination, dnnl_primitive_attr_t attributes) {
  int status = dnnl_out_of_memory;
#if V3
  const_dnnl_memory_desc_t *list = calloc((size_t)count, sizeof(*list));
  if (!list) return status;
  for (int i = 0; i < count; i++) list[i] = sources[i]->md;
  status = dnnl_concat_primitive_desc_create(out, engine, MD(destination), count, 1, list, attributes);
#else
  dnnl_memory_desc_t *list = calloc((size_t)count, sizeof(*list));
  if (!list) return status;
  for (int i = 0; i < count; i++) list[i] = sources[i]->md;
  status = dnnl_concat_primitive_desc_create(out, MD(destination), count, 1, list, attributes, engine);
#endif
  free(list);
  return status;
}

int condense_resampling(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, condense_resampling_kind kind,
    const condense_layout *source, const condense_layout *destination, dnnl_primitive_attr_t attributes,
    const_dnnl_primitive_desc_t hint) {
  dnnl_alg_kind_t algorithm = kind == CONDENSE_NEAREST ? dnnl_resampling_nearest : dnnl_resampling_linear;
#if V3
  if (forward(pass))
    return dnnl_resampling_forward_primitive_desc_create(
        out, engine, prop(pass), algorithm, NULL, MD(source), MD(destination), attributes);
  return dnnl_resampling_backward_primitive_desc_create(
      out, engine, algorithm, NULL, MD(source), MD(destination), hint, attributes);
#else
  dnnl_resampling_desc_t desc;
  int status;
  if (forward(pass))
    status = dnnl_resampling_forward_desc_init(&desc, prop(pass), algorithm, NULL, MD(source), MD(destination));
  else
    status = dnnl_resampling_backward_desc_init(&desc, algorithm, NULL, MD(source), MD(destination));
  return status != dnnl_success ? status : (int)dnnl_primitive_desc_create(out, &desc, attributes, engine, hint);
#endif
}

int condense_softmax(
    dnnl_primitive_desc_t *out, dnnl_engine_t engine, condense_pass pass, const condense_layout *data,
    dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint) {
#if V3
  if (forward(pass))
    return dnnl_softmax_forward_primitive_desc_create(
        out, engine, prop(pass), dnnl_softmax_accurate, MD(data), MD(data), 1, attributes);
  return dnnl_softmax_backward_primitive_desc_create(
      out, engine, dnnl_softmax_accurate, MD(data), MD(data), MD(data), 1, hint, attributes);
#else
  dnnl_softmax_desc_t desc;
  int status;
  if (forward(pass))
    status = dnnl_softmax_forward_desc_init(&desc, prop(pass), MD(data), 1);
  else
    status = dnnl_softmax_backward_desc_init(&desc, MD(data), MD(data), 1);
  return status != dnnl_success ? status : (int)dnnl_primitive_desc_create(out, &desc, attributes, engine, hint);
#endif
}

int condense_query_layout(condense_layout **out, const_dnnl_primitive_desc_t pd, dnnl_query_t what) {
  *out = NULL;
#if V3
  const_dnnl_memory_desc_t md = dnnl_primitive_desc_query_md(pd, what, 0);
#else
  const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, what, 0);
#endif
  return md && dnnl_memory_desc_get_size(md) > 0 ? condense_layout_copy(out, md) : dnnl_success;
}

const char *condense_implementation(const_dnnl_primitive_desc_t pd) {
  const char *name = NULL;
  dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name);
  return name ? name : "";
}

int condense_memory(
    dnnl_memory_t *out, const condense_layout *layout, dnnl_engine_t engine, void *handle) {
  return dnnl_memory_create(out, MD(layout), engine, handle);
}

// Before oneDNN is asked for anything: its first kernel fixes what it may use.
__attribute__((constructor)) static void limit_instructions(void) {
  static const struct {
    const char *name;
    dnnl_cpu_isa_t isa;
  } limits[] = {
      {"SSE41", dnnl_cpu_isa_sse41},
      {"AVX", dnnl_cpu_isa_avx},
      {"AVX2", dnnl_cpu_isa_avx2},
      {"AVX2_VNNI", dnnl_cpu_isa_avx2_vnni},
      {"AVX512_CORE", dnnl_cpu_isa_avx512_core},
      {"AVX512_CORE_VNNI", dnnl_cpu_isa_avx512_core_vnni},
      {"AVX512_CORE_BF16", dnnl_cpu_isa_avx512_core_bf16}};
  const char *limit = condense_instruction_limit();
  for (size_t i = 0; limit && i < sizeof(limits) / sizeof(*limits); i++)
    if (!strcmp(limit, limits[i].name)) dnnl_set_max_cpu_isa(limits[i].isa);
}

const char *condense_instruction_set(void) {
  unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
  static const struct {
    unsigned isa;
    const char *name;
  } known[] = {
      {dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx"},   {dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16"},
      {dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni"}, {dnnl_cpu_isa_avx512_core, "avx512_core"},
      {dnnl_cpu_isa_avx2_vnni, "avx2_vnni"},               {dnnl_cpu_isa_avx2, "avx2"},
      {dnnl_cpu_isa_avx, "avx"},                           {dnnl_cpu_isa_sse41, "sse41"}};
  for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
    if ((isa & known[i].isa) == known[i].isa) return known[i].name;
  return "generic";
}

int condense_has_bf16(void) {
  unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
  return (isa & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;
}
