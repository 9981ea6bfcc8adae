#include "CLAPACK.h"

void openblas_set_num_threads(int count);

void condense_single_threaded_blas(void) { openblas_set_num_threads(1); }
