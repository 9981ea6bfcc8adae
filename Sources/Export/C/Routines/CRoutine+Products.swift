extension CRoutine {
  /// The C structure and the output function of layers with weights.
  static let products = CRoutine(
    name: "products", needs: [clamp, rescale, rescaleShort],
    text: #"""
      typedef struct {
        const int8_t *weights;
        const int32_t *bias;
        const int16_t *multipliers;
        const int8_t *shifts;
        int outputs, zero, low, high;
      } @_products;

      /* An output of a sum with its bias, by the ratio that the pointers name. */
      static inline int8_t @_scaled(int32_t sum, const int16_t *multiplier, const int8_t *shifts, int zero, int low,
                                    int high) {
        int8_t shift = @@_BYTE(shifts);
      #if @@_SHIFTS_ALONE
        /* Halves go up: flooring twice by shifts is flooring once. */
        int32_t value = shift > 0 ? ((sum >> (shift - 1)) + 1) >> 1 : (int32_t)((uint32_t)sum << -shift);
        (void)multiplier;
      #elif defined(__AVR__) && !@@_LARGE_RATIOS
        int value = @_rescale_short(sum, @@_HALF(multiplier), (uint8_t)(shift - 17)) + zero;
        if (@@_FULL_RANGE) {
          low = -128;
          high = 127;
        }
        return (int8_t)(value < low ? low : value > high ? high : value);
      #else
        int32_t value = @_rescale(sum, @@_HALF(multiplier), (uint8_t)shift);
      #endif
      #if @@_SHIFTS_ALONE || !defined(__AVR__) || @@_LARGE_RATIOS
        return @_clamp(value + zero, low, high);
      #endif
      }

      /* An output of a sum with its bias. */
      static @@_SPARE int8_t @_output(const @_products *layer, int output, int32_t sum) {
        return @_scaled(
          sum, layer->multipliers + output, layer->shifts + output, layer->zero, layer->low, layer->high);
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

  /// Outputs of a dense product with an input of several runs of bytes, `stride` apart.
  static let dense = CRoutine(name: "dense", needs: [products, dot], text: denseText(suffix: ""))

  /// Outputs of a dense product with weights in memory.
  static let denseInMemory = CRoutine(
    name: "dense_memory", needs: [dense, dotInMemory],
    text: """
      #if defined(__AVR__)
      \(avrDense(suffix: "_memory"))
      #else
      #define @_dense_memory @_dense
      #endif
      """)

  /// Outputs of two windows at a time: a word of weights is unpacked once for both windows, a word of inputs once for two filters.
  ///
  /// The loop needs all registers. The order of its instructions is fixed and keeps the lifetimes of values short; in other orders,
  /// compilers spill sums to memory.
  static let denseOfTwo = CRoutine(
    name: "dense_two", needs: [products, dense],
    text: #"""
      #if defined(@@_DSP)
      #define @@_EVEN_NEXT(to, from) __asm__ volatile("sxtb16 %0, %1" : "=r"(to) : "r"(from))
      #define @@_ODD_NEXT(to, from) __asm__ volatile("sxtb16 %0, %1, ror #8" : "=r"(to) : "r"(from))
      #define @@_DUAL_NEXT(sum, a, b) __asm__ volatile("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b))

      /* An output of each of two windows. */
      static inline void @_output_two(const @_products *layer, int output, int8_t *y, int32_t s, int32_t t) {
      #if @@_SHIFTS_ALONE || @@_LARGE_RATIOS
        y[0] = @_output(layer, output, s);
        y[layer->outputs] = @_output(layer, output, t);
      #else
        int32_t ratio = layer->multipliers[output], shift = layer->shifts[output] - 17, half = (int32_t)1 << shift;
        @@_SCALE(s, ratio, half);
        @@_SCALE(t, ratio, half);
        /* Flooring twice by shifts is flooring once. */
        y[0] = @_clamp((s >> shift >> 1) + layer->zero, layer->low, layer->high);
        y[layer->outputs] = @_clamp((t >> shift >> 1) + layer->zero, layer->low, layer->high);
      #endif
      }

      /* Outputs first, first + 1, ... (count of them) of two windows of length bytes, one behind the other. */
      static @@_NOINLINE @@_SPARE void @_dense_two(const @_products *layer, const int8_t *weights, int first, int count,
                                                   int8_t *y, const int8_t *x, int length) {
        int end = first + (count & ~1);
        y += first;
        for (; first < end; first += 2) {
          int32_t s0 = layer->bias[first], s1 = layer->bias[first + 1], t0 = s0, t1 = s1;
          const int8_t *from = x, *words = x + (length & ~3), *last = x + length;
          while (from < words) {
            uint32_t a, b, w, c, d, e;
            w = @@_LOAD(weights + length);
            b = @@_LOAD(from + length);
            a = @@_LOAD(from);
            @@_EVEN_NEXT(c, w); @@_ODD_NEXT(w, w);
            @@_EVEN_NEXT(d, a); @@_ODD_NEXT(a, a); @@_EVEN_NEXT(e, b); @@_ODD_NEXT(b, b);
            @@_DUAL_NEXT(s1, d, c); @@_DUAL_NEXT(t1, e, c); @@_DUAL_NEXT(s1, a, w); @@_DUAL_NEXT(t1, b, w);
            w = @@_LOAD(weights);
            @@_EVEN_NEXT(c, w); @@_ODD_NEXT(w, w);
            @@_DUAL_NEXT(s0, d, c); @@_DUAL_NEXT(t0, e, c); @@_DUAL_NEXT(s0, a, w); @@_DUAL_NEXT(t0, b, w);
            from += 4;
            weights += 4;
          }
          while (from < last) {
            int32_t a = from[0], b = from[length], w = weights[0], v = weights[length];
            s0 += a * w;
            t0 += b * w;
            s1 += a * v;
            t1 += b * v;
            from++;
            weights++;
          }
          weights += length;
          @_output_two(layer, first, y, s0, t0);
          @_output_two(layer, first + 1, y + 1, s1, t1);
          y += 2;
        }
        if (count & 1) {
          y -= first;
          @_dense(layer, weights, first, 1, y, x, 1, length, 0);
          @_dense(layer, weights, first, 1, y + layer->outputs, x + length, 1, length, 0);
        }
      }
      #endif
      """#)

  /// Linear layers with packed weights of four bits, used without unpacking to memory; two outputs share each read input.
  ///
  /// A byte with a weight in its upper half and zeros below is the weight times 16.
  static let denseOfNibbles = CRoutine(
    name: "dense_nibbles", needs: [products],
    text: #"""
      #if defined(@@_DSP)
      /* Outputs 0, 1, ... (count of them); a row of weights begins at a byte. */
      static void @_dense_nibbles(const @_products *layer, const uint8_t *weights, int count, int8_t *y, const int8_t *x,
                                  int length) {
        int bytes = (length + 1) / 2, output;
        for (output = 0; output < count; output += 2) {
          int two = output + 1 < count;
          const uint8_t *w = weights, *other = two ? weights + bytes : weights;
          const int8_t *from = x, *words = x + (length & ~7), *end = x + length;
          int32_t s = 0, t = 0;
          while (from < words) {
            uint32_t a = @@_LOAD(from), b = @@_LOAD(from + 4), c, d, p, q, v;
            from += 8;
            @@_LOWER_PAIR(p, a, b); @@_UPPER_PAIR(q, a, b);
            @@_EVEN(a, p); @@_ODD(b, p); @@_EVEN(c, q); @@_ODD(d, q);
            v = @@_LOAD(w) ^ 0x88888888u;
            w += 4;
            p = v << 4 & 0xF0F0F0F0u;
            @@_EVEN(q, p); @@_ODD(p, p); @@_DUAL(s, a, q); @@_DUAL(s, c, p);
            p = v & 0xF0F0F0F0u;
            @@_EVEN(q, p); @@_ODD(p, p); @@_DUAL(s, b, q); @@_DUAL(s, d, p);
            v = @@_LOAD(other) ^ 0x88888888u;
            other += 4;
            p = v << 4 & 0xF0F0F0F0u;
            @@_EVEN(q, p); @@_ODD(p, p); @@_DUAL(t, a, q); @@_DUAL(t, c, p);
            p = v & 0xF0F0F0F0u;
            @@_EVEN(q, p); @@_ODD(p, p); @@_DUAL(t, b, q); @@_DUAL(t, d, p);
          }
          s >>= 4;
          t >>= 4;
          while (from < end) {
            int32_t v = *from++;
            s += v * ((*w & 15) - 8);
            t += v * ((*other & 15) - 8);
            if (from < end) {
              v = *from++;
              s += v * ((*w++ >> 4) - 8);
              t += v * ((*other++ >> 4) - 8);
            }
          }
          y[output] = @_output(layer, output, layer->bias[output] + s);
          if (two) y[output + 1] = @_output(layer, output + 1, layer->bias[output + 1] + t);
          weights += 2 * bytes;
        }
      }
      #endif
      """#)

  /// A sum of products in AVR assembly; MULS puts the product's sign in the carry, and SBC extends it to a byte.
  ///
  /// Where all sums of the network fit in 24 bits, the fourth byte is found once, at the end. It is a function of its own, as its
  /// pointers take X and Z: inlined into some callers, GCC finds no registers for them.
  private static func avrDot(suffix: String, load: String) -> String {
    #"""
    static @@_NOINLINE @@_SPARE int32_t @_dot\#(suffix)(const int8_t *x, const int8_t *weights, int count, int32_t sum) {
      uint8_t a, b, sign;
    #if @@_SHORT_SUMS
    #define @@_FOURTH
    #define @@_EXTEND "mov %D[sum], %C[sum]\n\tlsl %D[sum]\n\tsbc %D[sum], %D[sum]\n"
    #else
    #define @@_FOURTH "adc %D[sum], %[sign]\n\t"
    #define @@_EXTEND
    #endif
    #define @@_MULTIPLY "ld %[a], X+\n\t\#(load)\n\tmuls %[a], %[b]\n\tsbc %[sign], %[sign]\n\t" \
      "add %A[sum], r0\n\tadc %B[sum], r1\n\tadc %C[sum], %[sign]\n\t" @@_FOURTH
      __asm__ volatile(
        "sbiw %[count], 4\n\tbrlt 2f\n"
        "1:\t" @@_MULTIPLY @@_MULTIPLY @@_MULTIPLY @@_MULTIPLY "sbiw %[count], 4\n\tbrge 1b\n"
        "2:\tadiw %[count], 4\n\tbreq 4f\n"
        "3:\t" @@_MULTIPLY "sbiw %[count], 1\n\tbrne 3b\n"
        "4:\tclr r1\n\t" @@_EXTEND
        : [sum] "+r"(sum), [count] "+w"(count), "+x"(x), "+z"(weights), [a] "=&d"(a), [b] "=&d"(b),
          [sign] "=&r"(sign) : : "r0", "memory");
    #undef @@_MULTIPLY
    #undef @@_FOURTH
    #undef @@_EXTEND
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
    static @@_SPARE int32_t @_dot(const int8_t *x, const int8_t *weights, int count, int32_t sum) {
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
      const int32_t *bias = layer->bias + first;
      const int16_t *multipliers = layer->multipliers + first;
      const int8_t *shifts = layer->shifts + first;
      int zero = layer->zero, low = layer->low, high = layer->high;
      y += first;
      for (; count > 0; count--) {
        int32_t sum = @@_WORD(bias);
        const int8_t *from = x;
        int row;
        for (row = rows; row > 0; row--) {
          sum = @_dot\#(suffix)(from, weights, run, sum);
          from += stride;
          weights += run;
        }
        *y++ = @_scaled(sum, multipliers, shifts, zero, low, high);
        bias++;
        multipliers++;
        shifts++;
      }
    }
    """#
  }

  /// The text of a dense routine: four outputs share the inputs that they read, two on processors with few registers.
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
