extension CRoutine {
  /// The C structure and the output function of layers with weights.
  static let products = CRoutine(
    name: "products", needs: [clamp, rescale],
    text: #"""
      typedef struct {
        const int8_t *weights;
        const int32_t *bias;
        const int16_t *multipliers;
        const int8_t *shifts;
        int outputs, zero, low, high;
      } @_products;

      /* An output of a sum with its bias. */
      static int8_t @_output(const @_products *layer, int output, int32_t sum) {
        int8_t shift = @@_BYTE(layer->shifts + output);
      #if @@_SHIFTS_ALONE
        /* Halves go up: flooring twice by shifts is flooring once. */
        int32_t value = shift > 0 ? ((sum >> (shift - 1)) + 1) >> 1 : (int32_t)((uint32_t)sum << -shift);
      #else
        int32_t value = @_rescale(sum, @@_HALF(layer->multipliers + output), (uint8_t)shift);
      #endif
        return @_clamp(value + layer->zero, layer->low, layer->high);
      }
      """#)

  /// A sum of products with weights in flash.
  static let dot = CRoutine(
    name: "dot", needs: [prelude, dual], text: dotText(suffix: "", load: "lpm %[b], Z+"))

  /// A sum of products with weights in memory, on processors where that differs from flash.
  static let dotInMemory = CRoutine(
    name: "dot_memory", needs: [dot],
    text: """
      #if defined(__AVR__)
      \(avrDot(suffix: "_memory", load: "ld %[b], Z+"))
      #else
      #define @_dot_memory @_dot
      #endif
      """)

  /// The outputs of runs of bytes that lie `stride` apart.
  static let dense = CRoutine(name: "dense", needs: [products, dot], text: denseText(suffix: ""))

  /// The same with weights in memory.
  static let denseInMemory = CRoutine(
    name: "dense_memory", needs: [dense, dotInMemory],
    text: """
      #if defined(__AVR__)
      \(avrDense(suffix: "_memory"))
      #else
      #define @_dense_memory @_dense
      #endif
      """)

  /// MULS leaves the product's sign in the carry, and SBC spreads it over a byte.
  private static func avrDot(suffix: String, load: String) -> String {
    #"""
    static @@_NOINLINE @@_SPARE int32_t @_dot\#(suffix)(const int8_t *x, const int8_t *weights, int count, int32_t sum) {
      uint8_t a, b, sign;
    #define @@_MULTIPLY "ld %[a], X+\n\t\#(load)\n\tmuls %[a], %[b]\n\tsbc %[sign], %[sign]\n\t" \
      "add %A[sum], r0\n\tadc %B[sum], r1\n\tadc %C[sum], %[sign]\n\tadc %D[sum], %[sign]\n\t"
      __asm__ volatile(
        "sbiw %[count], 4\n\tbrlt 2f\n"
        "1:\t" @@_MULTIPLY @@_MULTIPLY @@_MULTIPLY @@_MULTIPLY "sbiw %[count], 4\n\tbrge 1b\n"
        "2:\tadiw %[count], 4\n\tbreq 4f\n"
        "3:\t" @@_MULTIPLY "sbiw %[count], 1\n\tbrne 3b\n"
        "4:\tclr r1\n"
        : [sum] "+r"(sum), [count] "+w"(count), "+x"(x), "+z"(weights), [a] "=&d"(a), [b] "=&d"(b),
          [sign] "=&r"(sign) : : "r0", "memory");
    #undef @@_MULTIPLY
      return sum;
    }
    """#
  }

  private static func dotText(suffix: String, load: String) -> String {
    #"""
    /* sum + the products of count bytes with as many weights. */
    #if defined(__AVR__)
    \#(avrDot(suffix: suffix, load: load))
    #else
    static int32_t @_dot(const int8_t *x, const int8_t *weights, int count, int32_t sum) {
    #if defined(@@_DSP)
      int words;
      for (words = count / 4; words > 0; words--) {
        uint32_t v = @@_LOAD(x), w = @@_LOAD(weights), a, b, c, d;
        @@_EVEN(a, v); @@_ODD(b, v); @@_EVEN(c, w); @@_ODD(d, w);
        @@_DUAL(sum, a, c); @@_DUAL(sum, b, d);
        x += 4;
        weights += 4;
      }
      count &= 3;
    #endif
      for (; count > 0; count--) sum += (int32_t)*x++ * *weights++;
      return sum;
    }
    #endif
    """#
  }

  private static func avrDense(suffix: String) -> String {
    #"""
    static @@_SPARE void @_dense\#(suffix)(const @_products *layer, const int8_t *weights, int first, int count,
                         int8_t *y, const int8_t *x, int rows, int run, int stride) {
      for (; count > 0; count--) {
        int32_t sum = @@_WORD(layer->bias + first);
        const int8_t *from = x;
        int row;
        for (row = 0; row < rows; row++) {
          sum = @_dot\#(suffix)(from, weights, run, sum);
          from += stride;
          weights += run;
        }
        y[first] = @_output(layer, first, sum);
        first++;
      }
    }
    """#
  }

  /// Four outputs at a time share the inputs that they read; two on processors with few registers.
  private static func denseText(suffix: String) -> String {
    #"""
    /* Outputs first, first + 1, ... (count of them) of one place: rows runs of run bytes, stride apart in x. */
    #if defined(__AVR__)
    \#(avrDense(suffix: suffix))
    #else
    static void @_dense(const @_products *layer, const int8_t *weights, int first, int count, int8_t *y,
                        const int8_t *x, int rows, int run, int stride) {
      const int32_t *bias = layer->bias + first;
      int length = rows * run, left, row;
    #if defined(@@_DSP)
      for (left = count / 4; left > 0; left--) {
        int32_t s0 = bias[0], s1 = bias[1], s2 = bias[2], s3 = bias[3];
        const int8_t *from = x;
        for (row = 0; row < rows; row++) {
          const int8_t *words = from + (run & ~3), *end = from + run;
          while (from < words) {
            uint32_t v = @@_LOAD(from), w, a, b, c, d;
            @@_EVEN(a, v); @@_ODD(b, v);
            w = @@_LOAD(weights);
            @@_EVEN(c, w); @@_ODD(d, w); @@_DUAL(s0, a, c); @@_DUAL(s0, b, d);
            w = @@_LOAD(weights + length);
            @@_EVEN(c, w); @@_ODD(d, w); @@_DUAL(s1, a, c); @@_DUAL(s1, b, d);
            w = @@_LOAD(weights + 2 * length);
            @@_EVEN(c, w); @@_ODD(d, w); @@_DUAL(s2, a, c); @@_DUAL(s2, b, d);
            w = @@_LOAD(weights + 3 * length);
            @@_EVEN(c, w); @@_ODD(d, w); @@_DUAL(s3, a, c); @@_DUAL(s3, b, d);
            from += 4;
            weights += 4;
          }
          while (from < end) {
            int32_t v = *from++;
            s0 += v * weights[0];
            s1 += v * weights[length];
            s2 += v * weights[2 * length];
            s3 += v * weights[3 * length];
            weights++;
          }
          from += stride - run;
        }
        weights += 3 * length;
        bias += 4;
        y[first] = @_output(layer, first, s0);
        y[first + 1] = @_output(layer, first + 1, s1);
        y[first + 2] = @_output(layer, first + 2, s2);
        y[first + 3] = @_output(layer, first + 3, s3);
        first += 4;
      }
      left = count & 3;
    #else
      for (left = count / 2; left > 0; left--) {
        int32_t s0 = bias[0], s1 = bias[1];
        const int8_t *from = x;
        for (row = 0; row < rows; row++) {
          const int8_t *end = from + run;
          while (from < end) {
            int32_t v = *from++;
            s0 += v * weights[0];
            s1 += v * weights[length];
            weights++;
          }
          from += stride - run;
        }
        weights += length;
        bias += 2;
        y[first] = @_output(layer, first, s0);
        y[first + 1] = @_output(layer, first + 1, s1);
        first += 2;
      }
      left = count & 1;
    #endif
      for (; left > 0; left--) {
        int32_t sum = *bias++;
        const int8_t *from = x;
        for (row = 0; row < rows; row++) {
          sum = @_dot(from, weights, run, sum);
          from += stride;
          weights += run;
        }
        y[first] = @_output(layer, first, sum);
        first++;
      }
    }
    #endif
    """#
  }
}
