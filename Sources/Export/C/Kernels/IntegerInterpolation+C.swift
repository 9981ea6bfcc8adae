import Execution
import Graphs
import Tensors

extension IntegerInterpolation: CKernel {
  var title: String { "bilinear interpolation by \(factor)" }

  func code(_ site: CSite) -> CCode {
    CCode(
      routines: [.interpolation],
      body: [
        "@_interpolate(\(site.output), \(site.inputs[0]), \(input[1]), \(input[2]), \(input[0]), \(factor),",
        "               \(inputZero), \(rescale.multiplier), \(rescale.shift), \(outputZero), "
          + "\(bounds.lowerBound), \(bounds.upperBound));",
      ],
      bounds: [bounds], ratios: [rescale])
  }
}

extension CRoutine {
  /// The C function that finds a pixel of the enlarged image in the original.
  static let interpolationPlace = CRoutine(
    name: "interpolation_place",
    text: #"""
      /* Where a position lies in the input, in parts of a pixel: it only grows, so pixel is counted on. */
      static int @_place(int position, int extent, int factor, int *pixel) {
        int parts = 2 * factor, place = 2 * position + 1 - factor;
        if (position == 0) *pixel = 0;
        if (place < 0) place = 0;
        if (place > (extent - 1) * parts) place = (extent - 1) * parts;
        while (place >= (*pixel + 1) * parts) ++*pixel;
        return place - *pixel * parts;
      }
      """#)

  /// Bilinear interpolation with half-pixel centres.
  static let interpolation = CRoutine(
    name: "interpolation", needs: [prelude, clamp, rescale, interpolationPlace],
    text: #"""
      static void @_interpolate(int8_t *y, const int8_t *x, int height, int width, int channels, int factor,
                                int input_zero, int16_t multiplier, uint8_t shift, int zero, int low, int high) {
        int parts = 2 * factor, row, column, channel, u = 0, v = 0;
        for (row = 0; row < height * factor; row++) {
          int below = @_place(row, height, factor, &u);
          for (column = 0; column < width * factor; column++) {
            int right = @_place(column, width, factor, &v);
            const int8_t *from = x + (u * width + v) * channels;
            for (channel = 0; channel < channels; channel++) {
              int32_t sum = (int32_t)(parts - below) * (parts - right) * (from[channel] - input_zero);
              if (right > 0) sum += (int32_t)(parts - below) * right * (from[channels + channel] - input_zero);
              if (below > 0) {
                const int8_t *next = from + width * channels;
                sum += (int32_t)below * (parts - right) * (next[channel] - input_zero);
                if (right > 0) sum += (int32_t)below * right * (next[channels + channel] - input_zero);
              }
              *y++ = @_clamp(@_rescale(sum, multiplier, shift) + zero, low, high);
            }
          }
        }
      }
      """#)
}
