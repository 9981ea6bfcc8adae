extension CRoutine {
  /// Sums the inputs whose weight is plus one; outputs are `Σ ±x = 2·Σ_{+} x - Σ x`.
  ///
  /// Bytes are read as 0…255, 128 more than their values; the bias compensates. On AVR a weight takes six
  /// cycles and an eighth of a load, with sums of 16 bits. With Arm's DSP extension four bytes are masked and
  /// summed at a time.
  private static let sumOfSet = CRoutine(
    name: "sum_of_set", needs: [prelude, dual],
    text: #"""
      /* The sum of count bytes whose sign is set, at most 256 of them. */
      #if defined(__AVR__)
      static @@_NOINLINE @@_SPARE uint16_t @_sum_of_set(const int8_t *x, const uint8_t *signs, int count) {
        register int left __asm__("r24") = count;
        uint8_t bits, value;
        uint16_t sum = 0;
      #define @@_STEP(bit) "ld %[value], X+\n\tsubi %[value], 128\n\tsbrc %[bits], " #bit "\n\tadd %A[sum], %[value]\n\t" \
        "sbrc %[bits], " #bit "\n\tadc %B[sum], r1\n\t"
        __asm__ volatile(
          "sbiw %[left], 8\n\tbrlt 2f\n"
          "1:\tlpm %[bits], Z+\n\t" @@_STEP(0) @@_STEP(1) @@_STEP(2) @@_STEP(3) @@_STEP(4) @@_STEP(5) @@_STEP(6)
          @@_STEP(7) "sbiw %[left], 8\n\tbrge 1b\n"
          "2:\tadiw %[left], 8\n\tbreq 4f\n\tlpm %[bits], Z+\n"
          "3:\t" @@_STEP(0) "lsr %[bits]\n\tsbiw %[left], 1\n\tbrne 3b\n"
          "4:\n"
          : [left] "+r"(left), [sum] "+a"(sum), "+x"(x), "+z"(signs), [bits] "=&a"(bits), [value] "=&a"(value)
          : : "memory");
      #undef @@_STEP
        return sum;
      }
      #else
      #if defined(@@_DSP)
      static const uint32_t @_bytes_by_bit[16] = {
        0x00000000u, 0x000000ffu, 0x0000ff00u, 0x0000ffffu, 0x00ff0000u, 0x00ff00ffu, 0x00ffff00u, 0x00ffffffu,
        0xff000000u, 0xff0000ffu, 0xff00ff00u, 0xff00ffffu, 0xffff0000u, 0xffff00ffu, 0xffffff00u, 0xffffffffu};
      #endif
      static int32_t @_sum_of_set(const int8_t *x, const uint8_t *signs, int count) {
        int32_t sum = 0;
        int bit = 0;
      #if defined(@@_DSP)
        uint32_t zero = 0;
        for (; count > 7; count -= 8) {
          uint32_t low = (@@_LOAD(x) ^ 0x80808080u) & @_bytes_by_bit[*signs & 15];
          uint32_t high = (@@_LOAD(x + 4) ^ 0x80808080u) & @_bytes_by_bit[*signs >> 4];
          __asm__("usada8 %0, %1, %2, %0" : "+r"(sum) : "r"(low), "r"(zero));
          __asm__("usada8 %0, %1, %2, %0" : "+r"(sum) : "r"(high), "r"(zero));
          x += 8;
          signs++;
        }
      #else
        for (; count > 7; count -= 8) {
          uint32_t set = *signs++;
      #define @@_MASKED(bit) sum += (x[bit] + 128) & ((int32_t)(set << (31 - bit)) >> 31)
          @@_MASKED(0); @@_MASKED(1); @@_MASKED(2); @@_MASKED(3);
          @@_MASKED(4); @@_MASKED(5); @@_MASKED(6); @@_MASKED(7);
      #undef @@_MASKED
          x += 8;
        }
      #endif
        for (; bit < count; bit++) sum += (*x++ + 128) & -(int32_t)(signs[bit >> 3] >> (bit & 7) & 1);
        return sum;
      }
      #endif
      """#)

  /// The outputs of rows of signs.
  static let signs = CRoutine(
    name: "signs", needs: [products, sumOfSet],
    text: #"""
      /* Outputs first, first + 1, ... (count of them) of run bytes. Gives back the signs that follow. */
      static const uint8_t *@_signs(const @_products *layer, const uint8_t *signs, int first, int count, int8_t *y,
                                    const int8_t *x, int run) {
        int32_t total = 0;
        int i;
        for (i = 0; i < run; i++) total += x[i] + 128;
        for (; count > 0; count--) {
          int32_t set = 0;
          const int8_t *from = x;
          int left = run;
          while (left > 0) {
            int some = left < 256 ? left : 256;   /* 256 bytes of 255 fit 16 bits */
            set += (int32_t)@_sum_of_set(from, signs, some);
            from += some;
            signs += (some + 7) >> 3;
            left -= some;
          }
          y[first] = @_output(layer, first, @@_WORD(layer->bias + first) + set + set - total);
          first++;
        }
        return signs;
      }
      """#)

  /// Convolutions of rows of signs.
  static let convolveSigns = convolve(signs, onAVRAlone: false)
}
