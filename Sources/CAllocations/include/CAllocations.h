#ifndef CONDENSE_ALLOCATIONS_H
#define CONDENSE_ALLOCATIONS_H

#include <stdint.h>

// Linking this target replaces malloc, calloc, realloc and the aligned forms by ones that can count who allocates.
// Between start and stop every allocation of any thread is charged to the innermost library on the stack that is not
// the C or C++ runtime.

/// What was allocated while counting.
typedef struct {
  /// Allocations inside oneDNN or libgomp.
  int64_t library;
  /// All others: ours, Swift's runtime's, Foundation's.
  int64_t own;
} condense_allocations;

/// Starts counting from zero.
void condense_allocations_start(void);
/// Stops and gives what was counted.
condense_allocations condense_allocations_stop(void);

#endif
