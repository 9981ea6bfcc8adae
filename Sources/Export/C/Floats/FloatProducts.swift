import Graphs
import Ops
import Tensors

/// A convolution or a linear layer of floats.
///
/// **Formula** `y[o] = bias[o] + scale[o] · Σ w[o,i] · x[i]`; a linear layer is a window of one pixel whose
/// channels are all inputs.
struct FloatProducts: CKernel {
  /// The largest number of rows of weights that are expanded at a time.
  private static let rowsAtOnce = 4

  var title: String
  /// Multiply-adds per image; for a gated layer, the most.
  var multiplyAdds: Int
  /// The input's shape, `[channels, height, width]`.
  let input: Shape
  /// The output's shape, `[channels, height, width]`.
  let output: Shape
  /// The window as a convolution.
  let op: Conv2D
  /// The weights.
  let weights: FloatWeights
  /// One bias for each output.
  let bias: [Float]
  /// True for a linear layer, whose inputs may have any order.
  let isLinear: Bool
  /// True if a second input, one number per output, selects the outputs that are computed; the others are
  /// zero.
  var isGated = false

  /// True if the layer has a form that skips outputs.
  var canBeGated: Bool { !isLinear && op.groups == 1 && weights.form == .floats }

  var placement: OutputPlacement { .apart }

  func orders(_ inputs: [COrder], shapes: [Shape], output: Shape) -> (inputs: [COrder], output: COrder) {
    isLinear ? (inputs, .rowMajor) : (shapes.map(COrder.init), COrder(output))
  }

  private var channels: Int { input[0] / op.groups }
  private var rowCount: Int { weights.rowCount }
  private var isDirect: Bool {
    guard op.dilation == 1, op.groups == 1 else { return false }
    return op.kernel == 1 || (!weights.form.isSparse && channels * op.kernel.width >= 4)
  }
  private var patchCount: Int { isDirect && !op.window.isPadded ? 0 : rowCount }

  var scratch: ClosedRange<Int> {
    switch weights.form {
    case .floats, .survivors, .shared: return patchCount...patchCount
    case .indexed, .integers:
      return patchCount + rowCount...patchCount + rowCount * min(Self.rowsAtOnce, op.filters)
    }
  }

  /// The indices of weights in the order of kernels: filter, row, column, channel; for a linear layer, in the
  /// order of its inputs.
  private func order(_ inputs: COrder) -> [Int] {
    if isLinear {
      let columns = inputs.elements(rowCount)
      return (0..<op.filters).flatMap { row in columns.map { row * rowCount + $0 } }
    }
    let places = op.kernel.count
    return (0..<op.filters).flatMap { filter in
      (0..<places).flatMap { place in (0..<channels).map { (filter * channels + $0) * places + place } }
    }
  }

  func code(_ site: CSite) -> CCode {
    let arrays = weights.arrays(site, order: order(site.orders[0]))
    var code = CCode(arrays: arrays + [CArray(site.name("bias"), floats: bias)])
    if !weights.scales.isEmpty { code.arrays.append(CArray(site.name("scales"), floats: weights.scales)) }
    let scales = weights.scales.isEmpty ? "0" : site.name("scales")
    let isRead = weights.form == .floats || weights.form.isSparse
    let window = CWindow(
      input: input, output: output, kernel: op.kernel, stride: op.stride, padding: op.padding,
      dilation: op.dilation)
    code.body = [
      "@@_SETTINGS(@_convolution, layer) = {",
      "  {\(isRead ? arrays[0].name : "0"), \(scales), \(site.name("bias")), \(op.filters)},",
      "  \(window.initializer),",
      "  \(op.groups), \(isDirect ? 1 : 0)",
      "}; @@_READ_SETTINGS(@_convolution, layer);",
    ]
    let call = call(site)
    code.routines = call.routines
    code.body += call.body
    return code
  }

  private func call(_ site: CSite) -> (routines: [CRoutine], body: [String]) {
    let arguments = "\(site.output), \(site.inputs[0]), \(site.scratch.pointer)"
    if isGated {
      return (
        [.convolveGatedFloats],
        [
          "@_convolve_gated(&layer, \(site.inputs[1]), \(arguments));"
        ]
      )
    }
    let some = "\(site.scratch.pointer) + \(patchCount)"
    let atOnce = max(1, min(op.filters, (site.scratch.count - patchCount) / max(rowCount, 1)))
    let unpacking = weights.unpacking(
      site, to: "\(some) + i * \(rowCount)",
      from: "\(weights.arrayName(site)) + (first + i) * \(weights.rowBytes)", count: "\(rowCount)")
    guard let unpacking else {
      let counts = site.name("counts")
      switch weights.form {
      case .survivors:
        return (
          [.convolveSparseFloats],
          ["@_convolve_sparse(&layer, \(site.name("gaps")), \(counts), \(arguments));"]
        )
      case .shared:
        return (
          [.convolveSharedFloats],
          ["@_convolve_shared(&layer, \(site.name("pairs")), \(counts), \(arguments));"]
        )
      default:
        return (
          [.convolveFloats],
          ["@_convolve(&layer, layer.products.weights, 0, \(op.filters), \(arguments));"]
        )
      }
    }
    return (
      [.convolveFloatsInMemory, unpacking.routine],
      [
        "int first, i;",
        "for (first = 0; first < \(op.filters); first += \(atOnce)) {",
        "  int count = \(op.filters) - first < \(atOnce) ? \(op.filters) - first : \(atOnce);",
        "  for (i = 0; i < count; i++)",
        "    " + unpacking.call,
        "  @_convolve_memory(&layer, \(some), first, count, \(arguments));",
        "}",
      ]
    )
  }
}

extension FloatWeights {
  /// The name of the array of symbols.
  fileprivate func arrayName(_ site: CSite) -> String {
    if case .indexed = form { return site.name("indices") }
    return site.name("weights")
  }
}

extension Conv2D: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    FloatProducts(
      title: "convolution \(kernel)", multiplyAdds: frame.graph.cost(of: frame.node).multiplyAdds,
      input: frame.inputs[0], output: frame.output, op: self,
      weights: FloatWeights(frame.weight, frame.sparse),
      bias: frame.values(.bias, count: filters), isLinear: false)
  }
}

extension Linear: CFloatLowering {
  func floatKernel(_ frame: CFloatFrame) -> any CKernel {
    FloatProducts(
      title: "linear", multiplyAdds: frame.graph.cost(of: frame.node).multiplyAdds,
      input: [frame.inputs[0].count, 1, 1], output: [features, 1, 1],
      op: Conv2D(filters: features, kernel: 1),
      weights: FloatWeights(frame.weight, frame.sparse),
      bias: frame.values(.bias, count: features), isLinear: true)
  }
}
