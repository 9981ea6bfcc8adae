extension CRoutine {
  /// The C structures of layers of floats.
  private static let floatLayer = CRoutine(
    name: "float_layer", needs: [prelude, window],
    text: #"""
      typedef struct {
        const float *weights;
        const float *scales;   /* by output; none where weights are as they are */
        const float *bias;
        int outputs;
      } @_products;

      typedef struct {
        @_products products;
        @_window window;
        int groups;
        int direct;  /* whether windows inside of the image are read where they lie */
      } @_convolution;

      static float @_output(const @_products *layer, int output, float sum) {
        if (layer->scales) sum *= @@_FLOAT(layer->scales + output);
        return sum + @@_FLOAT(layer->bias + output);
      }
      """#)

  /// Convolutions and linear layers with weights in flash.
  static let convolveFloats = CRoutine(
    name: "convolve_floats", needs: [floatLayer, gatherFloats],
    text: floatConvolution(suffix: "", read: "@@_FLOAT(weights)"))

  /// Convolutions and linear layers with weights in memory.
  static let convolveFloatsInMemory = CRoutine(
    name: "convolve_floats_memory", needs: [floatLayer, gatherFloats],
    text: floatConvolution(suffix: "_memory", read: "*weights"))

  /// Convolutions of one group that compute only outputs whose gate is not zero.
  static let convolveGatedFloats = CRoutine(
    name: "convolve_gated_floats", needs: [convolveFloats],
    text: #"""
      static void @_convolve_gated(const @_convolution *layer, const float *gate, float *y, const float *x,
                                   float *patch) {
        const @_window *window = &layer->window;
        int channels = window->channels, run = window->kernel_width * channels;
        int length = window->kernel_height * run, row, column, output;
        for (row = 0; row < window->rows; row++) {
          int top = row * window->stride_height - window->padding_height;
          for (column = 0; column < window->columns; column++) {
            int left = column * window->stride_width - window->padding_width;
            const float *from = patch;
            int rows = 1, some = length, stride = 0;
            if (layer->direct && top >= 0 && left >= 0 && top + window->kernel_height <= window->height
                && left + window->kernel_width <= window->width) {
              from = x + (top * window->width + left) * channels;
              rows = window->kernel_height;
              some = run;
              stride = window->width * channels;
            } else {
              @_gather(window, patch, x, top, left, 0, channels, 0);
            }
            for (output = 0; output < layer->products.outputs; output++) {
              y[output] = 0.0f;
              if (gate[output] > 0.0f)
                @_dense(&layer->products, layer->products.weights + output * length, output, 1, y, from, rows, some,
                        stride);
            }
            y += layer->products.outputs;
          }
        }
      }
      """#)

  private static func floatConvolution(suffix: String, read: String) -> String {
    #"""
    /* Outputs first, first + 1, ... (count of them) of one place: rows runs of run floats, stride apart in x. */
    static void @_dense\#(suffix)(const @_products *layer, const float *weights, int first, int count, float *y,
                        const float *x, int rows, int run, int stride) {
      for (; count > 0; count--) {
        float sum = 0.0f;
        const float *from = x;
        int row;
        for (row = 0; row < rows; row++) {
          const float *end = from + run;
          while (from < end) {
            sum += *from++ * \#(read);
            weights++;
          }
          from += stride - run;
        }
        y[first] = @_output(layer, first, sum);
        first++;
      }
    }

    \#(convolveText(suffix: suffix, number: "float", zero: "0"))
    """#
  }

  /// Convolutions and linear layers over non-zero weights alone.
  static let convolveSparseFloats = CRoutine(
    name: "convolve_sparse_floats", needs: [floatLayer, gatherFloats],
    text: sparseText(
      name: "sparse", weights: "const uint8_t *all_gaps",
      begin: "const float *weights = layer->products.weights; const uint8_t *gaps = all_gaps;",
      step: """
        from += @@_UBYTE(gaps);
        sum += *from * @@_FLOAT(weights);
        gaps++;
        weights++;
        """))

  /// The same for non-zero weights in a table; a distance and a table index are adjacent.
  static let convolveSharedFloats = CRoutine(
    name: "convolve_shared_floats", needs: [floatLayer, gatherFloats],
    text: sparseText(
      name: "shared", weights: "const uint8_t *all_pairs",
      begin: "const float *table = layer->products.weights; const uint8_t *pairs = all_pairs;",
      step: """
        from += @@_UBYTE(pairs);
        sum += *from * @@_FLOAT(table + @@_UBYTE(pairs + 1));
        pairs += 2;
        """))

  private static func sparseText(name: String, weights: String, begin: String, step: String) -> String {
    #"""
      static void @_convolve_\#(name)(const @_convolution *layer, \#(weights), const uint16_t *counts, float *y,
                                    const float *x, float *patch) {
        const @_window *window = &layer->window;
        int channels = window->channels / layer->groups, filters = layer->products.outputs / layer->groups;
        int row, column, output;
        for (row = 0; row < window->rows; row++) {
          int top = row * window->stride_height - window->padding_height;
          for (column = 0; column < window->columns; column++) {
            int left = column * window->stride_width - window->padding_width;
            \#(begin)
            int inside = top >= 0 && left >= 0 && top < window->height && left < window->width;
            for (output = 0; output < layer->products.outputs; output++) {
              const float *from = patch;
              float sum = 0.0f;
              uint16_t count = @@_UHALF(counts + output);
              if (layer->direct && inside) from = x + (top * window->width + left) * channels;
              else if (output % filters == 0)
                @_gather(window, patch, x, top, left, output / filters * channels, channels, 0);
              for (; count > 0; count--) {
                \#(step)
              }
              *y++ = @_output(&layer->products, output, sum);
            }
          }
        }
      }
    """#
  }

  /// The mean of each window.
  static let averagePoolFloats = CRoutine(
    name: "average_pool_floats", needs: [prelude, window],
    text: #"""
      static void @_average_pool(const @_window *window, int counts_padding, float *y, const float *x) {
        int row, column, channel, u, v;
        for (row = 0; row < window->rows; row++) {
          int top = row * window->stride_height - window->padding_height, bottom = top + window->kernel_height;
          if (top < 0) top = 0;
          if (bottom > window->height) bottom = window->height;
          for (column = 0; column < window->columns; column++) {
            int left = column * window->stride_width - window->padding_width, right = left + window->kernel_width;
            int count;
            if (left < 0) left = 0;
            if (right > window->width) right = window->width;
            count = (bottom - top) * (right - left);
            if (counts_padding) count = window->kernel_height * window->kernel_width;
            for (channel = 0; channel < window->channels; channel++) {
              float sum = 0.0f;
              for (u = top; u < bottom; u++) {
                const float *from = x + (u * window->width + left) * window->channels + channel;
                for (v = left; v < right; v++) {
                  sum += *from;
                  from += window->channels;
                }
              }
              *y++ = sum / (float)count;
            }
          }
        }
      }
      """#)

  /// The header of C's mathematical library.
  static let mathematics = CRoutine(name: "mathematics", text: "#include <math.h>")
}
