/* A plugin for QEMU that counts what a network executes, from its entry to its return and by step, and adds up the cycles
   that a table gives each instruction. Debian ships no header for plugins: the few functions of it that are used are declared here.

   -plugin FILE,table=TABLE,report=REPORT
   TABLE: lines `every CYCLES TAKEN` (what instructions cost, and how much more where the next one to run does not lie behind), `run ADDRESS`,
   `step NUMBER ADDRESS` and `cost ADDRESS CYCLES TAKEN` (what one instruction costs). It ends when its standard input closes, so that it does not outlive who started it. */
#include <inttypes.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *), int, void *);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void *), void *);

#define EXPORTED __attribute__((visibility("default")))
EXPORTED int qemu_plugin_version = CONDENSE_PLUGIN_API;

enum { MAXIMUM_STEPS = 4096, SLOTS = 1 << 20 };

typedef struct {
  uint64_t pc;
  uint32_t size;
  int step; /* the step that begins here, or -1 */
  uint32_t cycles, taken;
} place;

typedef struct { uint64_t instructions, cycles, taken; } tally;

static place *places[SLOTS]; /* by address, open addressing */
static uint64_t run_at, return_at, step_return_at;
static int running, step = -1;
static const place *previous;
static tally call, by_step[MAXIMUM_STEPS];
static unsigned steps;
static uint32_t every_cycles, every_taken;
static FILE *report;

static place *at(uint64_t pc) {
  for (uint64_t slot = pc / 2 * 0x9E3779B97F4A7C15u >> 44;; slot = (slot + 1) % SLOTS) {
    if (!places[slot]) {
      places[slot] = calloc(1, sizeof(place));
      if (!places[slot]) abort();
      places[slot]->pc = pc;
      places[slot]->step = -1;
      places[slot]->cycles = every_cycles;
      places[slot]->taken = every_taken;
    }
    if (places[slot]->pc == pc) return places[slot];
  }
}

static void add_taken(tally *tally, uint32_t cycles) {
  tally->taken++;
  tally->cycles += cycles;
}

static void add_instruction(tally *tally, uint32_t cycles) {
  tally->instructions++;
  tally->cycles += cycles;
}

static void print_call(void) {
  fprintf(report, "call %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", call.cycles, call.instructions, call.taken);
}

static void on_instruction(unsigned processor, void *data) {
  const place *here = data;
  (void)processor;
  if (running && previous && previous->pc + previous->size != here->pc) {
    add_taken(&call, previous->taken);
    if (step >= 0) add_taken(&by_step[step], previous->taken);
  }
  if (!running && here->pc == run_at) {
    running = 1;
    step = -1;
    return_at = previous ? previous->pc + previous->size : 0;
    memset(&call, 0, sizeof call);
  } else if (running && here->pc == return_at) {
    running = 0;
    step = -1;
    print_call();
  }
  if (running) {
    if (step >= 0 && here->pc == step_return_at) step = -1;
    if (here->step >= 0) {
      step = here->step;
      step_return_at = previous ? previous->pc + previous->size : 0;
    }
    add_instruction(&call, here->cycles);
    if (step >= 0) add_instruction(&by_step[step], here->cycles);
  }
  previous = here;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
    place *here = at(qemu_plugin_insn_vaddr(instruction));
    here->size = qemu_plugin_insn_size(instruction);
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_instruction, 0, here);
  }
}

static void on_exit_of_qemu(qemu_plugin_id_t id, void *data) {
  (void)id;
  (void)data;
  for (unsigned k = 0; k < steps; k++)
    fprintf(report, "step %u %" PRIu64 "\n", k, by_step[k].cycles);
  fprintf(report, "end\n");
  fclose(report);
}

static int read_table(const char *name) {
  FILE *table = fopen(name, "r");
  char word[8];
  if (!table) return 0;
  while (fscanf(table, "%7s", word) == 1) {
    uint64_t pc;
    uint32_t number;
    if (!strcmp(word, "every")) {
      if (fscanf(table, "%" SCNu32 " %" SCNu32, &every_cycles, &every_taken) != 2) return 0;
    } else if (!strcmp(word, "run")) {
      if (fscanf(table, "%" SCNi64, &run_at) != 1) return 0;
    } else if (!strcmp(word, "step")) {
      if (fscanf(table, "%" SCNu32 " %" SCNi64, &number, &pc) != 2 || number >= MAXIMUM_STEPS) return 0;
      at(pc)->step = number;
      if (number >= steps) steps = number + 1;
    } else {
      if (strcmp(word, "cost") || fscanf(table, "%" SCNi64, &pc) != 1) return 0;
      if (fscanf(table, "%" SCNu32 " %" SCNu32, &at(pc)->cycles, &at(pc)->taken) != 2) return 0;
    }
  }
  fclose(table);
  return run_at != 0;
}

static void *end_with_standard_input(void *unused) {
  char buffer[256];
  (void)unused;
  while (read(0, buffer, sizeof buffer) > 0) {}
  _exit(3);
}

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const void *information, int count, char **arguments) {
  (void)information;
  const char *table = 0;
  for (int i = 0; i < count; i++) {
    if (!strncmp(arguments[i], "table=", 6)) table = arguments[i] + 6;
    if (!strncmp(arguments[i], "report=", 7)) report = fopen(arguments[i] + 7, "w");
  }
  if (!table || !report || !read_table(table)) {
    fprintf(stderr, "the table or the report cannot be opened\n");
    return 1;
  }
  pthread_t thread;
  pthread_create(&thread, 0, end_with_standard_input, 0);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, 0);
  return 0;
}
