#ifndef CONDENSE_NORM_LAST_H
#define CONDENSE_NORM_LAST_H

#include <string.h>

#include "norm.h"

// Batch norm over channels that lie last, in any number. Memory is read as whole vectors of 16 elements whatever pixel
// they belong to: which channels a vector holds repeats after `vectors` of them, a period of `rows` pixels. Sums are
// kept for every element of a period and added up by channel at the end; what is known of a channel is read from tables
// that go on past the last channel with the first ones. Each thread takes whole periods, the last one the pixels left
// over; the threads' sums meet at a barrier and every thread adds them in the same order.

enum { CHUNK = 64, UNROLLED = 4, AHEAD = 2048 };
// Tables of a thread: what a pass knows of each channel.
enum { FACTOR, OFFSET, MEAN, SLOPE, SHIFT, TABLES };

typedef struct {
  int64_t channels;
  // Of a period; vectors of the pixels left over, which only the last thread has, and their elements.
  int64_t vectors, rows, rest_vectors, rest;
  // Elements between what is read and what is fetched meanwhile, whole rounds of periods.
  int64_t ahead;
  // The thread's periods.
  int64_t first, last;
  // For each element of a period: two totals and two sums over a chunk.
  lanes *total0, *total1, *sum0, *sum1;
  float *tables;
} part;

typedef float loose_lanes __attribute__((vector_size(64), aligned(4)));
#define PADDED(n) (((n) + LANES - 1) / LANES * LANES)
#define TABLE(p, which) ((p)->tables + (which) * (PADDED((p)->channels) + LANES))
// Has the cache fetch what a loop over periods will read: they are read side by side, which it does not foresee.
#define FETCH(p, i) __builtin_prefetch((const char *)(p) + (i) * (bf16 ? 2 : 4))
#define AT(table, place) ((lanes)*(const loose_lanes *)((table) + (place)))
// From the channel of a vector's first lane to that of the next vector's; `step` is LANES % channels.
#define ADVANCE(place, step, channels)                 \
  do {                                                 \
    place += step;                                     \
    if (place >= (channels)) place -= (channels);      \
  } while (0)

INLINE int64_t vectors_of(int64_t channels) {
  int64_t shared = channels & -channels;
  return channels / (shared < LANES ? shared : LANES);
}

// Floats of a thread's own memory, and of the two sums by channel that it shows the others.
INLINE int64_t own_floats(const condense_norm *n) {
  return 4 * vectors_of(n->channels) * LANES + TABLES * (PADDED(n->channels) + LANES);
}
INLINE float *shown(const work *w, int64_t thread) { return w->partials + thread * 2 * PADDED(w->n->channels); }

// The periods of a thread of the team.
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

// Lets a table go on past its last channel with the first ones.
INLINE void extend(float *table, int64_t channels) {
  for (int64_t i = channels; i < channels + LANES; i++) table[i] = table[i - channels];
}

#endif
