import Graphs
import Ops
import Tensors

/// The product of a value and a second one, which may be one number a channel or one a pixel.
struct FloatProduct: CKernel {
  /// `[C, H, W]` or `[F]`.
  let input: Shape
  /// The same, `[C, 1, 1]` or `[1, H, W]`.
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
