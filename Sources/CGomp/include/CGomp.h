#ifndef CONDENSE_GOMP_H
#define CONDENSE_GOMP_H

/// Runs `body(data)` once on every thread of libgomp's team; `threads` 0 takes the team's default size.
/// This is the entry that compilers emit for `#pragma omp parallel`: calling it puts our loops on the very
/// threads that oneDNN uses, so that a step never has two pools fighting for the cores.
void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);

/// Waits for all threads of the team; to be called by each of them.
void GOMP_barrier(void);

int omp_get_thread_num(void);
int omp_get_num_threads(void);
int omp_get_max_threads(void);
void omp_set_num_threads(int threads);
void omp_set_dynamic(int enabled);

#endif
