#ifndef CONDENSE_NORM_LAST_H
#define CONDENSE_NORM_LAST_H

#include <string.h>

#include "norm.h"

// Batch norm with channels last, for any number of channels. Memory is read in whole vectors of 16 elements, which
// may span pixels. The pattern of channels in a vector repeats after `vectors` vectors, a period of `rows` pixels.
// Sums are kept for every element of a period and added up by channel at the end. Values of channels are read from
// tables that continue after the last channel with the first ones, so that a vector may start at any channel. Each
// thread takes whole periods, and the last one the remaining pixels. After a barrier every thread adds the threads'
// sums in the same order, so all get the same bits.

enum { CHUNK = 64, UNROLLED = 4, AHEAD = 2048 };
// The tables of a thread, with one value per channel each.
enum { FACTOR, OFFSET, MEAN, SLOPE, SHIFT, TABLES };

typedef struct {
  int64_t channels;
  // The vectors and pixels of a period; the vectors and elements of the remaining pixels (0 but on the last thread).
  int64_t vectors, rows, rest_vectors, rest;
  // The distance of prefetching in elements, a multiple of a round of periods.
  int64_t ahead;
  // The thread's range of periods.
  int64_t first, last;
  // Two totals and two sums over a chunk, for each element of a period.
  lanes *total0, *total1, *sum0, *sum1;
  float *tables;
} part;

typedef float loose_lanes __attribute__((vector_size(64), aligned(4)));
#define PADDED(n) (((n) + LANES - 1) / LANES * LANES)
#define TABLE(p, which) ((p)->tables + (which) * (PADDED((p)->channels) + LANES))
// Prefetches for a loop over periods: several are read side by side, a pattern that the hardware does not predict.
#define FETCH(p, i) __builtin_prefetch((const char *)(p) + (i) * (bf16 ? 2 : 4))
#define AT(table, place) ((lanes)*(const loose_lanes *)((table) + (place)))
// Moves from the channel of a vector's first lane to that of the next vector; `step` is LANES % channels.
#define ADVANCE(place, step, channels)                 \
  do {                                                 \
    place += step;                                     \
    if (place >= (channels)) place -= (channels);      \
  } while (0)

INLINE int64_t vectors_of(int64_t channels) {
  int64_t shared = channels & -channels;
  return channels / (shared < LANES ? shared : LANES);
}

// The number of floats of a thread's private memory, and the place of the two sums per channel that others read.
INLINE int64_t own_floats(const condense_norm *n) {
  return 4 * vectors_of(n->channels) * LANES + TABLES * (PADDED(n->channels) + LANES);
}
INLINE float *shown(const work *w, int64_t thread) { return w->partials + thread * 2 * PADDED(w->n->channels); }

// Computes the range of periods of a thread of the team.
INLINE void periods_of(const work *w, int64_t thread, int64_t *first, int64_t *last) {
  int64_t rows = vectors_of(w->n->channels) * LANES / w->n->channels, team = omp_get_num_threads();
  int64_t periods = w->n->images * w->n->pixels / rows;
  *first = periods * thread / team;
  *last = periods * (thread + 1) / team;
}

INLINE part part_of(const work *w) {
  const condense_norm *n = w->n;
  int64_t me = omp_get_thread_num(), team = omp_get_num_threads();
  part p = {.channels = n->channels, .vectors = vectors_of(n->channels)};
  p.rows = p.vectors * LANES / p.channels;
  p.ahead = (AHEAD / (UNROLLED * p.vectors * LANES) + 1) * UNROLLED * p.vectors * LANES;
  periods_of(w, me, &p.first, &p.last);
  if (me == team - 1) {
    p.rest = n->images * n->pixels % p.rows * p.channels;
    p.rest_vectors = (p.rest + LANES - 1) / LANES;
  }
  p.total0 = (lanes *)(shown(w, n->threads) + me * own_floats(n));
  p.total1 = p.total0 + p.vectors;
  p.sum0 = p.total1 + p.vectors;
  p.sum1 = p.sum0 + p.vectors;
  p.tables = (float *)(p.sum1 + p.vectors);
  memset(p.total0, 0, (size_t)(2 * p.vectors * (int64_t)sizeof(lanes)));
  return p;
}

// Copies the first channels of a table behind its last one.
INLINE void extend(float *table, int64_t channels) {
  for (int64_t i = channels; i < channels + LANES; i++) table[i] = table[i - channels];
}

#endif
