import Execution
import Graphs
import Tensors

extension IntegerUpsample: CKernel {
  var title: String { "upsampling by \(factor)" }

  func code(_ site: CSite) -> CCode {
    CCode(
      routines: [.prelude],
      body: [
        "const @_number *x = \(site.inputs[0]);",
        "@_number *y = \(site.output);",
        "int i, j, k, l, channel;",
        "for (i = 0; i < \(input[1]); i++) {",
        "  for (k = 0; k < \(factor); k++)",
        "    for (j = 0; j < \(input[2]); j++)",
        "      for (l = 0; l < \(factor); l++)",
        "        for (channel = 0; channel < \(input[0]); channel++) {",
        "          *y++ = x[j * \(input[0]) + channel];",
        "          @@_SHORT_LOOP();",
        "        }",
        "  x += \(input[2] * input[0]);",
        "}",
      ])
  }
}
