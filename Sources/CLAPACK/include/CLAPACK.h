#pragma once
#include <cblas.h>
#include <lapacke.h>

/// Limits OpenBLAS to one thread, because decompositions run beside a team of compute threads.
void condense_single_threaded_blas(void);
