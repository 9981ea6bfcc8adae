import Execution
import Graphs
import Tensors

extension IntegerPrototypes: CKernel {
  var title: String { "kernels of \(count) prototypes" }

  /// Accepts any order of features: the prototypes are stored in the same order.
  func orders(_ inputs: [COrder], shapes: [Shape], output: Shape) -> (inputs: [COrder], output: COrder) {
    (inputs, .rowMajor)
  }

  /// Emits two passes over the prototypes: one finds the least distance, the other computes the outputs.
  ///
  /// Computing distances twice saves 4 bytes of memory for each prototype.
  func code(_ site: CSite) -> CCode {
    let columns = site.orders[0].elements(features)
    let arranged = (0..<count).flatMap { row in columns.map { prototypes[row * features + $0] } }
    let points = CArray(site.name("prototypes"), .int8, arranged)
    let table = CArray(site.name("powers"), .int16, powers)
    return CCode(
      arrays: [points, table], routines: [.prelude, .clamp] + (isLarge ? [] : [.rescale]),
      body: [
        "const int8_t *x = \(site.inputs[0]), *p;",
        "int8_t *y = \(site.output);",
        "int32_t distance, rest, nearest = 2147483647;",
        "int16_t difference;",
        "int i, j, pass;",
        "for (pass = 0; pass < 2; pass++) {",
        "  p = \(points.name);",
        "  for (i = 0; i < \(count); i++) {",
        "    distance = 0;",
        "    for (j = 0; j < \(features); j++) {",
        "      difference = (int16_t)(x[j] - (\(inputZero)) - @@_BYTE(p) * \(1 << shift));",
        "      p++;",
        "      distance += (int32_t)difference * difference;",
        "    }",
        "    if (pass == 0) {",
        "      if (distance < nearest) nearest = distance;",
        "    } else {",
      ] + exponent + [
        "      rest = distance & 511;",
        "      rest = 16384 - 4 * rest + ((rest * rest) >> 11);",
        "      rest *= @@_HALF(\(table.name) + (distance >> 9));",
        "      rest = (rest + ((int32_t)1 << \(13 + digits))) >> \(14 + digits);",
        "      y[i] = @_clamp(rest + (\(outputZero)), \(bounds.lowerBound), \(bounds.upperBound));",
        "    }",
        "  }",
        "}",
      ],
      bounds: [bounds], ratios: isLarge ? [] : [rescale])
  }

  /// True if the routine `rescale` is for results of a byte alone: ratios above a quarter cut sums off.
  private var isLarge: Bool { rescale.shift < 17 }

  /// Lines that make the exponent of a distance.
  ///
  /// A large ratio is multiplied in 32 bits, which hold every product whose exponent is not clipped.
  private var exponent: [String] {
    guard isLarge else {
      return [
        "      distance = @_rescale(distance - nearest, \(rescale.multiplier), \(rescale.shift));",
        "      if (distance > \(Self.largest)) distance = \(Self.largest);",
      ]
    }
    let most = Int64(Self.largest) << Int64(rescale.shift) / Int64(rescale.multiplier) + 1
    let half = rescale.shift == 0 ? 0 : Int64(1) << Int64(rescale.shift - 1)
    return [
      "      distance -= nearest;",
      "      if (distance > \(most)) distance = \(most);",
      "      distance = (distance * \(rescale.multiplier) + \(half)) >> \(rescale.shift);",
      "      if (distance > \(Self.largest)) distance = \(Self.largest);",
    ]
  }
}
