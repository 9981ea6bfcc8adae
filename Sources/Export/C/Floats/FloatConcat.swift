import Graphs
import Ops
import Tensors

/// Concatenates the inputs along channels.
struct FloatConcat: CKernel {
  /// The channels of each input.
  let channels: [Int]

  var title: String { "concatenation of \(channels.count)" }
  var multiplyAdds: Int { 0 }
  var placement: OutputPlacement { .apart }

  func code(_ site: CSite) -> CCode {
    let total = channels.reduce(0, +)
    var body = ["float *y = \(site.output);", "const float *x;", "int i, j;"]
    var first = 0
    for (count, input) in zip(channels, site.inputs) {
      body += [
        "x = \(input);",
        "for (i = 0; i < \(site.shape.count / max(total, 1)); i++)",
        "  for (j = 0; j < \(count); j++) {",
        "    y[i * \(total) + \(first) + j] = *x++;",
        "    @@_SHORT_LOOP();",
        "  }",
      ]
      first += count
    }
    return CCode(routines: [.prelude], body: body)
  }
}

extension Concat: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel { FloatConcat(channels: frame.inputs.map { $0[0] }) }
}
