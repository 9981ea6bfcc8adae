/* Runs a network for ever. The simulator stops at condense_fill to write an image where it points, and at condense_keep to
   read the outputs; what lies between is the network alone. No device register is touched: it runs on any AVR. */
#include CONDENSE_HEADER

__attribute__((noinline, used)) void condense_fill(void *input) { __asm volatile("" : : "r"(input) : "memory"); }
__attribute__((noinline, used)) void condense_keep(const void *output) { __asm volatile("" : : "r"(output) : "memory"); }

int main(void) {
  for (;;) {
    condense_fill(CONDENSE_INPUT());
    condense_keep(CONDENSE_RUN());
  }
}
