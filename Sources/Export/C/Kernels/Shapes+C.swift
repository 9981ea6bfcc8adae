import Execution
import Graphs
import Tensors

extension IntegerReshape: CKernel {
  var title: String { "reshaping" }

  /// Nothing moves: the output has the order of the input.
  func orders(_ inputs: [COrder], shapes: [Shape], output: Shape) -> (inputs: [COrder], output: COrder) {
    (inputs, inputs[0])
  }

  func code(_ site: CSite) -> CCode { CCode() }
}

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

extension IntegerPixelRows: CKernel {
  var title: String { "rows of anchors" }

  /// Images already have their channels last, which is the order of rows.
  func code(_ site: CSite) -> CCode {
    CCode(
      routines: [.prelude],
      body: [
        "const @_number *x = \(site.inputs[0]);",
        "@_number *y = \(site.output);",
        "int i;",
        "for (i = 0; i < \(shape.count); i++) y[i] = x[i];",
      ])
  }
}

extension IntegerChannelSlice: CKernel {
  var title: String { "channels \(start)...\(start + count - 1)" }

  func code(_ site: CSite) -> CCode {
    let pixels = shape.count / shape[0]
    return CCode(
      routines: [.prelude],
      body: [
        "const @_number *x = \(site.inputs[0]) + \(start);",
        "@_number *y = \(site.output);",
        "int i, j;",
        "for (i = 0; i < \(pixels); i++) {",
        "  for (j = 0; j < \(count); j++) {",
        "    *y++ = x[j];",
        "    @@_SHORT_LOOP();",
        "  }",
        "  x += \(shape[0]);",
        "}",
      ])
  }
}

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
