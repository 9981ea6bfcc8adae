/* Runs a network on every image of inputs.bin as a program of 64-bit Arm Linux without a C library: outputs to outputs.bin. */
#include CONDENSE_HEADER
#include <stddef.h>
#include <stdint.h>

static long host(long number, long a, long b, long c, long d) {
  register long x8 __asm("x8") = number;
  register long x0 __asm("x0") = a;
  register long x1 __asm("x1") = b;
  register long x2 __asm("x2") = c;
  register long x3 __asm("x3") = d;
  __asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}

enum { OPENAT = 56, READ = 63, WRITE = 64, EXIT_GROUP = 94, HERE = -100, CREATE = 01101, MODE = 0644 };

void *memcpy(void *to, const void *from, size_t count) {
  for (size_t i = 0; i < count; i++) ((volatile char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memset(void *to, int value, size_t count) {
  for (size_t i = 0; i < count; i++) ((volatile char *)to)[i] = (char)value;
  return to;
}

static int moved(long number, long file, const void *bytes, long count) {
  long done = 0;
  while (done < count) {
    long now = host(number, file, (long)bytes + done, count - done, 0);
    if (now <= 0) return 0;
    done += now;
  }
  return 1;
}

__attribute__((used, noreturn)) void _start(void) {
  long in = host(OPENAT, HERE, (long)"inputs.bin", 0, 0);
  long out = host(OPENAT, HERE, (long)"outputs.bin", CREATE, MODE), code = in < 0 || out < 0 ? 2 : 0;
  while (!code && moved(READ, in, CONDENSE_INPUT(), CONDENSE_INPUT_BYTES))
    if (!moved(WRITE, out, CONDENSE_RUN(), CONDENSE_OUTPUT_BYTES)) code = 3;
  for (;;) host(EXIT_GROUP, code, 0, 0, 0);
}
