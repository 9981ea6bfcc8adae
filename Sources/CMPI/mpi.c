#include "CMPI.h"

#ifdef CONDENSE_MPI

#include <limits.h>
#include <mpi.h>
#include <stdio.h>

static char words[MPI_MAX_ERROR_STRING + 1];

static const char *failure(int status) {
  int length = 0;
  if (status == MPI_SUCCESS) return NULL;
  if (MPI_Error_string(status, words, &length) != MPI_SUCCESS) snprintf(words, sizeof words, "MPI error %d", status);
  return words;
}

const char *condense_mpi_start(int *rank, int *count) {
  int provided = 0, status = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
  if (status != MPI_SUCCESS) return failure(status);
  if (provided < MPI_THREAD_FUNNELED) return "this MPI allows no program with threads";
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, rank);
  MPI_Comm_size(MPI_COMM_WORLD, count);
  return NULL;
}

const char *condense_mpi_send(const void *bytes, size_t size, int to) {
  if (size > INT_MAX) return "a message is larger than 2 GiB";
  return failure(MPI_Send(bytes, (int)size, MPI_BYTE, to, 0, MPI_COMM_WORLD));
}

const char *condense_mpi_receive(void *bytes, size_t size, int from) {
  if (size > INT_MAX) return "a message is larger than 2 GiB";
  MPI_Status state;
  int received = 0, status = MPI_Recv(bytes, (int)size, MPI_BYTE, from, 0, MPI_COMM_WORLD, &state);
  if (status != MPI_SUCCESS) return failure(status);
  MPI_Get_count(&state, MPI_BYTE, &received);
  if ((size_t)received == size) return NULL;
  snprintf(words, sizeof words, "a message has %d bytes where %zu were expected", received, size);
  return words;
}

void condense_mpi_finish(void) { MPI_Finalize(); }

void condense_mpi_abort(int code) { MPI_Abort(MPI_COMM_WORLD, code); }

#endif
