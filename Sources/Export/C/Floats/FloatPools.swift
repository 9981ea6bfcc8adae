import Graphs
import Ops
import Tensors

/// The largest or the mean number of each window.
struct FloatPool: CKernel {
  /// The number that is computed of a window.
  enum Kind: Sendable {
    /// The largest number.
    case largest
    /// The mean; padding counts as zeros, or not at all.
    case mean(countsPadding: Bool)
  }

  let kind: Kind
  /// The windows.
  let window: CWindow

  var title: String {
    if case .largest = kind { return "max pooling" }
    return "average pooling"
  }
  var multiplyAdds: Int { 0 }
  var placement: OutputPlacement { .apart }

  func code(_ site: CSite) -> CCode {
    let settings =
      "@@_SETTINGS(@_window, window) = \(window.initializer); @@_READ_SETTINGS(@_window, window);"
    switch kind {
    case .largest:
      return CCode(
        routines: [.prelude, .maxPoolFloats],
        body: [settings, "@_max_pool(&window, \(site.output), \(site.inputs[0]));"])
    case .mean(let countsPadding):
      let call = "@_average_pool(&window, \(countsPadding ? 1 : 0), \(site.output), \(site.inputs[0]));"
      return CCode(routines: [.averagePoolFloats], body: [settings, call])
    }
  }
}

extension MaxPool: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    FloatPool(
      kind: .largest,
      window: CWindow(
        input: frame.inputs[0], output: frame.output, kernel: kernel, stride: stride ?? kernel,
        padding: padding,
        dilation: 1))
  }
}

extension AveragePool: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    FloatPool(
      kind: .mean(countsPadding: countsPadding),
      window: CWindow(
        input: frame.inputs[0], output: frame.output, kernel: kernel, stride: stride ?? kernel,
        padding: padding,
        dilation: 1))
  }
}

extension GlobalAveragePool: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    let input = frame.inputs[0]
    let all = Extent(input.rank > 1 ? input[1] : 1, input.rank > 2 ? input[2] : 1)
    let image: Shape = [input[0], all.height, all.width]
    return FloatPool(
      kind: .mean(countsPadding: true),
      window: CWindow(
        input: image, output: [input[0], 1, 1], kernel: all, stride: all, padding: 0, dilation: 1))
  }
}
