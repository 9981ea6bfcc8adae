extension CRoutine {
  /// The C structure of the positions of windows in an image.
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

  /// Copies the bytes of a window one after another.
  static let gather = CRoutine(
    name: "gather", needs: [prelude, dual, window],
    text: gatherText(
      words: #"""
        #if defined(@@_DSP)
              for (; left_over > 3; left_over -= 4) {
                @@_STORE(to, @@_LOAD(from));
                to += 4;
                from += 4;
              }
        #endif
        """#))

  /// The same for floats.
  static let gatherFloats = CRoutine(
    name: "gather_floats", needs: [prelude, window], text: gatherText(words: ""))

  /// A row of a window that lies in the image with all its channels is one run.
  private static func gatherText(words: String) -> String {
    #"""
    /* Copies count channels of a window, from a first on; outside of the image they are zero. */
    static void @_gather(const @_window *window, @_number *to, const @_number *x, int top, int left, int first,
                         int count, int zero) {
      int whole = left >= 0 && left + window->kernel_width <= window->width && window->dilation_width == 1
        && count == window->channels;
      int places = whole ? 1 : window->kernel_width, run = whole ? window->kernel_width * count : count, u, v;
      for (u = 0; u < window->kernel_height; u++) {
        int row = top + u * window->dilation_height, column = left;
        for (v = 0; v < places; v++) {
          int left_over = run;
          if (row >= 0 && row < window->height && column >= 0 && column < window->width) {
            const @_number *from = x + (row * window->width + column) * window->channels + first;
            \#(words)
            for (; left_over > 0; left_over--) {
              *to++ = *from++;
              @@_SHORT_LOOP();
            }
          } else {
            for (; left_over > 0; left_over--) {
              *to++ = (@_number)zero;
              @@_SHORT_LOOP();
            }
          }
          column += window->dilation_width;
        }
      }
    }
    """#
  }

  /// The C structure of convolutions.
  static let convolution = CRoutine(
    name: "convolution", needs: [products, window],
    text: #"""
      typedef struct {
        @_products products;
        @_window window;
        int groups;
        int zero;    /* what lies outside of the image */
        int direct;  /* whether windows inside of the image are read where they lie */
      } @_convolution;
      """#)

  /// Convolutions with weights in flash.
  static let convolve = CRoutine(
    name: "convolve", needs: [convolution, gather, dense], text: convolveText(suffix: ""))

  /// Convolutions with weights in memory.
  static let convolveInMemory = CRoutine(
    name: "convolve_memory", needs: [convolution, gather, denseInMemory],
    text: convolveText(suffix: "_memory"))

  static func convolveText(suffix: String, number: String = "int8_t", zero: String = "layer->zero") -> String
  {
    #"""
    /* Filters first, first + 1, ... (count of them) everywhere; weights are those of filter first. */
    static void @_convolve\#(suffix)(const @_convolution *layer, const \#(number) *weights, int first, int count, \#(number) *y,
                         const \#(number) *x, \#(number) *patch) {
      const @_window *window = &layer->window;
      int channels = window->channels / layer->groups, filters = layer->products.outputs / layer->groups;
      int run = window->kernel_width * channels, row, column;
      for (row = 0; row < window->rows; row++) {
        int top = row * window->stride_height - window->padding_height;
        for (column = 0; column < window->columns; column++) {
          int left = column * window->stride_width - window->padding_width;
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
              @_dense\#(suffix)(&layer->products, next, filter, some, y, patch, 1, window->kernel_height * run, 0);
              next += some * window->kernel_height * run;
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
