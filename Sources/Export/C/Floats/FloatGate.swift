import Graphs
import Ops
import Tensors

/// The channel gate: of the largest numbers, those above zero after the offset; all others are zero.
struct FloatGate: CKernel {
  /// The op.
  let op: ChannelGate

  var title: String { "channel gate, \(op.open) open at most" }
  var multiplyAdds: Int { 0 }
  var placement: OutputPlacement { .apart }

  func code(_ site: CSite) -> CCode {
    let offset = CArray.literal(op.offset)
    return CCode(body: [
      "const float *x = \(site.inputs[0]);",
      "float *y = \(site.output);",
      "int i, j;",
      "for (i = 0; i < \(site.shape.count); i++) {",
      "  int larger = 0;",
      "  for (j = 0; j < \(site.shape.count); j++) larger += x[j] > x[i] || (x[j] == x[i] && j < i);",
      "  y[i] = larger < \(op.open) && x[i] + \(offset) > 0.0f ? x[i] + \(offset) : 0.0f;",
      "}",
    ])
  }
}

extension ChannelGate: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel { FloatGate(op: self) }
}
