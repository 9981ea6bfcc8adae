# TensorFlow Lite Micro with CMSIS-NN's kernels as one library, from sources in folders.
#
#   make -f library.mk TFLM=... CMSIS_NN=... FLATBUFFERS=... GEMMLOWP=... RUY=... CPU="-mcpu=cortex-m4 ..." LEVEL=-O2 OUT=FOLDER
# makes FOLDER/libtflm-O2.a.
#
# As its own Makefile does with BUILD_TYPE=release OPTIMIZED_KERNEL_DIR=cmsis_nn: the interpreter by -Os, kernels by LEVEL.
PREFIX := arm-none-eabi-
LITE := $(TFLM)/tensorflow/lite
KERNELS := add conv depthwise_conv fully_connected pooling quantize reduce reshape softmax

FLAGS := $(CPU) -ffunction-sections -fdata-sections -fomit-frame-pointer -funsigned-char -fno-unwind-tables \
  -fno-asynchronous-unwind-tables -fmessage-length=0 -DNDEBUG -DTF_LITE_STRIP_ERROR_STRINGS -DTF_LITE_STATIC_MEMORY \
  -DTF_LITE_DISABLE_X86_NEON -DTF_LITE_MCU_DEBUG_LOG -DCMSIS_NN -DKERNELS_OPTIMIZED_FOR_SPEED -DFLATBUFFERS_LOCALE_INDEPENDENT=0 \
  -DARM_NN_ENABLE_F16=0 -DARM_NN_ENABLE_F32=0 \
  -I$(TFLM) -I$(CMSIS_NN) -I$(CMSIS_NN)/Include -I$(FLATBUFFERS)/include -I$(GEMMLOWP) -I$(RUY)
CXX_FLAGS := -std=c++17 -fno-rtti -fno-exceptions -fno-threadsafe-statics $(FLAGS)

CORE := $(filter-out %_test.cc %/fake_micro_context.cc %/mock_micro_graph.cc %/test_helpers.cc %/test_helper_custom_ops.cc \
  %/array.cc, \
  $(wildcard $(LITE)/micro/*.cc $(LITE)/micro/arena_allocator/*.cc $(LITE)/micro/memory_planner/*.cc \
    $(LITE)/micro/tflite_bridge/*.cc $(LITE)/kernels/*.cc $(LITE)/kernels/internal/*.cc $(LITE)/kernels/internal/reference/*.cc \
    $(LITE)/core/api/*.cc $(LITE)/core/c/*.cc $(TFLM)/tensorflow/compiler/mlir/lite/schema/*.cc \
    $(TFLM)/tensorflow/compiler/mlir/lite/core/api/*.cc))
OPS := $(LITE)/micro/kernels
GLUE := $(foreach kernel,$(KERNELS),$(firstword $(wildcard $(OPS)/cmsis_nn/$(kernel).cc $(OPS)/$(kernel).cc)) \
  $(wildcard $(OPS)/$(kernel)_common.cc)) $(OPS)/kernel_util.cc
NN := $(filter-out %_f16.c %_f32.c %/arm_nntables_flt.c,$(foreach folder,Activation BasicMath Convolution FullyConnected \
  NNSupport Pooling Softmax,$(wildcard $(CMSIS_NN)/Source/$(folder)Functions/*.c)))

CORE_OBJECTS := $(patsubst $(TFLM)/%.cc,$(OUT)/core/%.o,$(CORE))
GLUE_OBJECTS := $(patsubst $(TFLM)/%.cc,$(OUT)/glue$(LEVEL)/%.o,$(GLUE))
NN_OBJECTS := $(patsubst $(CMSIS_NN)/%.c,$(OUT)/nn$(LEVEL)/%.o,$(NN))

$(OUT)/libtflm$(LEVEL).a: $(CORE_OBJECTS) $(GLUE_OBJECTS) $(NN_OBJECTS)
	rm -f $@ && $(PREFIX)ar rcs $@ $^
$(OUT)/core/%.o: $(TFLM)/%.cc
	@mkdir -p $(@D)
	$(PREFIX)g++ $(CXX_FLAGS) -Os -c $< -o $@
$(OUT)/glue$(LEVEL)/%.o: $(TFLM)/%.cc
	@mkdir -p $(@D)
	$(PREFIX)g++ $(CXX_FLAGS) $(LEVEL) -c $< -o $@
$(OUT)/nn$(LEVEL)/%.o: $(CMSIS_NN)/%.c
	@mkdir -p $(@D)
	$(PREFIX)gcc -std=c17 $(FLAGS) $(LEVEL) -c $< -o $@
