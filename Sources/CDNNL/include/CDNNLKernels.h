#ifndef CONDENSE_DNNL_KERNELS_H
#define CONDENSE_DNNL_KERNELS_H

#include <stdint.h>

// Passes of our own between oneDNN's primitives. They run on libgomp's team, oneDNN's own threads; ranges depend on
// the count and the number of threads alone, so a result never depends on chance. Buffers are aligned to 64 bytes,
// hold whole cache lines, and may be equal (in place) but not overlap otherwise. `bf16` tells the element type.

/// destination = sum of `count` (1 to 4) sources, where `mask` is null or positive; else 0.
void condense_masked_sum(
    void *destination, const void *const *sources, int count, const void *mask, int64_t elements, int bf16,
    int threads);

/// destination = max(a + b, 0), or a + b without `relu`; not-a-number stays.
void condense_add_relu(
    void *destination, const void *a, const void *b, int relu, int64_t elements, int bf16, int threads);

/// sum += term.
void condense_accumulate(float *sum, const float *term, int64_t elements, int threads);

/// average = decay · average + (1 - decay) · value.
void condense_average(float *average, const float *value, float decay, int64_t elements, int threads);

/// running = (1 - momentum) · running + momentum · factor · batch.
void condense_running(float *running, const float *batch, float momentum, float factor, int64_t elements);

/// Copies bytes.
void condense_copy(void *destination, const void *source, int64_t bytes, int threads);

#endif
