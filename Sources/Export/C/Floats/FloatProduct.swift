import Graphs
import Ops
import Tensors

/// The product of a value and a factor for each element, channel or pixel.
struct FloatProduct: CKernel {
  /// The shape of the value, `[channels, height, width]` or `[features]`.
  let input: Shape
  /// The shape of the factor: the same, `[channels, 1, 1]` or `[1, height, width]`.
  let factor: Shape

  var title: String { "product" }
  var multiplyAdds: Int { 0 }
  var placement: OutputPlacement { .inPlace }

  func code(_ site: CSite) -> CCode {
    let channels = input[0]
    let place = factor.count == input.count ? "i * \(channels) + j" : factor[0] == channels ? "j" : "i"
    return CCode(body: [
      "const float *x = \(site.inputs[0]), *factor = \(site.inputs[1]);",
      "float *y = \(site.output);",
      "int i, j;",
      "for (i = 0; i < \(input.count / max(channels, 1)); i++)",
      "  for (j = 0; j < \(channels); j++) *y++ = *x++ * factor[\(place)];",
    ])
  }
}

extension Multiply: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    FloatProduct(input: frame.inputs[0], factor: frame.inputs[1])
  }
}
