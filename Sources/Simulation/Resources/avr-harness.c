/* Runs a firmware in simavr: writes each image into its memory, counts the cycles between the entry of the network and its
   return, by step too, and follows the stack pointer after every instruction.

   harness KEY=VALUE...   elf mcu hz inputs outputs report: names; run fill keep end step (repeated): addresses in bytes;
                          in out: bytes of an image and of its outputs; limit: cycles of an image.
   It ends when its standard input closes, so that it does not outlive who started it. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>

enum { NOTHING, RUN, FILL, KEEP, STEP };
enum { MAXIMUM_STEPS = 4096, OUT_SPH = 0xBE0E, OUT_SPL = 0xBE0D, OUT_MASK = 0xFE0F };

static const char *elf, *mcu, *inputs, *outputs, *report;
static unsigned long hz, run_at, fill_at, keep_at, data_end, in_bytes, out_bytes, limit;
static unsigned long step_at[MAXIMUM_STEPS];
static unsigned long long step_cycles[MAXIMUM_STEPS];
static unsigned steps;

static void *end_with_standard_input(void *unused) {
  char buffer[256];
  (void)unused;
  while (read(0, buffer, sizeof buffer) > 0) {}
  _exit(3);
}

static void fail(const char *what, unsigned long long value) {
  fprintf(stderr, "%s %llu\n", what, value);
  exit(1);
}

static int text(const char *argument, const char *key, const char **value) {
  size_t n = strlen(key);
  if (strncmp(argument, key, n) || argument[n] != '=') return 0;
  *value = argument + n + 1;
  return 1;
}

static int number(const char *argument, const char *key, unsigned long *value) {
  const char *digits;
  if (!text(argument, key, &digits)) return 0;
  *value = strtoul(digits, 0, 0);
  return 1;
}

static void read_argument(const char *a) {
  unsigned long step;
  if (text(a, "elf", &elf) || text(a, "mcu", &mcu) || text(a, "inputs", &inputs)) return;
  if (text(a, "outputs", &outputs) || text(a, "report", &report)) return;
  if (number(a, "hz", &hz) || number(a, "run", &run_at) || number(a, "fill", &fill_at)) return;
  if (number(a, "keep", &keep_at) || number(a, "end", &data_end) || number(a, "in", &in_bytes)) return;
  if (number(a, "out", &out_bytes) || number(a, "limit", &limit)) return;
  if (number(a, "step", &step) && steps < MAXIMUM_STEPS) { step_at[steps++] = step; return; }
  fprintf(stderr, "unknown argument %s\n", a);
  exit(2);
}

static uint16_t *watch_list(const avr_t *avr) {
  size_t words = (avr->flashend + 1) / 2 + 1;
  uint16_t *watch = calloc(words, sizeof *watch);
  if (!watch || run_at / 2 >= words || fill_at / 2 >= words || keep_at / 2 >= words) fail("no memory, or an address beyond", avr->flashend);
  watch[run_at / 2] = RUN;
  watch[fill_at / 2] = FILL;
  watch[keep_at / 2] = KEEP;
  for (unsigned k = 0; k < steps; k++) if (step_at[k] && step_at[k] / 2 < words) watch[step_at[k] / 2] = STEP + k;
  return watch;
}

/* The pointer that a function gets as its first argument, with room for so many bytes. */
static uint8_t *argument(avr_t *avr, unsigned long bytes) {
  unsigned place = avr->data[24] | avr->data[25] << 8;
  if (place + bytes > (unsigned long)avr->ramend + 1) fail("a pointer beyond the memory:", place);
  return avr->data + place;
}

int main(int count, char **arguments) {
  for (int i = 1; i < count; i++) read_argument(arguments[i]);
  elf_firmware_t firmware;
  memset(&firmware, 0, sizeof firmware);
  if (!elf || !mcu || !inputs || !outputs || !report || elf_read_firmware(elf, &firmware)) fail("arguments or firmware cannot be read:", 0);
  avr_t *avr = avr_make_mcu_by_name(mcu);
  if (!avr) fail("simavr does not know this processor", 0);
  avr_init(avr);
  avr->log = LOG_ERROR;
  avr_load_firmware(avr, &firmware);
  avr->frequency = hz;
  FILE *in = fopen(inputs, "rb"), *out = fopen(outputs, "wb"), *log = fopen(report, "w");
  if (!in || !out || !log) fail("inputs, outputs or report cannot be opened", 0);
  pthread_t thread;
  pthread_create(&thread, 0, end_with_standard_input, 0);
  uint16_t *watch = watch_list(avr);
  unsigned sp = 0, lowest = 0xFFFF, run_sp = 0, step_sp = 0;
  int torn = 0, armed = 0, running = 0, step = -1;
  avr_cycle_count_t run_began = 0, step_began = 0, image_began = 0;
  for (;;) {
    unsigned pc = avr->pc;
    unsigned place = watch[pc / 2];
    if (place == FILL) {
      if (fread(argument(avr, in_bytes), 1, in_bytes, in) != in_bytes) break;
      image_began = avr->cycle;
    } else if (place == KEEP) {
      fwrite(argument(avr, out_bytes), 1, out_bytes, out);
    } else if (place == RUN) {
      running = 1; run_sp = sp; run_began = avr->cycle;
    } else if (place >= STEP && running) {
      step = place - STEP; step_sp = sp; step_began = avr->cycle;
    }
    /* A frame is made by two writes, the high byte first: between them the pointer means nothing. */
    unsigned opcode = (avr->flash[pc] | avr->flash[pc + 1] << 8) & OUT_MASK;
    int state = avr_run(avr);
    if (opcode == OUT_SPH) torn = 1;
    if (opcode == OUT_SPL) torn = 0;
    if (!torn) {
      sp = avr->data[R_SPL] | avr->data[R_SPH] << 8;
      if (!armed && sp == avr->ramend) armed = 1;
      if (armed && sp < lowest) lowest = sp;
      if (step >= 0 && sp > step_sp) { step_cycles[step] += avr->cycle - step_began; step = -1; }
      if (running && sp > run_sp) { running = 0; fprintf(log, "call %llu\n", (unsigned long long)(avr->cycle - run_began)); }
    }
    if (armed && lowest < data_end) {
      fprintf(log, "collision %lu\n", data_end - lowest);
      fprintf(log, "stack %u\n", avr->ramend - lowest);
      fclose(log);
      return 0;
    }
    if (state == cpu_Done || state == cpu_Crashed) fail("the processor stopped at", avr->pc);
    if (limit && avr->cycle - image_began > limit) fail("an image took more cycles than", limit);
  }
  for (unsigned k = 0; k < steps; k++) fprintf(log, "step %u %llu\n", k, step_cycles[k]);
  fprintf(log, "stack %u\n", avr->ramend - lowest);
  if (fclose(log) || fclose(out)) fail("report or outputs cannot be written", 0);
  return 0;
}
