extension CRoutine {
  /// Unpacks numbers of fewer than 8 bits, stored without gaps from the lowest bits of a byte.
  static func unpack(bits: Int) -> CRoutine {
    let half = 1 << (bits - 1)
    return CRoutine(
      name: "unpack_\(bits)", needs: [prelude],
      text: """
        /* Signed numbers of \(bits) bits. */
        static @@_SPARE void @_unpack_\(bits)(int8_t *to, const uint8_t *from, int count) {
        \(unpacking(bits: bits) { "(int8_t)((int)(\($0)) - \(half))" })
        }
        """)
  }

  /// Looks up bytes in a table by indices of a fixed number of bits.
  static func lookUp(bits: Int) -> CRoutine {
    CRoutine(
      name: "look_up_\(bits)", needs: [prelude],
      text: """
        /* Entries of a table, by indices of \(bits) bits. */
        static void @_look_up_\(bits)(int8_t *to, const uint8_t *from, int count, const int8_t *table) {
        \(unpacking(bits: bits) { "@@_BYTE(table + (\($0)))" })
        }
        """)
  }

  /// Expands sub-vectors by indices of one byte.
  static let vectors = CRoutine(
    name: "vectors", needs: [prelude],
    text: #"""
      /* outer times inner sub-vectors of some width, by indices into a table; tables are book bytes apart. */
      static void @_vectors(int8_t *to, const uint8_t *from, const int8_t *table, int outer, int inner, int width,
                            int far, int near, int step, int book) {
        int i, element;
        for (; outer > 0; outer--) {
          int8_t *next = to + far;
          for (i = 0; i < inner; i++) {
            const int8_t *entry = table + @@_UBYTE(from) * width;
            int8_t *at = to;
            for (element = 0; element < width; element++) {
              *at = @@_BYTE(entry + element);
              at += step;
            }
            from++;
            table += book;
            to += near;
          }
          to = next;
        }
      }
      """#)

  /// Unpacks signed numbers of a fixed number of bits to floats.
  static func unpackFloats(bits: Int) -> CRoutine {
    CRoutine(
      name: "unpack_floats_\(bits)", needs: [prelude],
      text: """
        /* Signed numbers of \(bits) bits. */
        static void @_unpack_\(bits)(float *to, const uint8_t *from, int count) {
        \(unpacking(bits: bits) { "(float)((int)(\($0)) - \(1 << (bits - 1)))" })
        }
        """)
  }

  /// Looks up floats in a table by indices of a fixed number of bits.
  static func lookUpFloats(bits: Int) -> CRoutine {
    CRoutine(
      name: "look_up_floats_\(bits)", needs: [prelude],
      text: """
        /* Entries of a table, by indices of \(bits) bits. */
        static void @_look_up_\(bits)(float *to, const uint8_t *from, int count, const float *table) {
        \(unpacking(bits: bits) { "@@_FLOAT(table + (\($0)))" })
        }
        """)
  }

  /// C code that unpacks eight symbols at a time, which take as many bytes as a symbol has bits.
  private static func unpacking(bits: Int, _ element: (String) -> String) -> String {
    let mask = (1 << bits) - 1
    let bytes = (0..<bits).map { "b\($0) = @@_UBYTE(from + \($0))" }.joined(separator: ", ")
    let stores = (0..<8).map { symbol in
      let (byte, shift) = (symbol * bits / 8, symbol * bits % 8)
      var value = shift == 0 ? "b\(byte)" : "b\(byte) >> \(shift)"
      if shift + bits > 8 { value = "(\(value) | b\(byte + 1) << \(8 - shift))" }
      return "    to[\(symbol)] = \(element("\(value) & \(mask)u"));"
    }.joined(separator: "\n")
    return """
        int left, bit = 0;
        for (left = count / 8; left > 0; left--) {
          unsigned \(bytes);
      \(stores)
          from += \(bits);
          to += 8;
        }
        for (left = count & 7; left > 0; left--) {
          unsigned symbol = @@_UBYTE(from + bit / 8);
          if (bit % 8 + \(bits) > 8) symbol |= (unsigned)@@_UBYTE(from + bit / 8 + 1) << 8;
          *to++ = \(element("symbol >> bit % 8 & \(mask)u"));
          bit += \(bits);
        }
      """
  }

  /// Decodes canonical Huffman codes bit by bit.
  ///
  /// The first code of a length is the number after the last code of the length before, with a zero appended.
  static let decode = CRoutine(
    name: "decode", needs: [prelude],
    text: #"""
      typedef struct {
        const uint8_t *next;
        uint8_t byte, left;
      } @_code_stream;

      /* The next count numbers; lengths says how many codes there are of each length, symbols what they stand for. */
      static @@_NOINLINE void @_decode(@_code_stream *stream, int8_t *to, int count, const uint16_t *lengths,
                                       const int8_t *symbols) {
        const uint8_t *next = stream->next;
        uint8_t byte = stream->byte, left = stream->left;
        for (; count > 0; count--) {
          const uint16_t *length = lengths;
          const int8_t *symbol = symbols;
          uint16_t code = 0;   /* less the first code of its length */
          for (;;) {
            uint16_t some = @@_UHALF(length);
            if (left == 0) {
              byte = @@_UBYTE(next);
              next++;
              left = 8;
            }
            code = (uint16_t)(code << 1 | byte >> 7);
            byte = (uint8_t)(byte << 1);
            left--;
            if (code < some) break;
            code = (uint16_t)(code - some);
            symbol += some;
            length++;
          }
          *to++ = @@_BYTE(symbol + code);
        }
        stream->next = next;
        stream->byte = byte;
        stream->left = left;
      }
      """#)

  /// The outputs of non-zero weights with the distances between them.
  ///
  /// On AVR the sum is a separate function: its assembly uses all pointer registers, and compilers find none
  /// for it within a larger function.
  static let sparse = CRoutine(
    name: "sparse", needs: [products],
    text: #"""
      #if defined(__AVR__)
      /* sum + the products of count survivors, which must be less than 2^15. */
      static @@_NOINLINE int32_t @_sparse_dot(const int8_t *from, const int8_t *pairs, int count, int32_t sum) {
        uint8_t a, b, sign;
        __asm__ volatile(
          "sbiw %[count], 1\n\tbrlt 2f\n"
          "1:\tlpm %[a], Z+\n\tlpm %[b], Z+\n\tadd %A[from], %[a]\n\tadc %B[from], r1\n\tld %[a], X\n\t"
          "muls %[a], %[b]\n\tsbc %[sign], %[sign]\n\t"
          "add %A[sum], r0\n\tadc %B[sum], r1\n\tadc %C[sum], %[sign]\n\tadc %D[sum], %[sign]\n\t"
          "clr r1\n\tsbiw %[count], 1\n\tbrge 1b\n"
          "2:\n"
          : [sum] "+r"(sum), [count] "+w"(count), [from] "+x"(from), "+z"(pairs), [a] "=&d"(a), [b] "=&d"(b),
            [sign] "=&r"(sign) : : "r0", "memory");
        return sum;
      }
      #endif

      /* Outputs first, first + 1, ... (count of them) of survivors: pairs of the distance from the one before and the
         weight; counts says how many each output has. Gives back the pairs that follow. */
      static const int8_t *@_sparse(const @_products *layer, const uint16_t *counts, const int8_t *pairs, int first,
                                    int count, int8_t *y, const int8_t *x) {
        for (; count > 0; count--) {
          int32_t sum = @@_WORD(layer->bias + first);
          uint16_t left = @@_UHALF(counts + first);
      #if defined(__AVR__)
          sum = @_sparse_dot(x, pairs, (int)left, sum);
          pairs += 2 * left;
      #else
          const int8_t *from = x;
          for (; left > 3; left = (uint16_t)(left - 4)) {
            from += (uint8_t)pairs[0];
            sum += (int32_t)*from * pairs[1];
            from += (uint8_t)pairs[2];
            sum += (int32_t)*from * pairs[3];
            from += (uint8_t)pairs[4];
            sum += (int32_t)*from * pairs[5];
            from += (uint8_t)pairs[6];
            sum += (int32_t)*from * pairs[7];
            pairs += 8;
          }
          for (; left > 0; left--) {
            from += (uint8_t)pairs[0];
            sum += (int32_t)*from * pairs[1];
            pairs += 2;
          }
      #endif
          y[first] = @_output(layer, first, sum);
          first++;
        }
        return pairs;
      }
      """#)

  /// Convolutions over non-zero weights alone.
  static let convolveSparse = CRoutine(
    name: "convolve_sparse", needs: [convolution, gather, sparse],
    text: #"""
      static void @_convolve_sparse(const @_convolution *layer, const uint16_t *counts, int8_t *y, const int8_t *x,
                                    int8_t *patch) {
        const @_window *window = &layer->window;
        int channels = window->channels / layer->groups, filters = layer->products.outputs / layer->groups;
        int row, column, group;
        for (row = 0; row < window->rows; row++) {
          int top = row * window->stride_height - window->padding_height;
          for (column = 0; column < window->columns; column++) {
            int left = column * window->stride_width - window->padding_width;
            const int8_t *pairs = layer->products.weights;
            for (group = 0; group < layer->groups; group++) {
              const int8_t *from = patch;
              if (layer->direct) from = x + (top * window->width + left) * channels;
              else @_gather(window, patch, x, top, left, group * channels, channels, layer->zero);
              pairs = @_sparse(&layer->products, counts, pairs, group * filters, filters, y, from);
            }
            y += layer->products.outputs;
          }
        }
      }
      """#)
}
