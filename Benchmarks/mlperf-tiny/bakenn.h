/* A network as BakeNN writes it, called as exported C is: its caller keeps input, output and arena. */
#include "bknn_network.h"

static int8_t bakenn_in[BKNN_NETWORK_INPUT_BYTES];
static int8_t bakenn_out[BKNN_NETWORK_OUTPUT_BYTES];
static uint8_t bakenn_arena[BKNN_NETWORK_ARENA_SIZE] __attribute__((aligned(16)));

static inline int8_t *bakenn_input(void) { return bakenn_in; }

/* Has a name in the linked program, where counting begins. */
__attribute__((noinline, used)) static const int8_t *bakenn_run(void) {
  bknn_network_infer(bakenn_arena, bakenn_in, bakenn_out);
  return bakenn_out;
}
