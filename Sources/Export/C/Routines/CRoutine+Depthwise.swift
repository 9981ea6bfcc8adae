extension CRoutine {
  /// Depthwise convolutions with weights in flash.
  static let depthwise = CRoutine(
    name: "depthwise", needs: [convolution, gather, dual], text: depthwiseText(suffix: "", read: "@@_BYTE"))

  /// Depthwise convolutions with weights in memory.
  static let depthwiseInMemory = CRoutine(
    name: "depthwise_memory", needs: [convolution, gather, dual],
    text: depthwiseText(suffix: "_memory", read: "*"))

  /// The text of a depthwise routine; weights and images have channels last, so a word holds four channels.
  private static func depthwiseText(suffix: String, read: String) -> String {
    #"""
    /* One place of all channels: the window begins at x, its rows lie stride apart. */
    static @@_SPARE void @_depthwise_place\#(suffix)(const @_convolution *layer, const int8_t *weights, int8_t *y,
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

    static @@_SPARE void @_depthwise\#(suffix)(const @_convolution *layer, const int8_t *weights, int8_t *y, const int8_t *x,
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

  /// Depthwise convolutions of 3x3 with stride 1, which keep the sums of three outputs while they move along a row.
  ///
  /// So each byte is read once for each row of the kernel. Kernel rows outside the image get weights of zero, and their contribution
  /// is added to the bias.
  static let depthwiseOfThree = CRoutine(
    name: "depthwise_three", needs: [convolution, dual],
    text: #"""
      #if defined(@@_DSP)
      /* The next column: the first two bytes as halves of v, the last one in e. */
      #define @@_COLUMN() \
        do { int32_t f = from[0], g = from[stride]; e = from[far]; @@_LOWER_PAIR(v, f, g); from += channels; } while (0)
      /* Its products with the kernel's first, middle and last column. */
      #define @@_FIRST(sum) do { @@_DUAL(sum, v, p); @@_LOWER(sum, e, ab); } while (0)
      #define @@_MIDDLE(sum) do { @@_DUAL(sum, v, q); @@_CROSS(sum, e, ab); } while (0)
      #define @@_LAST(sum) do { @@_DUAL(sum, v, r); @@_LOWER(sum, e, c_ratio); } while (0)
      /* Outputs lie as far from their windows in all of a row. */
      #define @@_STORE_SUM(sum) \
        do { @@_SCALE_UPPER(sum, c_ratio, half); *(int8_t *)(from + apart) = @_clamp(sum >> shift, low, high); } while (0)

      static @@_NOINLINE void @_depthwise_three(const @_convolution *layer, const int8_t *weights, int8_t *y,
                                                const int8_t *x) {
        const @_products *products = &layer->products;
        const @_window *window = &layer->window;
        int channels = window->channels, stride = window->width * channels, low = products->low, high = products->high;
        int outside = layer->zero, padding = window->padding_height, channel, part;
        for (channel = 0; channel < channels; channel++) {
          int shift = products->shifts[channel] - 16;
          int32_t half = (int32_t)(((uint32_t)products->zero * 2 + 1) << (shift - 1));
          const int8_t *row = x;
          int8_t *to = y;
          for (part = 0; part < 3; part++) {
            /* The first row, those with all of the kernel in the image, the last one. */
            int left = part == 1 ? window->rows - 2 * padding : padding, far = part == 1 ? 2 * stride : stride;
            const int8_t *w = weights;
            int32_t bias = products->bias[channel], before = 0, after = 0, a, b, c, d, e, g, ab, c_ratio;
            uint32_t p, q, r, v = 0x10001u * (uint16_t)outside;
            if (part == 0) {
              bias += outside * (w[0] + w[channels] + w[2 * channels]);
              w += 3 * channels;
            }
            a = w[0]; b = w[channels]; c = w[2 * channels];
            w += 3 * channels;
            d = w[0]; e = w[channels]; g = w[2 * channels];
            @@_LOWER_PAIR(p, a, d); @@_LOWER_PAIR(q, b, e); @@_LOWER_PAIR(r, c, g);
            a = b = c = 0;
            if (part != 0) {
              w += 3 * channels;
              a = w[0]; b = w[channels]; c = w[2 * channels];
              if (part == 2) {
                bias += outside * (a + b + c);
                a = b = c = 0;
              }
            }
            g = products->multipliers[channel];
            @@_LOWER_PAIR(ab, a, b); @@_LOWER_PAIR(c_ratio, c, g);
            e = outside;
            @@_FIRST(before); @@_LAST(after);
            for (; left > 0; left--) {
              const int8_t *from = row, *end = row + stride - channels;
              int32_t next = bias, second = bias;
              int apart;
              if (window->padding_width > 0) {
                next += before;
              } else {
                @@_COLUMN();
                @@_FIRST(next);
              }
              @@_COLUMN();
              @@_MIDDLE(next);
              @@_FIRST(second);
              apart = (int)(to - from) - channels;
              while (from < end) {
                @@_COLUMN();
                @@_LAST(next);
                @@_STORE_SUM(next);
                @@_MIDDLE(second);
                next = bias;
                @@_FIRST(next);
                @@_COLUMN();
                @@_LAST(second);
                @@_STORE_SUM(second);
                @@_MIDDLE(next);
                second = bias;
                @@_FIRST(second);
              }
              if (from == end) {
                @@_COLUMN();
                @@_LAST(next);
                @@_STORE_SUM(next);
                @@_MIDDLE(second);
                next = second;
              }
              if (window->padding_width > 0) {
                next += after;
                from += channels;
                @@_STORE_SUM(next);
              }
              to = (int8_t *)from + apart + channels;
              if (part != 0) row += stride;
            }
          }
          x++;
          y++;
          weights++;
        }
      }
      #endif
      """#)
}
