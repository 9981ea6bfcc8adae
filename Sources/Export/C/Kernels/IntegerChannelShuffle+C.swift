import Execution
import Graphs
import Tensors

extension IntegerChannelShuffle: CKernel {
  var title: String { "channel shuffle, \(groups) groups" }

  func code(_ site: CSite) -> CCode {
    let pixels = shape.count / shape[0]
    return CCode(
      routines: [.prelude],
      body: [
        "const @_number *x = \(site.inputs[0]);",
        "@_number *y = \(site.output);",
        "int i, j, k;",
        "for (i = 0; i < \(pixels); i++) {",
        "  for (j = 0; j < \(shape[0] / groups); j++)",
        "    for (k = 0; k < \(groups); k++) *y++ = x[k * \(shape[0] / groups) + j];",
        "  x += \(shape[0]);",
        "}",
      ])
  }
}
