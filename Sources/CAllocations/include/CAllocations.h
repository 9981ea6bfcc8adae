#ifndef CONDENSE_ALLOCATIONS_H
#define CONDENSE_ALLOCATIONS_H

#include <stdint.h>

// Linking this target replaces malloc, calloc, realloc and the aligned forms by versions that can count calls.
// Between start and stop, every allocation of any thread is attributed to the innermost library on the stack that
// is not the C or C++ runtime. Under the address sanitizer nothing is replaced, and all counts are 0.

/// The numbers of allocations between start and stop.
typedef struct {
  /// The allocations in oneDNN and libgomp.
  int64_t library;
  /// All other allocations: those of Condense, of Swift's runtime and of Foundation.
  int64_t own;
} condense_allocations;

/// Resets both counts and starts counting.
void condense_allocations_start(void);
/// Stops counting and returns the counts.
condense_allocations condense_allocations_stop(void);

#endif
