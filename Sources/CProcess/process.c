#include "CProcess.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

int condense_terminal_columns(void) {
  struct winsize size;
  for (int descriptor = STDOUT_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  }
  return 0;
}

int condense_is_terminal(int descriptor) { return isatty(descriptor); }

/// Reads a file of NUL-terminated strings whole; its size is unknown until read.
static char *read_all(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  size_t capacity = 4096, count = 0, got;
  char *text = malloc(capacity);
  while (text && (got = fread(text + count, 1, capacity - count, file)) > 0) {
    count += got;
    if (count == capacity) {
      char *larger = realloc(text, capacity *= 2);
      if (!larger) free(text);
      text = larger;
    }
  }
  fclose(file);
  *length = count;
  return text;
}

void condense_reexecute(void) {
  size_t length = 0;
  char *text = read_all("/proc/self/cmdline", &length);
  if (!text || length == 0) return;
  size_t count = 0;
  for (size_t i = 0; i < length; i++) count += text[i] == '\0';
  char **arguments = calloc(count + 1, sizeof *arguments);
  if (!arguments) return;
  size_t next = 0;
  for (size_t i = 0; i < length; i++) {
    if (i == 0 || text[i - 1] == '\0') arguments[next++] = text + i;
  }
  // By its own path where that still leads here, so that `ps` and `pkill` know the process by its name.
  char path[PATH_MAX + 1];
  ssize_t size = readlink("/proc/self/exe", path, PATH_MAX);
  if (size > 0) {
    path[size] = '\0';
    execv(path, arguments);
  }
  execv("/proc/self/exe", arguments);
}

void condense_prepare_compute(void) {
  static const char marker[] = "CONDENSE_COMPUTE_READY";
  if (getenv(marker)) return;
  setenv(marker, "1", 1);
  setenv("OMP_DYNAMIC", "false", 1);
  setenv("OMP_WAIT_POLICY", "passive", 0);
  setenv("GOMP_SPINCOUNT", "10000", 0);
  condense_reexecute();
}
