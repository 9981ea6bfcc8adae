extension CRoutine {
  /// Convolutions of each channel by itself, with weights in flash.
  static let depthwise = CRoutine(
    name: "depthwise", needs: [convolution, gather, dual], text: depthwiseText(suffix: "", read: "@@_BYTE"))

  /// The same with weights in memory.
  static let depthwiseInMemory = CRoutine(
    name: "depthwise_memory", needs: [convolution, gather, dual],
    text: depthwiseText(suffix: "_memory", read: "*"))

  /// Weights and images both have channels last, so four channels of each are one word.
  private static func depthwiseText(suffix: String, read: String) -> String {
    #"""
    /* One place of all channels: the window begins at x, its rows lie stride apart. */
    static void @_depthwise_place\#(suffix)(const @_convolution *layer, const int8_t *weights, int8_t *y,
                                  const int8_t *x, int stride) {
      const @_products *products = &layer->products;
      int channels = products->outputs, channel = 0, left = channels, u, v;
    #if defined(@@_DSP)
      for (left = channels / 4; left > 0; left--) {
        const int32_t *bias = products->bias + channel;
        int32_t s0 = bias[0], s1 = bias[1], s2 = bias[2], s3 = bias[3];
        const int8_t *w = weights + channel, *row = x + channel;
        for (u = 0; u < layer->window.kernel_height; u++) {
          const int8_t *from = row;
          for (v = 0; v < layer->window.kernel_width; v++) {
            uint32_t p = @@_LOAD(from), q = @@_LOAD(w), a, b, c, d;
            @@_EVEN(a, p); @@_ODD(b, p); @@_EVEN(c, q); @@_ODD(d, q);
            @@_LOWER(s0, a, c); @@_LOWER(s1, b, d); @@_UPPER(s2, a, c); @@_UPPER(s3, b, d);
            from += channels;
            w += channels;
          }
          row += stride;
        }
        y[channel] = @_output(products, channel, s0);
        y[channel + 1] = @_output(products, channel + 1, s1);
        y[channel + 2] = @_output(products, channel + 2, s2);
        y[channel + 3] = @_output(products, channel + 3, s3);
        channel += 4;
      }
      left = channels & 3;
    #endif
      for (; left > 0; left--) {
        int32_t sum = @@_WORD(products->bias + channel);
        const int8_t *w = weights + channel, *row = x + channel;
        for (u = 0; u < layer->window.kernel_height; u++) {
          const int8_t *from = row;
          for (v = 0; v < layer->window.kernel_width; v++) {
            sum += (int16_t)(*from * \#(read == "*" ? "*w" : "\(read)(w)"));
            from += channels;
            w += channels;
          }
          row += stride;
        }
        y[channel] = @_output(products, channel, sum);
        channel++;
      }
    }

    static void @_depthwise\#(suffix)(const @_convolution *layer, const int8_t *weights, int8_t *y, const int8_t *x,
                            int8_t *patch) {
      const @_window *window = &layer->window;
      int channels = window->channels, row, column;
      for (row = 0; row < window->rows; row++) {
        int top = row * window->stride_height - window->padding_height;
        for (column = 0; column < window->columns; column++) {
          int left = column * window->stride_width - window->padding_width;
          if (layer->direct && top >= 0 && left >= 0 && top + window->kernel_height <= window->height
              && left + window->kernel_width <= window->width) {
            @_depthwise_place\#(suffix)(layer, weights, y, x + (top * window->width + left) * channels,
                              window->width * channels);
          } else {
            @_gather(window, patch, x, top, left, 0, channels, layer->zero);
            @_depthwise_place\#(suffix)(layer, weights, y, patch, window->kernel_width * channels);
          }
          y += channels;
        }
      }
    }
    """#
  }
}
