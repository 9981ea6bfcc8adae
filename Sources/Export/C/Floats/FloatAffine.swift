import Graphs
import Ops
import Tensors

/// A batch norm that is not folded: `y[c] = scale[c] · x[c] + shift[c]`.
struct FloatAffine: CKernel {
  /// One scale for each channel.
  let scales: [Float]
  /// One shift for each channel.
  let shifts: [Float]

  var title: String { "batch norm" }
  var multiplyAdds: Int { 0 }
  var placement: OutputPlacement { .inPlace }

  func code(_ site: CSite) -> CCode {
    let arrays = [CArray(site.name("scales"), floats: scales), CArray(site.name("shifts"), floats: shifts)]
    let channels = scales.count
    return CCode(
      arrays: arrays, routines: [.prelude],
      body: [
        "const float *x = \(site.inputs[0]);",
        "float *y = \(site.output);",
        "int i, j;",
        "for (i = 0; i < \(site.shape.count / max(channels, 1)); i++)",
        "  for (j = 0; j < \(channels); j++)",
        "    *y++ = *x++ * @@_FLOAT(\(arrays[0].name) + j) + @@_FLOAT(\(arrays[1].name) + j);",
      ])
  }
}

extension BatchNorm: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    let channels = frame.inputs[0][0]
    let (scale, shift) = (frame.values(.scale, count: channels), frame.values(.shift, count: channels))
    let (mean, variance) = (frame.values(.mean, count: channels), frame.values(.variance, count: channels))
    let factors = zip(scale, variance).map {
      Double($0) / (Double($1) + Double(epsilon)).squareRoot()
    }
    let shifts = (0..<channels).map { Float(Double(shift[$0]) - Double(mean[$0]) * factors[$0]) }
    return FloatAffine(scales: factors.map { Float($0) }, shifts: shifts)
  }
}
