#include "CInstructions.h"

#include <stddef.h>
#include <stdlib.h>
#include <strings.h>

static const char own[] = "CONDENSE_MAX_CPU_ISA";

static int level, has_vnni;

typedef struct {
  const char *name;
  int level, has_vnni;
} limit;

static const limit *limit_named(const char *name) {
  static const limit limits[] = {
      {"SSE41", CONDENSE_PORTABLE, 0},          {"AVX", CONDENSE_PORTABLE, 0},
      {"AVX2", CONDENSE_AVX2, 0},               {"AVX2_VNNI", CONDENSE_AVX2, 0},
      {"AVX512_CORE", CONDENSE_AVX512, 0},      {"AVX512_CORE_VNNI", CONDENSE_AVX512, 1},
      {"AVX512_CORE_BF16", CONDENSE_AVX512, 1}, {"AVX512_CORE_FP16", CONDENSE_AVX512, 1},
      {"AVX512_CORE_AMX", CONDENSE_AVX512, 1},  {"AVX512_CORE_AMX_FP16", CONDENSE_AVX512, 1},
      {"ALL", CONDENSE_AVX512, 1},              {"DEFAULT", CONDENSE_AVX512, 1}};
  if (!name) return NULL;
  for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
    if (!strcasecmp(name, limits[i].name)) return limits + i;
  return NULL;
}

// An empty variable is as none.
static const char *value_of(const char *variable) {
  const char *value = getenv(variable);
  return value && *value ? value : NULL;
}

const char *condense_unknown_instructions(void) {
  const char *value = value_of(own);
  return limit_named(value) ? NULL : value;
}

const char *condense_instruction_limit(void) {
  const limit *found = limit_named(value_of(own));
  return found ? found->name : NULL;
}

// Once, before any kernel can run.
__attribute__((constructor)) static void look(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4"))
    level = CONDENSE_AVX512;
  else if (__builtin_cpu_supports("x86-64-v3"))
    level = CONDENSE_AVX2;
  has_vnni = level == CONDENSE_AVX512 && __builtin_cpu_supports("avx512vnni");
  const char *value = value_of(own);
  if (!value) value = value_of("ONEDNN_MAX_CPU_ISA");
  if (!value) value = value_of("DNNL_MAX_CPU_ISA");
  const limit *most = limit_named(value);
  if (!most) return;
  if (most->level < level) level = most->level;
  if (!most->has_vnni) has_vnni = 0;
#endif
}

int condense_instructions(void) { return level; }
int condense_has_vnni(void) { return has_vnni; }
