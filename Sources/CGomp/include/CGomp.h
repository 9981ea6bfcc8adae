#ifndef CONDENSE_GOMP_H
#define CONDENSE_GOMP_H

/// Runs `body(data)` once on every thread of libgomp's team and waits; `threads` 0 takes the team's default size.
///
/// Compilers emit calls of this function for `#pragma omp parallel`. Condense calls it directly, so that its loops run
/// on the threads that oneDNN uses and two pools never compete for the cores.
void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);

/// Waits until all threads of the team have called it.
void GOMP_barrier(void);

/// Returns the number of the calling thread in its team, from 0.
int omp_get_thread_num(void);
/// Returns the number of threads in the current team; 1 outside a team.
int omp_get_num_threads(void);
/// Returns the default size of the next team.
int omp_get_max_threads(void);
/// Sets the default size of the next teams that the calling thread starts.
void omp_set_num_threads(int threads);
/// Allows (1) or forbids (0) libgomp to start smaller teams than asked for.
void omp_set_dynamic(int enabled);

#endif
