import Graphs
import Ops
import Tensors

/// A norm by the statistics of each image, for channels-last values.
struct FloatGroupNorm: CKernel {
  let op: GroupNorm
  /// The shape `[channels, …]`.
  let shape: Shape
  /// One scale for each channel.
  let scales: [Float]
  /// One shift for each channel.
  let shifts: [Float]

  var title: String { "norm of \(op.groups) groups by \(op.span.rawValue)" }
  var multiplyAdds: Int { 0 }
  var placement: OutputPlacement { .apart }

  func code(_ site: CSite) -> CCode {
    let arrays = [CArray(site.name("scales"), floats: scales), CArray(site.name("shifts"), floats: shifts)]
    let (channels, members) = (shape[0], shape[0] / op.groups)
    let pixels = shape.count / max(channels, 1)
    let together = op.span == .image ? pixels : 1
    return CCode(
      arrays: arrays, routines: [.prelude, .mathematics],
      body: [
        "int i, j, k, l;",
        "for (i = 0; i < \(pixels / together); i++)",
        "  for (j = 0; j < \(channels); j += \(members)) {",
        "    const float *x = \(site.inputs[0]) + i * \(channels) + j;",
        "    float *y = \(site.output) + i * \(channels) + j;",
        "    float mean = 0.0f, variance = 0.0f, factor;",
        "    for (k = 0; k < \(together); k++)",
        "      for (l = 0; l < \(members); l++) mean += x[k * \(channels) + l];",
        "    mean /= \(CArray.literal(Float(together * members)));",
        "    for (k = 0; k < \(together); k++)",
        "      for (l = 0; l < \(members); l++) {",
        "        float distance = x[k * \(channels) + l] - mean;",
        "        variance += distance * distance;",
        "      }",
        "    variance /= \(CArray.literal(Float(together * members)));",
        "    factor = 1.0f / sqrtf(variance + \(CArray.literal(op.epsilon)));",
        "    for (k = 0; k < \(together); k++)",
        "      for (l = 0; l < \(members); l++)",
        "        y[k * \(channels) + l] = (x[k * \(channels) + l] - mean) * factor",
        "          * @@_FLOAT(\(arrays[0].name) + j + l) + @@_FLOAT(\(arrays[1].name) + j + l);",
        "  }",
      ])
  }
}

extension GroupNorm: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    let channels = frame.inputs[0][0]
    return FloatGroupNorm(
      op: self, shape: frame.inputs[0], scales: frame.values(.scale, count: channels),
      shifts: frame.values(.shift, count: channels))
  }
}
