import Execution
import Graphs
import Tensors

extension IntegerMultiply: CKernel {
  var title: String { "product" }

  /// Where both have as many elements, any order will do as long as it is the same.
  func orders(
    _ inputs: [COrder], shapes: [Shape], output: Shape
  ) -> (inputs: [COrder], output: COrder) {
    guard factor.count == input.count, inputs[0] == inputs[1] else {
      return (shapes.map(COrder.init), COrder(output))
    }
    return (inputs, inputs[0])
  }

  func code(_ site: CSite) -> CCode {
    let pixels = input.count / input[0]
    let place =
      factor.count == input.count ? "i * \(input[0]) + j" : factor[0] == input[0] ? "j" : "i"
    let bound = "\(bounds.lowerBound), \(bounds.upperBound)"
    return CCode(
      routines: [.prelude, .clamp, .rescale],
      body: [
        "const int8_t *x = \(site.inputs[0]), *factor = \(site.inputs[1]);",
        "int8_t *y = \(site.output);",
        "int i, j;",
        "for (i = 0; i < \(pixels); i++)",
        "  for (j = 0; j < \(input[0]); j++) {",
        "    int32_t product = (int32_t)(*x++ - (\(inputZero))) * (factor[\(place)] - (\(factorZero)));",
        "    product = @_rescale(product, \(rescale.multiplier), \(rescale.shift));",
        "    *y++ = @_clamp(product + \(outputZero), \(bound));",
        "  }",
      ],
      bounds: [bounds], ratios: [rescale])
  }
}
