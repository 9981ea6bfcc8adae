/* A .tflite file under TensorFlow Lite Micro, called as exported C is. */
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where the input is written. Makes the interpreter when it is called first, and traps where the arena is too small. */
int8_t *tflm_input(void);

/* Runs the network; gives back the outputs. */
const int8_t *tflm_run(void);

#ifdef __cplusplus
}
#endif
