/* Runs a network on every image of inputs.bin on a bare Cortex-M, by semihosting: outputs to outputs.bin, the stack's high-water
   mark to stack.bin. */
#include CONDENSE_HEADER
#include <stddef.h>
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define PAINT 0xC5C5C5C5u

extern uint32_t _stack, _sdata, _edata, _ldata, _sbss, _ebss;

static int host(int operation, const void *argument) {
  register int r0 __asm("r0") = operation;
  register const void *r1 __asm("r1") = argument;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static int host_open(const char *name, uint32_t length, uint32_t mode) {
  uint32_t block[3] = {(uint32_t)name, mode, length};
  return host(1, block);
}

/* Both give the bytes that were not moved. */
static int host_read(int file, void *to, uint32_t bytes) {
  uint32_t block[3] = {(uint32_t)file, (uint32_t)to, bytes};
  return host(6, block);
}

static int host_write(int file, const void *from, uint32_t bytes) {
  uint32_t block[3] = {(uint32_t)file, (uint32_t)from, bytes};
  return host(5, block);
}

__attribute__((noreturn)) static void finish(uint32_t code) {
  uint32_t block[2] = {0x20026, code};
  host(0x20, block);
  for (;;) {}
}

static uint32_t used_stack(void) {
  const uint32_t *lowest = &_ebss;
  while (lowest < &_stack && *lowest == PAINT) lowest++;
  return (uint32_t)&_stack - (uint32_t)lowest;
}

static uint32_t run_all(void) {
  int in = host_open("inputs.bin", 10, 1), out = host_open("outputs.bin", 11, 5), stack = host_open("stack.bin", 9, 5);
  if (in < 0 || out < 0 || stack < 0) return 2;
  while (host_read(in, CONDENSE_INPUT(), CONDENSE_INPUT_BYTES) == 0)
    if (host_write(out, CONDENSE_RUN(), CONDENSE_OUTPUT_BYTES)) return 3;
  uint32_t used = used_stack();
  return host_write(stack, &used, sizeof used) ? 3 : 0;
}

__attribute__((used)) void condense_reset(void) {
  const uint32_t *from = &_ldata;
  for (uint32_t *to = &_sdata; to < &_edata;) *to++ = *from++;
  for (volatile uint32_t *to = &_sbss; to < &_ebss;) *to++ = 0;
#if defined(__ARM_FP)
  REGISTER(0xE000ED88) |= 0xF << 20;
  __asm volatile("dsb\nisb");
#endif
  uint32_t top;
  __asm volatile("mov %0, sp" : "=r"(top));
  for (volatile uint32_t *to = &_ebss; to < (uint32_t *)(top - 64);) *to++ = PAINT;
  finish(run_all());
}

static void fault(void) { finish(9); }

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
  &_stack, condense_reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, fault};
