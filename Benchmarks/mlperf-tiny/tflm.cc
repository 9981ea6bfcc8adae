// -DTFLM_OPERATORS=NUMBER -DTFLM_ADD="resolver->AddConv2D(); ..." -DTFLM_MODEL="\"FILE.tflite\"".
// With -DTFLM_TELL_ARENA outputs are the bytes that were used of the arena.
#include "tflm.h"

#include <new>

#include "tensorflow/lite/micro/kernels/add.h"
#include "tensorflow/lite/micro/kernels/conv.h"
#include "tensorflow/lite/micro/kernels/depthwise_conv.h"
#include "tensorflow/lite/micro/kernels/fully_connected.h"
#include "tensorflow/lite/micro/kernels/pooling.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

__asm__(
    ".section .rodata.tflm_model,\"a\"\n.balign 16\n.global tflm_model\ntflm_model:\n.incbin " TFLM_MODEL
    "\n.previous\n");
extern "C" const unsigned char tflm_model[];

using Resolver = tflite::MicroMutableOpResolver<TFLM_OPERATORS>;

// Of another file, so that its size can be tried without compiling this one again.
extern "C" uint8_t tflm_arena[];
extern "C" const uint32_t tflm_arena_bytes;
// Made by hand: a firmware without a C library's start calls no constructors.
alignas(Resolver) static uint8_t resolver_memory[sizeof(Resolver)];
alignas(tflite::MicroInterpreter) static uint8_t interpreter_memory[sizeof(tflite::MicroInterpreter)];
static tflite::MicroInterpreter* interpreter;

extern "C" int8_t* tflm_input(void) {
  if (!interpreter) {
    Resolver* resolver = new (resolver_memory) Resolver();
    TFLM_ADD
    interpreter =
        new (interpreter_memory) tflite::MicroInterpreter(tflite::GetModel(tflm_model), *resolver, tflm_arena,
                                                             tflm_arena_bytes);
    if (interpreter->AllocateTensors() != kTfLiteOk) __builtin_trap();
  }
  return interpreter->input(0)->data.int8;
}

extern "C" const int8_t* tflm_run(void) {
  if (interpreter->Invoke() != kTfLiteOk) __builtin_trap();
#ifdef TFLM_TELL_ARENA
  static uint32_t used;
  used = interpreter->arena_used_bytes();
  return reinterpret_cast<const int8_t*>(&used);
#else
  return interpreter->output(0)->data.int8;
#endif
}
