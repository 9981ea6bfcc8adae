extension CRoutine {
  /// Sums inputs by the symbols of their weights, for processors on which multiplication is expensive.
  ///
  /// All inputs whose weights have the same symbol are summed first, with a load, an addition and a store
  /// each. The sixteen sums are then combined by doublings, so that nothing is multiplied. Bytes are read as
  /// 0…255, 128 more than their values; the bias compensates. A zero is skipped, as black pixels and
  /// rectified values mostly are, and the upper byte of a sum changes only with a carry. The lower bytes of
  /// the sums lie before the upper ones, at an address whose lowest bits are a symbol.
  private static let sumBySymbol = CRoutine(
    name: "sum_by_symbol", needs: [prelude],
    text: #"""
      #if defined(__AVR__)
      static uint8_t @_sums[32] __attribute__((aligned(32)));

      /* Adds count bytes to the sums of their symbols, two symbols a byte. */
      static @@_NOINLINE @@_SPARE void @_sum_by_symbol(const int8_t *x, const uint8_t *symbols, int count) {
        register int left __asm__("r24") = count;
        uint8_t pair, value, sum;
      #define @@_LOWER_HALF "ld %[value], X+\n\tsubi %[value], 128\n\tbreq .+20\n\tmov r28, %[pair]\n\t" @@_ADD
      #define @@_UPPER_HALF "ld %[value], X+\n\tsubi %[value], 128\n\tbreq .+22\n\tswap %[pair]\n\t" \
        "mov r28, %[pair]\n\t" @@_ADD
      #define @@_ADD "andi r28, 15\n\tor r28, %A[sums]\n\tld %[sum], Y\n\tadd %[sum], %[value]\n\t" \
        "st Y, %[sum]\n\tbrcc .+6\n\tldd %[sum], Y+16\n\tinc %[sum]\n\tstd Y+16, %[sum]\n\t"
        /* Y may be the frame's: it is put back. */
        __asm__ volatile(
          "push r28\n\tpush r29\n\tmov r29, %B[sums]\n\tsbiw %[left], 2\n\tbrlt 2f\n"
          "1:\tlpm %[pair], Z+\n\t" @@_LOWER_HALF @@_UPPER_HALF "sbiw %[left], 2\n\tbrge 1b\n"
          "2:\tadiw %[left], 2\n\tbreq 3f\n\tlpm %[pair], Z+\n\t" @@_LOWER_HALF
          "3:\tpop r29\n\tpop r28\n"
          : [left] "+r"(left), "+x"(x), "+z"(symbols), [pair] "=&a"(pair), [value] "=&a"(value),
            [sum] "=&a"(sum) : [sums] "a"(@_sums) : "memory");
      #undef @@_LOWER_HALF
      #undef @@_UPPER_HALF
      #undef @@_ADD
      }

      /* The sum of a number's symbol less that of its negative; both are zero afterwards. */
      static @@_NOINLINE @@_SPARE int32_t @_take(uint8_t symbol) {
        uint8_t *plus = @_sums + symbol, *minus = plus + 8;
        uint16_t more = (uint16_t)(plus[0] | (uint16_t)plus[16] << 8);
        uint16_t less = (uint16_t)(minus[0] | (uint16_t)minus[16] << 8);
        plus[0] = plus[16] = minus[0] = minus[16] = 0;
        return (int32_t)more - less;
      }
      #endif
      """#)

  /// The outputs of rows of four-bit symbols: a sign bit above an index into zero and these magnitudes.
  static func levels(_ magnitudes: [Int8]) -> CRoutine {
    let name = "levels_" + magnitudes.map(String.init).joined(separator: "_")
    return CRoutine(
      name: name, needs: [products, sumBySymbol],
      text: """
        #if defined(__AVR__)
        /* The sums by symbol put together: bit after bit of the magnitudes, from the highest on. */
        static @@_NOINLINE @@_SPARE int32_t @_put_together_\(name)(void) {
        \(puttingTogether(magnitudes))
        }

        /* Outputs first, first + 1, ... (count of them) of run bytes. Gives back the symbols that follow. */
        static @@_SPARE const uint8_t *@_\(name)(const @_products *layer, const uint8_t *symbols, int first, int count,
                                      int8_t *y, const int8_t *x, int run) {
          for (; count > 0; count--) {
            int32_t sum = @@_WORD(layer->bias + first);
            const int8_t *from = x;
            int left = run;
            while (left > 0) {
              int some = left < 256 ? left : 256;   /* 256 bytes of 255 fit 16 bits */
              @_sum_by_symbol(from, symbols, some);
              sum += @_put_together_\(name)();
              from += some;
              symbols += (some + 1) >> 1;
              left -= some;
            }
            y[first] = @_output(layer, first, sum);
            first++;
          }
          return symbols;
        }
        #endif
        """)
  }

  /// Convolutions of rows of four-bit symbols.
  static func convolveLevels(_ magnitudes: [Int8]) -> CRoutine {
    convolve(levels(magnitudes), onAVRAlone: true)
  }

  /// C code for `sum = 2·sum + Σ of the magnitudes with the bit`, without multiplication.
  ///
  /// The sums by symbol that several bits need are stored.
  private static func puttingTogether(_ magnitudes: [Int8]) -> String {
    let isKept = magnitudes.contains { $0 & ($0 - 1) != 0 }
    var lines = ["  int32_t sum = 0\(isKept ? ", sums[\(magnitudes.count + 1)]" : "");"]
    if isKept {
      lines.append("  uint8_t i;")
      lines.append("  for (i = 1; i <= \(magnitudes.count); i++) sums[i] = @_take(i);")
    }
    for bit in (0..<7).reversed() {
      let places = magnitudes.indices.filter { magnitudes[$0] >> bit & 1 == 1 }.map {
        isKept ? "sums[\($0 + 1)]" : "@_take(\($0 + 1))"
      }
      let higher = magnitudes.contains { $0 >> (bit + 1) > 0 }
      guard higher || !places.isEmpty else { continue }
      if higher { lines.append("  sum += sum;") }
      if !places.isEmpty { lines.append("  sum += \(places.joined(separator: " + "));") }
    }
    return (lines + ["  return sum;"]).joined(separator: "\n")
  }
}
