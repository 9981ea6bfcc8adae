import Execution
import Graphs
import Ops

extension IntegerMaxPool: CKernel {
  var title: String { "max pooling \(kernel), stride \(stride)" }

  func code(_ site: CSite) -> CCode {
    let window = CWindow(
      input: input, output: output, kernel: kernel, stride: stride, padding: padding, dilation: 1)
    return CCode(
      routines: [.prelude, .maxPool],
      body: [
        "@@_SETTINGS(@_window, window) = \(window.initializer); @@_READ_SETTINGS(@_window, window);",
        "@_max_pool(&window, \(site.output), \(site.inputs[0]));",
      ])
  }
}

extension IntegerAveragePool: CKernel {
  var title: String { "average pooling \(kernel), stride \(stride)" }

  func code(_ site: CSite) -> CCode {
    let window = CWindow(
      input: input, output: output, kernel: kernel, stride: stride, padding: padding, dilation: 1)
    let least = rescales.keys.min() ?? 0
    let counts = least...(rescales.keys.max() ?? least)
    let arrays = [
      CArray(site.name("multipliers"), .int16, counts.map { rescales[$0]?.multiplier ?? 0 }),
      CArray(site.name("shifts"), .uint8, counts.map { rescales[$0]?.shift ?? 0 }),
    ]
    return CCode(
      arrays: arrays, routines: [.prelude, .averagePool],
      body: [
        "@@_SETTINGS(@_average, layer) = {",
        "  \(window.initializer), \(arrays[0].name), \(arrays[1].name),",
        "  \(least), \(countsPadding ? 1 : 0), \(inputZero), \(outputZero), \(bounds.lowerBound), \(bounds.upperBound)",
        "}; @@_READ_SETTINGS(@_average, layer);",
        "@_average_pool(&layer, \(site.output), \(site.inputs[0]));",
      ],
      bounds: [bounds], ratios: Array(rescales.values))
  }
}
