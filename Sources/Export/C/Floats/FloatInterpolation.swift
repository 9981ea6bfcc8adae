import Execution
import Graphs
import Ops
import Tensors

/// Bilinear upsampling with half-pixel centres.
struct FloatInterpolation: CKernel {
  /// The input's shape `[channels, height, width]`.
  let input: Shape
  /// The factor by which rows and columns increase.
  let factor: Int

  var title: String { "bilinear interpolation by \(factor)" }
  var multiplyAdds: Int { 0 }
  var placement: OutputPlacement { .apart }

  func code(_ site: CSite) -> CCode {
    let parts = 2 * factor
    return CCode(
      routines: [.interpolationPlace],
      body: [
        "const float *x = \(site.inputs[0]);",
        "float *y = \(site.output);",
        "int row, column, channel, u = 0, v = 0;",
        "for (row = 0; row < \(input[1] * factor); row++) {",
        "  float below = (float)@_place(row, \(input[1]), \(factor), &u) / \(parts).0f;",
        "  for (column = 0; column < \(input[2] * factor); column++) {",
        "    float right = (float)@_place(column, \(input[2]), \(factor), &v) / \(parts).0f;",
        "    const float *from = x + (u * \(input[2]) + v) * \(input[0]);",
        "    int next = right > 0.0f ? \(input[0]) : 0, under = below > 0.0f ? \(input[2] * input[0]) : 0;",
        "    for (channel = 0; channel < \(input[0]); channel++) {",
        "      *y++ = (1.0f - below) * ((1.0f - right) * from[0] + right * from[next])",
        "        + below * ((1.0f - right) * from[under] + right * from[under + next]);",
        "      from++;",
        "    }",
        "  }",
        "}",
      ])
  }
}

extension Upsample: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    switch mode {
    case .nearest: IntegerUpsample(input: frame.inputs[0], factor: factor)
    case .bilinear: FloatInterpolation(input: frame.inputs[0], factor: factor)
    }
  }
}
