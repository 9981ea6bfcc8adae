#ifndef CONDENSE_MPI_H
#define CONDENSE_MPI_H

#include <stddef.h>

/// Messages between the processes that `mpirun` or `srun` started, over MPI.
///
/// Nothing but messages between two processes is used: the sums of MPI's reductions depend on places and calls. All
/// functions are called from one thread. Those that can fail return NULL on success, else MPI's words, which are valid
/// until the next call. Built without the package trait MPI there is none of them.

/// Starts MPI and says which process this is of how many.
const char *condense_mpi_start(int *rank, int *count);

/// Sends bytes to a process; large ones wait for their receiver.
const char *condense_mpi_send(const void *bytes, size_t size, int to);

/// Receives a message of just this size from a process.
const char *condense_mpi_receive(void *bytes, size_t size, int from);

/// Waits for all processes to be here, and ends MPI.
void condense_mpi_finish(void);

/// Ends all processes with an exit code.
void condense_mpi_abort(int code);

#endif
