#pragma once
#include <cblas.h>
#include <lapacke.h>

/// Keeps OpenBLAS to one thread: decompositions run beside a team of compute threads.
void condense_single_threaded_blas(void);
