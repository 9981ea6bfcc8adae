extension CRoutine {
  /// The beginning of every source: the access to constants, and compiler attributes.
  ///
  /// AVR keeps constants in flash and reads them with special instructions; the structures with a step's
  /// settings are copied to the stack while the step runs.
  static let prelude = CRoutine(
    name: "prelude",
    text: #"""
      #if defined(__AVR__)
      #include <avr/pgmspace.h>
      #define @@_FLASH PROGMEM
      #define @@_SETTINGS(type, name) static const type name##_in_flash PROGMEM
      #define @@_READ_SETTINGS(type, name) type name; @_read(&name, &name##_in_flash, (int)sizeof name)
      #define @@_BYTE(p) ((int8_t)pgm_read_byte(p))
      #define @@_UBYTE(p) ((uint8_t)pgm_read_byte(p))
      #define @@_HALF(p) ((int16_t)pgm_read_word(p))
      #define @@_UHALF(p) ((uint16_t)pgm_read_word(p))
      #define @@_WORD(p) ((int32_t)pgm_read_dword(p))
      #define @@_FLOAT(p) pgm_read_float(p)
      #else
      #define @@_FLASH
      #define @@_SETTINGS(type, name) static const type name
      #define @@_READ_SETTINGS(type, name) ((void)0)
      #define @@_BYTE(p) (*(p))
      #define @@_UBYTE(p) (*(p))
      #define @@_HALF(p) (*(p))
      #define @@_UHALF(p) (*(p))
      #define @@_WORD(p) (*(p))
      #define @@_FLOAT(p) (*(p))
      #endif

      #if defined(__GNUC__)
      #define @@_NOINLINE __attribute__((noinline))
      /* Not every kind of processor calls it. */
      #define @@_SPARE __attribute__((unused))
      /* Keeps compilers from making calls of memcpy and memset from short loops. */
      #define @@_SHORT_LOOP() __asm__ volatile("")
      #else
      #define @@_NOINLINE
      #define @@_SPARE
      #define @@_SHORT_LOOP() ((void)0)
      #endif

      #if defined(__AVR__)
      static @@_NOINLINE @@_SPARE void @_read(void *to, const void *from, int count) {
        uint8_t *bytes = (uint8_t *)to;
        const uint8_t *flash = (const uint8_t *)from;
        for (; count > 0; count--) {
          *bytes++ = pgm_read_byte(flash);
          flash++;
        }
      }
      #endif
      """#)

  /// The instructions of Arm's DSP extension, with two products of 16 bits at a time.
  static let dual = CRoutine(
    name: "dual",
    text: #"""
      #if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
      #define @@_DSP 1
      struct @_unaligned { uint32_t word; } __attribute__((packed, may_alias));
      #define @@_LOAD(p) (((const struct @_unaligned *)(const void *)(p))->word)
      #define @@_STORE(p, v) (((struct @_unaligned *)(void *)(p))->word = (v))
      /* Bytes 0 and 2, and bytes 1 and 3, as two signed halves. */
      #define @@_EVEN(to, from) __asm__("sxtb16 %0, %1" : "=r"(to) : "r"(from))
      #define @@_ODD(to, from) __asm__("sxtb16 %0, %1, ror #8" : "=r"(to) : "r"(from))
      /* The lower halves of a and b as one word, a's below; the upper halves. */
      #define @@_LOWER_PAIR(to, a, b) __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(to) : "r"(a), "r"(b))
      #define @@_UPPER_PAIR(to, a, b) __asm__("pkhtb %0, %2, %1, asr #16" : "=r"(to) : "r"(a), "r"(b))
      /* sum += the products of both halves; of the lower halves; of the upper halves; of a's lower and b's upper half. */
      #define @@_DUAL(sum, a, b) __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b))
      #define @@_LOWER(sum, a, b) __asm__("smlabb %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b))
      #define @@_UPPER(sum, a, b) __asm__("smlatt %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b))
      #define @@_CROSS(sum, a, b) __asm__("smlabt %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b))
      /* The upper 32 of the 48 bits of sum times the lower or upper half of ratio, plus half. */
      #define @@_SCALE(sum, ratio, half) __asm__("smlawb %0, %1, %2, %3" : "=r"(sum) : "r"(sum), "r"(ratio), "r"(half))
      #define @@_SCALE_UPPER(sum, ratio, half) \
        __asm__("smlawt %0, %1, %2, %3" : "=r"(sum) : "r"(sum), "r"(ratio), "r"(half))
      #endif
      """#)

  /// Clamps a sum to bounds.
  ///
  /// If all bounds of a network are those of a byte, processors with a saturating instruction use that.
  static let clamp = CRoutine(
    name: "clamp", needs: [prelude, dual],
    text: #"""
      static @@_SPARE int8_t @_clamp(int32_t value, int low, int high) {
      #if @@_FULL_RANGE
        low = -128;
        high = 127;
      #endif
      #if @@_FULL_RANGE && defined(__ARM_FEATURE_SAT) && defined(__GNUC__)
        __asm__("ssat %0, #8, %1" : "=r"(value) : "r"(value));
        (void)low;
        (void)high;
      #else
        if (value < low) return (int8_t)low;
        if (value > high) return (int8_t)high;
      #endif
        return (int8_t)value;
      }
      """#)

  /// Multiplies a sum by a ratio and rounds once.
  ///
  /// Shifts of fewer than 17 bits, for ratios above a quarter, are rare; their code is left out where no
  /// layer needs it.
  static let rescale = CRoutine(
    name: "rescale", needs: [prelude, dual],
    text: #"""
      #if @@_LARGE_RATIOS
      /* As below for shifts of fewer than 17 bits: any sum beyond 15 bits leaves the range of the result, so it may be
         cut off. */
      static @@_NOINLINE int32_t @_rescale_large(int32_t sum, int16_t multiplier, uint8_t shift) {
        if (sum > 32767) sum = 32767;
        if (sum < -32767) sum = -32767;
        sum *= multiplier;
        return shift == 0 ? sum : (sum + ((int32_t)1 << (shift - 1))) >> shift;
      }
      #endif

      #if !defined(@@_DSP)
      /* floor(sum * multiplier / 2^16) of a multiplier that is not negative. */
      static int32_t @_upper_product(int32_t sum, int16_t multiplier) {
      #if defined(__AVR__)
        int32_t product;
        uint8_t carry;
        __asm__(
          "mul %A[sum], %A[by]\n\tmov %[carry], r1\n\t"
          "mul %B[sum], %B[by]\n\tmovw %A[to], r0\n\t"
          "mulsu %D[sum], %B[by]\n\tmovw %C[to], r0\n\t"
          "mulsu %D[sum], %A[by]\n\tsbc %D[sum], %D[sum]\n\t"
          "add %B[to], r0\n\tadc %C[to], r1\n\tadc %D[to], %D[sum]\n\tclr %D[sum]\n\t"
          "mul %B[sum], %A[by]\n\tadd %[carry], r0\n\tadc %A[to], r1\n\t"
          "adc %B[to], %D[sum]\n\tadc %C[to], %D[sum]\n\tadc %D[to], %D[sum]\n\t"
          "mul %A[sum], %B[by]\n\tadd %[carry], r0\n\tadc %A[to], r1\n\t"
          "adc %B[to], %D[sum]\n\tadc %C[to], %D[sum]\n\tadc %D[to], %D[sum]\n\t"
          "mul %C[sum], %A[by]\n\tadd %A[to], r0\n\tadc %B[to], r1\n\t"
          "adc %C[to], %D[sum]\n\tadc %D[to], %D[sum]\n\t"
          "mul %C[sum], %B[by]\n\tadd %B[to], r0\n\tadc %C[to], r1\n\tadc %D[to], %D[sum]\n\t"
          "clr r1\n"
          : [to] "=&r"(product), [carry] "=&r"(carry), [sum] "+a"(sum) : [by] "a"(multiplier) : "r0");
        return product;
      #else
        return (int32_t)(int16_t)(sum >> 16) * multiplier
          + (int32_t)(((uint32_t)(uint16_t)sum * (uint16_t)multiplier) >> 16);
      #endif
      }
      #endif

      /* floor((sum * multiplier + 2^(shift - 1)) / 2^shift): flooring twice by shifts is flooring once. */
      static @@_SPARE int32_t @_rescale(int32_t sum, int16_t multiplier, uint8_t shift) {
        int32_t product;
      #if @@_LARGE_RATIOS
        if (shift < 17) return @_rescale_large(sum, multiplier, shift);
      #endif
      #if defined(@@_DSP)
        __asm__("smlawb %0, %1, %2, %3"
                : "=r"(product) : "r"(sum), "r"(multiplier), "r"((int32_t)1 << (shift - 17)));
        return product >> (shift - 16);
      #else
        product = @_upper_product(sum, multiplier);
      #if defined(__AVR__)
        shift = (uint8_t)(shift - 17);
        if (shift >= 16) { product >>= 16; shift = (uint8_t)(shift - 16); }
        if (shift >= 8) { product >>= 8; shift = (uint8_t)(shift - 8); }
        product >>= shift;
        return (product + 1) >> 1;
      #else
        return (product + ((int32_t)1 << (shift - 17))) >> (shift - 16);
      #endif
      #endif
      }
      """#)

  /// The same in AVR assembly for results of a byte, with the shift less 17; results are cut off to 15 bits.
  ///
  /// A shift by up to seven bits is a multiplication by a power of two and a move of a byte, which takes as long for every shift.
  static let rescaleShort = CRoutine(
    name: "rescale_short", needs: [rescale],
    text: #"""
      #if defined(__AVR__)
      static inline int @_rescale_short(int32_t sum, int16_t multiplier, uint8_t shift) {
        uint8_t extra;
      #if @@_SHORT_SUMS
        int32_t value;
        /* The bytes 2, 3 and 4 of the product of 24 and 16 bits. */
        __asm__(
          "mul %A[sum], %A[by]\n\tmov %[extra], r1\n\t"
          "mul %A[sum], %B[by]\n\tadd %[extra], r0\n\tmov %A[to], r1\n\tclr %A[sum]\n\tadc %A[to], %A[sum]\n\t"
          "mul %B[sum], %A[by]\n\tclr %B[to]\n\tadd %[extra], r0\n\tadc %A[to], r1\n\tadc %B[to], %A[sum]\n\t"
          "mul %B[sum], %B[by]\n\tadd %A[to], r0\n\tadc %B[to], r1\n\t"
          "mulsu %C[sum], %A[by]\n\tsbc %C[to], %C[to]\n\tadd %A[to], r0\n\tadc %B[to], r1\n\tadc %C[to], %A[sum]\n\t"
          "mulsu %C[sum], %B[by]\n\tadd %B[to], r0\n\tadc %C[to], r1\n\t"
          "clr r1\n\tmov %D[to], %C[to]\n\tlsl %D[to]\n\tsbc %D[to], %D[to]\n"
          : [to] "=&r"(value), [extra] "=&r"(extra), [sum] "+a"(sum) : [by] "a"(multiplier) : "r0");
      #define @@_FITS
      #else
        int32_t value = @_upper_product(sum, multiplier);
        /* Beyond 24 bits the result is beyond 16. */
      #define @@_FITS \
          "mov %[extra], %C[value]\n\tlsl %[extra]\n\tsbc %[extra], %[extra]\n\tcp %[extra], %D[value]\n\tbrne 4f\n\t"
      #endif
        __asm__(
          /* Whole bytes. */
          "1:\tcpi %[shift], 8\n\tbrlo 2f\n\t"
          "mov %A[value], %B[value]\n\tmov %B[value], %C[value]\n\tmov %C[value], %D[value]\n\tlsl %D[value]\n\t"
          "sbc %D[value], %D[value]\n\tsubi %[shift], 8\n\trjmp 1b\n"
          /* Times 2^(8 - shift), without the lowest byte. */
          "2:\t" @@_FITS "mov %D[value], %C[value]\n\tsubi %[shift], 1\n\tbrcs 3f\n\t"
          "ldi %[extra], 128\n\tsbrc %[shift], 2\n\tswap %[extra]\n\tsbrc %[shift], 1\n\tlsr %[extra]\n\t"
          "sbrc %[shift], 1\n\tlsr %[extra]\n\tsbrc %[shift], 0\n\tlsr %[extra]\n\t"
          "mul %A[value], %[extra]\n\tmov %A[value], r1\n\tmulsu %C[value], %[extra]\n\tmov %C[value], r0\n\t"
          "mov %D[value], r1\n\tmul %B[value], %[extra]\n\tadd %A[value], r0\n\tadc %C[value], r1\n\t"
          "mov %B[value], %C[value]\n\tclr r1\n\tadc %D[value], r1\n"
          /* Cut off at 16 bits: the third byte is the sign of the second one, or the sign of all. */
          "3:\tmov %[extra], %B[value]\n\tlsl %[extra]\n\tsbc %[extra], %[extra]\n\tcp %[extra], %D[value]\n\tbreq 5f\n"
          "4:\tlsl %D[value]\n\tsbc %A[value], %A[value]\n\tcom %A[value]\n\tmov %B[value], %A[value]\n\t"
          "subi %B[value], 128\n"
          /* Halved, halves up. */
          "5:\tasr %B[value]\n\tror %A[value]\n\tadc %A[value], r1\n\tadc %B[value], r1\n"
          : [value] "+a"(value), [shift] "+a"(shift), [extra] "=&a"(extra) : : "r0");
      #undef @@_FITS
        return (int)value;
      }
      #endif
      """#)
}
