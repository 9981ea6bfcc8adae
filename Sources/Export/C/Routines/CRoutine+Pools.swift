extension CRoutine {
  /// The largest byte of each window.
  static let maxPool = CRoutine(
    name: "max_pool", needs: [window, dual],
    text: maxPoolText(
      least: "-128",
      words: #"""
        channel = 0;
        #if defined(@@_DSP)
              /* Four channels at a time: differences set a flag for each byte, by which the larger is chosen. */
              for (; channel < (window->channels & ~3); channel += 4) {
                uint32_t best = 0x80808080u, difference;
                for (u = top; u < bottom; u++) {
                  const int8_t *from = x + (u * window->width + left) * window->channels + channel;
                  for (v = left; v < right; v++) {
                    uint32_t word = @@_LOAD(from);
                    __asm__("ssub8 %1, %2, %0\n\tsel %0, %2, %0"
                            : "+r"(best), "=&r"(difference) : "r"(word) : "cc");
                    from += window->channels;
                  }
                }
                @@_STORE(y, best);
                y += 4;
              }
        #endif
        """#))

  /// The largest float of each window.
  static let maxPoolFloats = CRoutine(
    name: "max_pool_floats", needs: [window],
    text: maxPoolText(least: "-3.4028235e38f", words: "channel = 0;"))

  private static func maxPoolText(least: String, words: String) -> String {
    #"""
    static void @_max_pool(const @_window *window, @_number *y, const @_number *x) {
      int row, column, channel, u, v;
      for (row = 0; row < window->rows; row++) {
        int top = row * window->stride_height - window->padding_height, bottom = top + window->kernel_height;
        if (top < 0) top = 0;
        if (bottom > window->height) bottom = window->height;
        for (column = 0; column < window->columns; column++) {
          int left = column * window->stride_width - window->padding_width, right = left + window->kernel_width;
          if (left < 0) left = 0;
          if (right > window->width) right = window->width;
          \#(words)
          for (; channel < window->channels; channel++) {
            @_number largest = \#(least);
            for (u = top; u < bottom; u++) {
              const @_number *from = x + (u * window->width + left) * window->channels + channel;
              for (v = left; v < right; v++) {
                if (*from > largest) largest = *from;
                from += window->channels;
              }
            }
            *y++ = largest;
          }
        }
      }
    }
    """#
  }

  /// The mean of each window.
  static let averagePool = CRoutine(
    name: "average_pool", needs: [window, clamp, rescale],
    text: #"""
      typedef struct {
        @_window window;
        const int16_t *multipliers;      /* by the elements that count, less the least */
        const uint8_t *shifts;
        int least, counts_padding, input_zero, zero, low, high;
      } @_average;

      static void @_average_pool(const @_average *layer, int8_t *y, const int8_t *x) {
        const @_window *window = &layer->window;
        int row, column, channel, u, v;
        for (row = 0; row < window->rows; row++) {
          int top = row * window->stride_height - window->padding_height, bottom = top + window->kernel_height;
          if (top < 0) top = 0;
          if (bottom > window->height) bottom = window->height;
          for (column = 0; column < window->columns; column++) {
            int left = column * window->stride_width - window->padding_width, right = left + window->kernel_width;
            int inside, count;
            if (left < 0) left = 0;
            if (right > window->width) right = window->width;
            inside = (bottom - top) * (right - left);
            count = layer->counts_padding ? window->kernel_height * window->kernel_width : inside;
            for (channel = 0; channel < window->channels; channel++) {
              int32_t sum = -(int32_t)layer->input_zero * inside;
              for (u = top; u < bottom; u++) {
                const int8_t *from = x + (u * window->width + left) * window->channels + channel;
                for (v = left; v < right; v++) {
                  sum += *from;
                  from += window->channels;
                }
              }
              sum = @_rescale(sum, @@_HALF(layer->multipliers + (count - layer->least)),
                              @@_UBYTE(layer->shifts + (count - layer->least)));
              *y++ = @_clamp(sum + layer->zero, layer->low, layer->high);
            }
          }
        }
      }
      """#)
}
