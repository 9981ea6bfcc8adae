extension CRoutine {
  /// Counts the bits that are set in two rows: 32 at a time, or by a table of bytes on AVR.
  private static let countOfBoth = CRoutine(
    name: "count_of_both", needs: [prelude, dual],
    text: #"""
      #if defined(__AVR__)
      #define @@_ONES2(n) n, n + 1, n + 1, n + 2
      #define @@_ONES4(n) @@_ONES2(n), @@_ONES2(n + 1), @@_ONES2(n + 1), @@_ONES2(n + 2)
      #define @@_ONES6(n) @@_ONES4(n), @@_ONES4(n + 1), @@_ONES4(n + 1), @@_ONES4(n + 2)
      static const uint8_t @_ones_of_byte[256] PROGMEM = {@@_ONES6(0), @@_ONES6(1), @@_ONES6(1), @@_ONES6(2)};
      #undef @@_ONES2
      #undef @@_ONES4
      #undef @@_ONES6
      /* The bits that are set in both rows of count bytes, the first one in flash. */
      static @@_SPARE uint16_t @_count_of_both(const uint8_t *signs, const uint8_t *bits, int count) {
        uint16_t sum = 0;
        for (; count > 0; count--) {
          sum += pgm_read_byte(@_ones_of_byte + (uint8_t)(pgm_read_byte(signs) & *bits));
          signs++;
          bits++;
        }
        return sum;
      }
      #else
      static uint32_t @_ones(uint32_t word) {
      #if defined(__POPCNT__) && defined(__GNUC__)
        return (uint32_t)__builtin_popcount(word);
      #else
        word -= (word >> 1) & 0x55555555u;
        word = (word & 0x33333333u) + ((word >> 2) & 0x33333333u);
        return (((word + (word >> 4)) & 0x0f0f0f0fu) * 0x01010101u) >> 24;
      #endif
      }
      static uint32_t @_word_of_bits(const uint8_t *bits) {
      #if defined(@@_DSP)
        return @@_LOAD(bits);
      #else
        return (uint32_t)bits[0] | (uint32_t)bits[1] << 8 | (uint32_t)bits[2] << 16 | (uint32_t)bits[3] << 24;
      #endif
      }
      /* The bits that are set in both rows of count bytes. */
      static int32_t @_count_of_both(const uint8_t *signs, const uint8_t *bits, int count) {
        uint32_t sum = 0;
        for (; count > 3; count -= 4) {
          sum += @_ones(@_word_of_bits(signs) & @_word_of_bits(bits));
          signs += 4;
          bits += 4;
        }
        for (; count > 0; count--) {
          sum += @_ones((uint32_t)(*signs & *bits));
          signs++;
          bits++;
        }
        return (int32_t)sum;
      }
      #endif
      """#)

  /// Packs bytes of two neighbouring values to bits, the lower value as 0, from the lowest bit of a byte.
  ///
  /// The values differ in their last bit; with Arm's DSP extension a product collects the last bits of four
  /// bytes.
  private static let packBits = CRoutine(
    name: "pack_bits", needs: [prelude, dual],
    text: #"""
      /* Gives back how many bits of packed are set. */
      static @@_SPARE int32_t @_pack_bits(uint8_t *packed, const int8_t *x, int count, int least) {
        int32_t ones = 0;
        int i;
        while (count > 0) {
          int some = count < 8 ? count : 8;
          uint8_t set = 0;
      #if defined(@@_DSP)
          if (some == 8) {
            uint32_t flip = (uint32_t)(least & 1) * 0x01010101u;
            uint32_t low = (@@_LOAD(x) ^ flip) & 0x01010101u, high = (@@_LOAD(x + 4) ^ flip) & 0x01010101u;
            set = (uint8_t)((low * 0x10204080u) >> 28 | (high * 0x10204080u) >> 28 << 4);
            ones += (int32_t)(((low + high) * 0x01010101u) >> 24);
          } else
      #endif
          for (i = 0; i < some; i++) {
            if (x[i] != least) {
              set = (uint8_t)(set | 1u << i);
              ones++;
            }
          }
          *packed++ = set;
          x += some;
          count -= some;
        }
        return ones;
      }
      """#)

  /// The outputs of rows of signs for inputs of one bit: `Σ ±b = 2·|{+} and {b = 1}| - |{b = 1}|`.
  static let bits = CRoutine(
    name: "bits", needs: [products, countOfBoth, packBits],
    text: #"""
      /* Outputs first, first + 1, ... (count of them) of run bytes, packed first. Gives back the signs that follow. */
      static const uint8_t *@_bits(const @_products *layer, const uint8_t *signs, int first, int count, int8_t *y,
                                   const int8_t *x, int run, uint8_t *packed, int least) {
        int32_t ones = @_pack_bits(packed, x, run, least);
        int bytes = (run + 7) >> 3;
        for (; count > 0; count--) {
          int32_t both = (int32_t)@_count_of_both(signs, packed, bytes);
          y[first] = @_output(layer, first, @@_WORD(layer->bias + first) + both + both - ones);
          first++;
          signs += bytes;
        }
        return signs;
      }
      """#)

  /// Convolutions of rows of signs for inputs of one bit.
  static let convolveBits = convolve(bits, onAVRAlone: false, packing: true)
}
