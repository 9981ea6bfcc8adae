extension CRoutine {
  /// Depthwise convolutions of 3x3 with stride 1 on AVR, channel by channel.
  ///
  /// Six of the nine weights and the sums of three outputs stay in registers while a row goes by: a column of three inputs is read
  /// once. Sums have 24 bits. Kernel rows outside of the image are rows of zeros in `taps`; their products, and those of the columns
  /// outside, go into the biases.
  static let depthwiseRowsOnAVR = CRoutine(
    name: "depthwise_rows", needs: [convolution],
    text: #"""
      #if defined(__AVR__)
      /* Rows of outputs of a channel. */
      static struct @_rows_state {
        const int8_t *weights;  /* the first of nine in taps */
        int8_t taps[15];        /* the kernel between rows of zeros */
        int8_t third[3];        /* its last row */
        uint8_t power;          /* 2^(25 - shift of the ratio) */
        int32_t bias;
        int32_t first, last;    /* the bias of the first column, and what the last one gets besides */
        int multiplier, channels, stride;
        int apart;              /* from the column behind a window to its output */
        int drift;              /* how much less than the input an output's row is long */
        int offset;             /* twice the zero point, and one to round */
        const int8_t *x;
        uint8_t width, padded;
        uint8_t before, skipped;  /* columns before the first output, and those left */
        uint8_t count;          /* of rows */
        int8_t low, high;
      } @_rows;

      #define @@_GET(to, field, byte) "lds " to ", %[rows]+%[" #field "]+" #byte "\n\t"
      #define @@_PUT(from, field, byte) "sts %[rows]+%[" #field "]+" #byte ", " from "\n\t"
      #define @@_FIELD(field) [field] "i"(__builtin_offsetof(struct @_rows_state, field))
      /* A weight times the input in r20, to a sum of 24 bits. */
      #define @@_TAP(weight, s0, s1, s2) \
        "muls " weight ", r20\n\tsbc r25, r25\n\tadd " s0 ", r0\n\tadc " s1 ", r1\n\tadc " s2 ", r25\n\t"
      /* An input and a row of the kernel: the first weight for the next output, the second for this one, the third for
         the one before. */
      #define @@_TAPS(a, to_a, b, to_b, c, to_c) "ld r20, Z\n\t" \
        to_a @@_TAP(a, "r2", "r3", "r4") to_b @@_TAP(b, "r12", "r13", "r11") to_c @@_TAP(c, "r14", "r15", "r16")
      #define @@_DOWN "add r30, r28\n\tadc r31, r29\n\t"
      #if @@_FULL_RANGE
      #define @@_WITHIN
      #else
      #define @@_WITHIN @@_GET("r25", low, 0) "cp r24, r25\n\tbrge 7f\n\tmov r24, r25\n" \
        "7:\t" @@_GET("r25", high, 0) "cp r25, r24\n\tbrge 7f\n\tmov r24, r25\n7:\t"
      #endif

      /* X is at the top of a column, Y the stride, Z the place of an input or output; r10 counts columns, r8 and r9 hold
         apart. T is set where a column completes no output. */
      static @@_NOINLINE void @_depthwise_row(void) {
        __asm__ volatile(
          "push r28\n\tpush r29\n\t"
          @@_GET("r26", weights, 0) @@_GET("r27", weights, 1)
          "ld r21, X+\n\tld r22, X+\n\tld r23, X+\n\tld r5, X+\n\tld r6, X+\n\tld r7, X+\n\t"
          "ld r8, X+\n\tld r9, X+\n\tld r10, X\n\t"
          @@_PUT("r8", third, 0) @@_PUT("r9", third, 1) @@_PUT("r10", third, 2)
          @@_GET("r8", apart, 0) @@_GET("r9", apart, 1) @@_GET("r17", multiplier, 0) @@_GET("r18", multiplier, 1)
          @@_GET("r26", x, 0) @@_GET("r27", x, 1) @@_GET("r28", stride, 0) @@_GET("r29", stride, 1)
          /* A row. */
          "0:\t" @@_GET("r12", first, 0) @@_GET("r13", first, 1) @@_GET("r11", first, 2) @@_GET("r10", width, 0)
          @@_GET("r24", before, 0) @@_PUT("r24", skipped, 0) "set\n"
          /* A column. */
          "1:\tmovw r30, r26\n\t" @@_GET("r2", bias, 0) @@_GET("r3", bias, 1) @@_GET("r4", bias, 2)
          @@_TAPS("r21", "", "r22", "", "r23", "") @@_DOWN
          @@_TAPS("r24", "mov r24, r5\n\t", "r24", "mov r24, r6\n\t", "r24", "mov r24, r7\n\t") @@_DOWN
          @@_TAPS("r24", @@_GET("r24", third, 0), "r24", @@_GET("r24", third, 1), "r24", @@_GET("r24", third, 2))
          "brts 8f\n"
          /* The output: the sum times the multiplier, without two bytes; times the power, without one; halved. */
          "2:\tmul r14, r17\n\tmov r24, r1\n\tmul r14, r18\n\tadd r24, r0\n\tmov r25, r1\n\tclr r14\n\tadc r25, r14\n\t"
          @@_GET("r19", channels, 0) "add r26, r19\n\tadc r27, r14\n\t"
          "mul r15, r17\n\tclr r19\n\tadd r24, r0\n\tadc r25, r1\n\tadc r19, r14\n\t"
          "mul r15, r18\n\tadd r25, r0\n\tadc r19, r1\n\t"
          "mulsu r16, r17\n\tsbc r20, r20\n\tadd r25, r0\n\tadc r19, r1\n\tadc r20, r14\n\t"
          "mulsu r16, r18\n\tadd r19, r0\n\tadc r20, r1\n\t"
          @@_GET("r16", power, 0) "mul r25, r16\n\tmov r24, r1\n\tmul r19, r16\n\tmov r25, r1\n\tadd r24, r0\n\tadc r25, r14\n\t"
          "mulsu r20, r16\n\tmov r15, r1\n\tadd r25, r0\n\tadc r15, r14\n\t"
          @@_GET("r16", offset, 0) "add r24, r16\n\t" @@_GET("r16", offset, 1) "adc r25, r16\n\tadc r15, r16\n\t"
          "asr r15\n\tror r25\n\tror r24\n\t"
          "mov r16, r24\n\tlsl r16\n\tsbc r16, r16\n\tcp r25, r16\n\tcpc r15, r16\n\tbreq 4f\n\t"
          "ldi r24, 127\n\tlsl r15\n\tadc r24, r14\n\trjmp 4f\n8:\trjmp 9f\n"
          "4:\t" @@_WITHIN "movw r30, r26\n\tadd r30, r8\n\tadc r31, r9\n\tst Z, r24\n"
          /* On to the next column. */
          "3:\tmovw r14, r12\n\tmov r16, r11\n\tmovw r12, r2\n\tmov r11, r4\n\tdec r10\n\tbreq 5f\n\trjmp 1b\n"
          /* The output whose last column lies outside: T tells that it is done. */
          "5:\tbrts 6f\n\t" @@_GET("r24", padded, 0) "tst r24\n\tbreq 6f\n\tset\n\tmov r10, r24\n\t"
          @@_GET("r24", last, 0) "add r14, r24\n\t" @@_GET("r24", last, 1) "adc r15, r24\n\t"
          @@_GET("r24", last, 2) "adc r16, r24\n\trjmp 2b\n"
          /* The next row. */
          "6:\t" @@_GET("r24", count, 0) "dec r24\n\t" @@_PUT("r24", count, 0) "breq 6f\n\t"
          @@_GET("r26", x, 0) @@_GET("r27", x, 1) "add r26, r28\n\tadc r27, r29\n\t" @@_PUT("r26", x, 0) @@_PUT("r27", x, 1)
          @@_GET("r30", drift, 0) @@_GET("r31", drift, 1) "sub r8, r30\n\tsbc r9, r31\n\trjmp 0b\n"
          /* A column before the first output. */
          "9:\t" @@_GET("r24", channels, 0) "clr r25\n\tadd r26, r24\n\tadc r27, r25\n\t"
          @@_GET("r24", skipped, 0) "dec r24\n\t" @@_PUT("r24", skipped, 0) "brne 3b\n\tclt\n\trjmp 3b\n"
          "6:\tpop r29\n\tpop r28\n\tclr r1\n"
          : : [rows] "i"(&@_rows), @@_FIELD(weights), @@_FIELD(third), @@_FIELD(power), @@_FIELD(bias), @@_FIELD(first),
            @@_FIELD(last), @@_FIELD(multiplier), @@_FIELD(channels), @@_FIELD(stride), @@_FIELD(apart), @@_FIELD(drift),
            @@_FIELD(offset), @@_FIELD(x), @@_FIELD(width), @@_FIELD(padded), @@_FIELD(before), @@_FIELD(skipped), @@_FIELD(count),
            @@_FIELD(low), @@_FIELD(high)
          : "r0", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "r16", "r17",
            "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r30", "r31", "memory");
      }

      static @@_NOINLINE void @_depthwise_rows(const @_convolution *layer, int8_t *y, const int8_t *x) {
        const @_products *products = &layer->products;
        const @_window *window = &layer->window;
        int channels = window->channels, stride = window->width * channels, channel;
        int8_t outside = (int8_t)layer->zero, padding = (int8_t)window->padding_height;
        @_rows.channels = channels;
        @_rows.stride = stride;
        @_rows.width = (uint8_t)window->width;
        @_rows.padded = (uint8_t)window->padding_width;
        @_rows.before = @_rows.padded ? 1 : 2;
        @_rows.drift = @_rows.padded ? 0 : 2 * channels;
        @_rows.offset = products->zero * 2 + 1;
        @_rows.low = (int8_t)products->low;
        @_rows.high = (int8_t)products->high;
        for (channel = 0; channel < channels; channel++) {
          const int8_t *weight = products->weights + channel;
          int8_t *tap = @_rows.taps + 3, part;
          int32_t bias = @@_WORD(products->bias + channel);
          @_rows.multiplier = @@_HALF(products->multipliers + channel);
          @_rows.power = (uint8_t)(1u << (25 - @@_BYTE(products->shifts + channel)));
          for (part = 9; part > 0; part--) {
            *tap++ = @@_BYTE(weight);
            weight += channels;
          }
          /* The first row, those with all of the kernel in the image, the last one. */
          for (part = (int8_t)-padding; part <= padding; part++) {
            const int8_t *from = x + channel, *taps = @_rows.taps + 3;
            int8_t *to = y + channel;
            int32_t sum = bias;
            uint8_t rows = 1;
            if (part < 0) {
              sum += (int32_t)outside * (int16_t)(taps[0] + taps[1] + taps[2]);
              taps += 3;
            } else if (part > 0) {
              sum += (int32_t)outside * (int16_t)(taps[6] + taps[7] + taps[8]);
              taps -= 3;
              from += (window->height - 3) * stride;
              to += (window->rows - 1) * window->columns * channels;
            } else {
              rows = (uint8_t)(window->rows - 2 * padding);
              to += padding * window->columns * channels;
            }
            @_rows.weights = taps;
            @_rows.bias = sum;
            @_rows.first = sum + (int32_t)outside * (int16_t)(taps[0] + taps[3] + taps[6]);
            @_rows.last = (int32_t)outside * (int16_t)(taps[2] + taps[5] + taps[8]);
            @_rows.count = rows;
            @_rows.x = from;
            @_rows.apart = (int)(to - from) - (@_rows.before + 1) * channels;
            @_depthwise_row();
          }
        }
      }
      #endif
      """#)
}
