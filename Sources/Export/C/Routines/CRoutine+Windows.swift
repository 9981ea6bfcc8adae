extension CRoutine {
  /// The C structure of a sliding window: extents of image, output and kernel, stride, padding and dilation.
  static let window = CRoutine(
    name: "window",
    text: #"""
      typedef struct {
        int height, width, channels;     /* of the input */
        int rows, columns;               /* of the output */
        int kernel_height, kernel_width;
        int stride_height, stride_width;
        int padding_height, padding_width;
        int dilation_height, dilation_width;
      } @_window;
      """#)

  /// Copies the bytes of a window to contiguous memory.
  static let gather = CRoutine(
    name: "gather", needs: [prelude, dual, window],
    text: """
      \(gatherComment)
      #if defined(@@_DSP)
      \(gatherOfWords)
      #else
      \(plainGather)
      #endif
      """)

  /// Copies the floats of a window to contiguous memory.
  static let gatherFloats = CRoutine(
    name: "gather_floats", needs: [prelude, window], text: gatherComment + "\n" + plainGather)

  private static let gatherComment =
    "/* Copies count channels of a window, from a first on; outside of the image they are zero. */"

  /// The text of a copy routine with unaligned words: row by row for windows inside the image, else pixel by pixel.
  private static let gatherOfWords = #"""
    static @@_NOINLINE @@_SPARE void @_gather(const @_window *window, @_number *to, const @_number *x, int top, int left,
                                              int first, int count, int zero) {
      int run = window->kernel_width * count, stride = window->width * window->channels, rows, column, i, left_over;
      const @_number *from = x + (top * window->width + left) * window->channels + first;
      if (top >= 0 && left >= 0 && top + window->kernel_height <= window->height && count == window->channels
          && left + window->kernel_width <= window->width && window->dilation_height == 1
          && window->dilation_width == 1) {
        for (rows = window->kernel_height; rows > 0; rows--) {
          for (left_over = run; left_over > 15; left_over -= 16) {
            uint32_t a = @@_LOAD(from), b = @@_LOAD(from + 4), c = @@_LOAD(from + 8), d = @@_LOAD(from + 12);
            @@_STORE(to, a);
            @@_STORE(to + 4, b);
            @@_STORE(to + 8, c);
            @@_STORE(to + 12, d);
            to += 16;
            from += 16;
          }
          for (; left_over > 3; left_over -= 4) {
            @@_STORE(to, @@_LOAD(from));
            to += 4;
            from += 4;
          }
          for (; left_over > 0; left_over--) {
            *to++ = *from++;
            @@_SHORT_LOOP();
          }
          from += stride - run;
        }
        return;
      }
      for (rows = window->kernel_height; rows > 0; rows--) {
        const @_number *next = from;
        int at = left;
        for (column = window->kernel_width; column > 0; column--) {
          i = 0;
          if (top >= 0 && top < window->height && at >= 0 && at < window->width) {
            for (; i < count - 3; i += 4) @@_STORE(to + i, @@_LOAD(next + i));
            for (; i < count; i++) {
              to[i] = next[i];
              @@_SHORT_LOOP();
            }
          } else {
            for (; i < count - 3; i += 4) @@_STORE(to + i, 0x1010101u * (uint8_t)zero);
            for (; i < count; i++) {
              to[i] = (@_number)zero;
              @@_SHORT_LOOP();
            }
          }
          to += count;
          at += window->dilation_width;
          next += window->dilation_width * window->channels;
        }
        top += window->dilation_height;
        from += window->dilation_height * stride;
      }
    }
    """#

  /// The text of a copy routine for all processors: by rows for windows between the left and the right edge, else pixel by pixel.
  ///
  /// It copies eight numbers at a time, as a short loop spends most of its time on its counter.
  private static let plainGather = #"""
    #if !defined(__AVR__)
    @@_NOINLINE
    #endif
    static @@_SPARE void @_gather(const @_window *window, @_number *to, const @_number *x, int top, int left,
                                  int first, int count, int zero) {
      int whole = left >= 0 && left + window->kernel_width <= window->width && window->dilation_width == 1
        && count == window->channels;
      int places = whole ? 1 : window->kernel_width, run = whole ? window->kernel_width * count : count, rows;
      int across = window->dilation_width * window->channels;
      int down = window->dilation_height * window->width * window->channels;
      const @_number *from = x + (top * window->width + left) * window->channels + first;
      for (rows = window->kernel_height; rows > 0; rows--) {
        int column = left, place;
        const @_number *next = from;
        for (place = places; place > 0; place--) {
          int left_over = run;
          if (top >= 0 && top < window->height && column >= 0 && column < window->width) {
            const @_number *at = next;
            for (; left_over > 7; left_over -= 8) {
              to[0] = at[0]; to[1] = at[1]; to[2] = at[2]; to[3] = at[3];
              to[4] = at[4]; to[5] = at[5]; to[6] = at[6]; to[7] = at[7];
              to += 8;
              at += 8;
            }
            for (; left_over > 0; left_over--) {
              *to++ = *at++;
              @@_SHORT_LOOP();
            }
          } else {
            for (; left_over > 7; left_over -= 8) {
              to[0] = to[1] = to[2] = to[3] = to[4] = to[5] = to[6] = to[7] = (@_number)zero;
              to += 8;
            }
            for (; left_over > 0; left_over--) {
              *to++ = (@_number)zero;
              @@_SHORT_LOOP();
            }
          }
          column += window->dilation_width;
          next += across;
        }
        top += window->dilation_height;
        from += down;
      }
    }
    """#

  /// The C structure of a convolution.
  static let convolution = CRoutine(
    name: "convolution", needs: [products, window],
    text: #"""
      typedef struct {
        @_products products;
        @_window window;
        int groups;
        int zero;    /* what lies outside of the image */
        int direct;  /* whether windows inside of the image are read where they lie */
        int windows; /* how many can be taken at a time */
      } @_convolution;
      """#)

  /// Convolutions with weights in flash.
  static let convolve = CRoutine(
    name: "convolve", needs: [convolution, gather, dense, denseOfTwo],
    text: convolveText(suffix: "", pairs: pairs))

  /// Convolutions with weights in memory.
  static let convolveInMemory = CRoutine(
    name: "convolve_memory", needs: [convolution, gather, denseInMemory, denseOfTwo],
    text: convolveText(suffix: "_memory", pairs: pairs))

  /// Code that computes two windows at a time with the DSP instructions of Cortex-M.
  ///
  /// Windows of one pixel are adjacent in the image; others are copied one behind the other.
  private static let pairs = #"""
    #if defined(@@_DSP)
          if (layer->windows > 1 && column + 1 < window->columns) {
            const int8_t *from = x + (top * window->width + left) * channels;
            if (length != channels || window->stride_width != 1 || window->padding_height + window->padding_width != 0) {
              @_gather(window, patch, x, top, left, 0, channels, layer->zero);
              @_gather(window, patch + length, x, top, left + window->stride_width, 0, channels, layer->zero);
              from = patch;
            }
            @_dense_two(&layer->products, weights, first, count, y, from, length);
            y += 2 * layer->products.outputs;
            column++;
            continue;
          }
    #endif
    """#

  static func convolveText(
    suffix: String, number: String = "int8_t", zero: String = "layer->zero", pairs: String = ""
  ) -> String {
    #"""
    /* Filters first, first + 1, ... (count of them) everywhere; weights are those of filter first. */
    static @@_NOINLINE void @_convolve\#(suffix)(const @_convolution *layer, const \#(number) *weights, int first,
                                     int count, \#(number) *y, const \#(number) *x, \#(number) *patch) {
      const @_window *window = &layer->window;
      int channels = window->channels / layer->groups, filters = layer->products.outputs / layer->groups;
      int run = window->kernel_width * channels, length = window->kernel_height * run, row, column;
      for (row = 0; row < window->rows; row++) {
        int top = row * window->stride_height - window->padding_height;
        for (column = 0; column < window->columns; column++) {
          int left = column * window->stride_width - window->padding_width;
          \#(pairs)
          if (layer->direct && top >= 0 && left >= 0 && top + window->kernel_height <= window->height
              && left + window->kernel_width <= window->width) {
            @_dense\#(suffix)(&layer->products, weights, first, count, y,
                     x + (top * window->width + left) * channels, window->kernel_height, run,
                     window->width * channels);
          } else {
            const \#(number) *next = weights;
            int filter = first, end = first + count;
            while (filter < end) {
              int group = filter / filters, some = (group + 1) * filters - filter;
              if (some > end - filter) some = end - filter;
              @_gather(window, patch, x, top, left, group * channels, channels, \#(zero));
              @_dense\#(suffix)(&layer->products, next, filter, some, y, patch, 1, length, 0);
              next += some * length;
              filter += some;
            }
          }
          y += layer->products.outputs;
        }
      }
    }
    """#
  }

  /// Convolutions by a routine for packed rows of weights, which computes the outputs of one window and
  /// returns the next row.
  ///
  /// Routines that pack their inputs get the place for the packed bits and the least byte.
  static func convolve(_ rows: CRoutine, onAVRAlone: Bool, packing: Bool = false) -> CRoutine {
    let text = """
      static @@_SPARE void @_convolve_\(rows.name)(const @_convolution *layer, const uint8_t *all, int8_t *y, const int8_t *x,
                                    int8_t *patch\(packing ? ", uint8_t *packed, int least" : "")) {
        const @_window *window = &layer->window;
        int channels = window->channels / layer->groups, filters = layer->products.outputs / layer->groups;
        int run = window->kernel_height * window->kernel_width * channels, row, column, group;
        for (row = 0; row < window->rows; row++) {
          int top = row * window->stride_height - window->padding_height;
          for (column = 0; column < window->columns; column++) {
            int left = column * window->stride_width - window->padding_width;
            const uint8_t *weights = all;
            for (group = 0; group < layer->groups; group++) {
              const int8_t *from = patch;
              if (run == window->channels && layer->direct && top >= 0 && left >= 0 && top < window->height
                  && left < window->width)
                from = x + (top * window->width + left) * channels;
              else @_gather(window, patch, x, top, left, group * channels, channels, layer->zero);
              weights = @_\(rows.name)(&layer->products, weights, group * filters, filters, y, from, run\(packing ? ", packed, least" : ""));
            }
            y += layer->products.outputs;
          }
        }
      }
      """
    return CRoutine(
      name: "convolve_" + rows.name, needs: [convolution, gather, rows],
      text: onAVRAlone ? "#if defined(__AVR__)\n\(text)\n#endif" : text)
  }
}
