import Graphs
import Ops
import Tensors

/// The softmax over the channels of each pixel.
struct FloatSoftmax: CKernel {
  var title: String { "softmax" }
  var multiplyAdds: Int { 0 }
  var placement: OutputPlacement { .apart }

  func code(_ site: CSite) -> CCode {
    let channels = site.shape[0]
    return CCode(
      routines: [.mathematics],
      body: [
        "const float *x = \(site.inputs[0]);",
        "float *y = \(site.output);",
        "int i, j;",
        "for (i = 0; i < \(site.shape.count / max(channels, 1)); i++) {",
        "  float largest = x[0], sum = 0.0f;",
        "  for (j = 1; j < \(channels); j++)",
        "    if (x[j] > largest) largest = x[j];",
        "  for (j = 0; j < \(channels); j++) {",
        "    y[j] = expf(x[j] - largest);",
        "    sum += y[j];",
        "  }",
        "  for (j = 0; j < \(channels); j++) y[j] /= sum;",
        "  x += \(channels);",
        "  y += \(channels);",
        "}",
      ])
  }
}

extension Softmax: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel { FloatSoftmax() }
}
