#define _GNU_SOURCE
#include "CAllocations.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static atomic_int counting;
static atomic_llong library, own;
static _Thread_local int inside;

// The runtimes that allocate on behalf of whoever called them, this file's own frames among them.
static int is_runtime(const Dl_info *info, const char *self) {
  const char *name = info->dli_fname ? info->dli_fname : "";
  if (info->dli_fname == self && info->dli_sname && strstr(info->dli_sname, "alloc")) return 1;
  return strstr(name, "libc.so") || strstr(name, "libstdc++") || strstr(name, "ld-linux");
}

static void count(void) {
  if (!atomic_load_explicit(&counting, memory_order_relaxed) || inside) return;
  inside = 1;
  void *frames[24];
  int depth = backtrace(frames, 24), charged = 0;
  Dl_info here, info;
  dladdr((void *)count, &here);
  // The first two frames are count and the replaced function.
  for (int i = 2; i < depth && !charged; i++) {
    if (!dladdr(frames[i], &info) || is_runtime(&info, here.dli_fname)) continue;
    charged = 1;
    if (strstr(info.dli_fname, "libdnnl") || strstr(info.dli_fname, "libgomp"))
      atomic_fetch_add(&library, 1);
    else
      atomic_fetch_add(&own, 1);
  }
  if (!charged) atomic_fetch_add(&own, 1);
  inside = 0;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONDENSE_SANITIZED 1
#endif
#endif

// The address sanitizer replaces the allocator itself, and crashes at start-up beside another that does.
#ifndef CONDENSE_SANITIZED
void *malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
  count();
  return __libc_calloc(items, size);
}

void *realloc(void *old, size_t size) {
  count();
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  count();
  void *memory = __libc_memalign(alignment, size);
  if (!memory) return ENOMEM;
  *out = memory;
  return 0;
}
#else
void condense_unused_under_sanitizers(void) { count(); }
#endif

void condense_allocations_start(void) {
  // The unwinder allocates when it is first used.
  void *frames[4];
  inside = 1;
  backtrace(frames, 4);
  inside = 0;
  atomic_store(&library, 0);
  atomic_store(&own, 0);
  atomic_store(&counting, 1);
}

condense_allocations condense_allocations_stop(void) {
  atomic_store(&counting, 0);
  condense_allocations result = {atomic_load(&library), atomic_load(&own)};
  return result;
}
