import Execution
import Ops
import Tensors

extension IntegerConvolution: CWeighted {
  /// The least length of a window's row, in bytes, for reading in place; shorter rows are copied first.
  private static let directRun = 16
  /// The largest number of filters whose weights are unpacked at a time.
  ///
  /// Four filters share the inputs that they read. More filters, if they are small, share the copies of windows.
  private var filtersAtOnce: Int { min(op.filters, max(4, 512 / rowCount)) }

  var title: String {
    var words = "\(isDepthwise ? "depthwise convolution" : "convolution") \(op.kernel)"
    if op.stride != 1 { words += ", stride \(op.stride)" }
    if op.dilation != 1 { words += ", dilation \(op.dilation)" }
    if op.groups > 1, !isDepthwise { words += ", \(op.groups) groups" }
    return words
  }

  /// True if every channel has exactly one filter.
  private var isDepthwise: Bool { op.groups == input[0] && op.groups == op.filters && op.groups > 1 }
  /// The channels that a filter reads.
  private var channels: Int { input[0] / op.groups }
  private var isPadded: Bool { op.window.isPadded }

  /// True if windows inside the image are read in place.
  private var isDirect: Bool {
    guard op.dilation == 1 else { return false }
    if isDepthwise { return true }
    return op.groups == 1 && (op.kernel == 1 || channels * op.kernel.width >= Self.directRun)
  }

  /// The format of the weights.
  private func form(_ storage: CStorage) -> CWeights.Form {
    let form = CWeights.form(
      of: products, order: order, rowCount: rowCount, isDepthwise ? storage.withoutSurvivors : storage)
    return isDepthwise ? form.multiplied : form
  }

  func orders(_ inputs: [COrder], shapes: [Shape], output: Shape) -> (inputs: [COrder], output: COrder) {
    (shapes.map(COrder.init), COrder(output))
  }

  func scratch(_ storage: CStorage) -> ClosedRange<Int> {
    let form = form(storage)
    let patch = patchSpace(form)
    let patches = patchSpace(form, windows: mostWindows(form))
    switch form {
    case .bytes, .survivors, .signs: return patch...patches
    case .bits: return patch + (rowCount + 7) / 8...patch + (rowCount + 7) / 8
    case .packed, .indexed, .levels, .vectors, .coded:
      return patch + rowCount...patches + rowCount * (isDepthwise ? 1 : filtersAtOnce)
    }
  }

  /// The bytes of the copied windows, rounded up to whole words to align the data after them.
  private func patchSpace(_ form: CWeights.Form, windows: Int = 1) -> Int {
    let copies = windows > 1 ? !isPointwise : isPadded || !isDirect(form)
    return copies ? (windows * rowCount + 3) / 4 * 4 : 0
  }

  /// The number of windows that kernels can process at a time.
  ///
  /// It is two if all filters read all channels and the weights are multiplied.
  private func mostWindows(_ form: CWeights.Form) -> Int {
    switch form {
    case .bytes, .packed, .indexed, .levels, .vectors, .coded:
      op.groups == 1 && output[2] > 1 ? 2 : 1
    case .survivors, .signs, .bits: 1
    }
  }

  /// True if windows are adjacent pixels, so that none is copied.
  private var isPointwise: Bool { op.kernel == 1 && op.stride.width == 1 && !isPadded }

  /// The number of windows that fit into the working memory beside the unpacked weights of four filters.
  private func windows(_ form: CWeights.Form, room: Int) -> Int {
    let unpacked = form == .bytes ? 0 : rowCount * min(op.filters, 4)
    let most = mostWindows(form)
    return room >= patchSpace(form, windows: most) + unpacked ? most : 1
  }

  /// True if the routine for depthwise 3x3 kernels serves this layer.
  ///
  /// It needs stride 1, dilation 1, and ratios that leave room for the zero point beside the product.
  private func isOfThree(_ site: CSite) -> Bool {
    isDepthwise && op.kernel == 3 && op.stride == 1 && op.dilation == 1 && !site.rescalesByShifts
      && op.padding.height <= 1 && op.padding.width <= 1 && min(input[1], input[2]) > 1
      && output[1] == input[1] + 2 * op.padding.height - 2 && output[2] == input[2] + 2 * op.padding.width - 2
      && products.rescales.allSatisfy { (17...38).contains($0.shift) }
  }

  /// True if the routine for rows of 3x3 kernels on AVR serves this layer, which keeps extents in bytes and shifts by fewer than
  /// nine bits besides two bytes.
  private func isOfRowsOnAVR(_ site: CSite, _ form: CWeights.Form) -> Bool {
    isOfThree(site) && form == .bytes && input[1] > 2 && input[0] < 256 && input[2] < 256 && output[1] < 256
      && products.sumsFitIn24Bits(.never) && products.rescales.allSatisfy { (18...25).contains($0.shift) }
  }

  func code(_ site: CSite, _ storage: CStorage) -> CCode {
    let weights = CWeights(
      products.weights, form: form(storage), order: order, rowCount: rowCount, site: site)
    let constants = products.constants(
      site, weights: weights.pointer, offset: weights.form.offset)
    let windows = windows(weights.form, room: site.scratch.count)
    var code = CCode(arrays: weights.arrays + constants.arrays)
    code.ratios = products.rescales
    code.bounds = [products.bounds]
    code.sumsAreShort = products.sumsFitIn24Bits(weights.form.offset)
    code.body = [
      "@@_SETTINGS(@_convolution, layer) = {",
      "  \(constants.initializer),",
      "  \(CWindow(self).initializer),",
      "  \(op.groups), \(products.inputZero), \(isDirect(weights.form) ? 1 : 0), \(windows)",
      "}; @@_READ_SETTINGS(@_convolution, layer);",
    ]
    let call = isDepthwise ? depthwise(weights, site) : dense(weights, site)
    code.routines = call.routines
    code.body += call.body
    return code
  }

  /// Non-zero weights and bits are read in place only if a window is one pixel of one group.
  private func isDirect(_ form: CWeights.Form) -> Bool {
    form == .survivors || form.bits == 1 ? op.kernel == 1 && op.groups == 1 && !isPadded : isDirect
  }

  /// The elements of a row and of a window: the inputs of a filter, or all channels of a depthwise layer.
  private var rowCount: Int { (isDepthwise ? input[0] : channels) * op.kernel.count }

  /// The indices of weights in the order of kernels: filter, row, column, channel; depthwise layers have no
  /// filter axis.
  private var order: [Int] {
    let places = op.kernel.count
    if isDepthwise { return (0..<places).flatMap { place in (0..<input[0]).map { $0 * places + place } } }
    return (0..<op.filters).flatMap { filter in
      (0..<places).flatMap { place in (0..<channels).map { (filter * channels + $0) * places + place } }
    }
  }

  private func depthwise(_ weights: CWeights, _ site: CSite) -> (routines: [CRoutine], body: [String]) {
    let arguments = "\(site.output), \(site.inputs[0]), \(site.scratch.pointer)"
    let all = "\(site.scratch.pointer) + \(patchSpace(weights.form))"
    guard
      let unpacking = weights.unpacking(to: all, from: weights.array.name, count: "\(rowCount)")
    else {
      let call = alongRows(site, .bytes, weights: "layer.products.weights", or: "@_depthwise", arguments)
      return ([.depthwise] + call.routines, call.body)
    }
    let call = alongRows(site, weights.form, weights: all, or: "@_depthwise_memory", arguments)
    return (
      [.depthwiseInMemory, unpacking.routine] + call.routines,
      weights.preparation + [unpacking.call] + call.body
    )
  }

  /// Calls the routine for 3x3 kernels if it serves the layer and the processor has its instructions, else a general one.
  private func alongRows(
    _ site: CSite, _ form: CWeights.Form, weights: String, or general: String, _ arguments: String
  ) -> (routines: [CRoutine], body: [String]) {
    let call = "\(general)(&layer, \(weights), \(arguments));"
    guard isOfThree(site) else { return ([], [call]) }
    let three = "@_depthwise_three(&layer, \(weights), \(site.output), \(site.inputs[0]));"
    guard isOfRowsOnAVR(site, form) else {
      return ([.depthwiseOfThree], ["#if defined(@@_DSP)", three, "#else", call, "#endif"])
    }
    let rows = "@_depthwise_rows(&layer, \(site.output), \(site.inputs[0]));"
    return (
      [.depthwiseOfThree, .depthwiseRowsOnAVR],
      ["#if defined(@@_DSP)", three, "#elif defined(__AVR__)", rows, "#else", call, "#endif"]
    )
  }

  private func dense(_ weights: CWeights, _ site: CSite) -> (routines: [CRoutine], body: [String]) {
    let arguments = "\(site.output), \(site.inputs[0]), \(site.scratch.pointer)"
    switch weights.form {
    case .bytes:
      return (
        [.convolve], ["@_convolve(&layer, layer.products.weights, 0, \(op.filters), \(arguments));"]
      )
    case .survivors:
      return ([.convolveSparse], ["@_convolve_sparse(&layer, \(site.name("counts")), \(arguments));"])
    case .signs:
      return ([.convolveSigns], ["@_convolve_signs(&layer, \(weights.array.name), \(arguments));"])
    case .bits:
      let packed =
        "(uint8_t *)\(site.scratch.pointer) + \(patchSpace(.bits)), \(products.inputBounds.lowerBound)"
      return ([.convolveBits], ["@_convolve_bits(&layer, \(weights.array.name), \(arguments), \(packed));"])
    case .packed, .indexed, .vectors, .coded:
      return unpacked(weights, site, arguments)
    case .levels(let magnitudes):
      let (routines, body) = unpacked(weights, site, arguments)
      let summing = CRoutine.convolveLevels(magnitudes)
      return (
        routines + [summing],
        [
          "#if defined(__AVR__)", "@_\(summing.name)(&layer, \(weights.array.name), \(arguments));", "#else",
          "{",
        ]
          + body.map { "  " + $0 } + ["}", "#endif"]
      )
    }
  }

  /// Code that unpacks the weights of a group of filters and applies them at all positions, group by group.
  private func unpacked(
    _ weights: CWeights, _ site: CSite, _ arguments: String
  ) -> (routines: [CRoutine], body: [String]) {
    let patches = patchSpace(weights.form, windows: windows(weights.form, room: site.scratch.count))
    let some = "\(site.scratch.pointer) + \(patches)"
    let atOnce = max(1, min(op.filters, (site.scratch.count - patches) / rowCount))
    guard
      let unpacking = weights.unpacking(
        to: "\(some) + i * \(rowCount)", from: "\(weights.array.name) + (first + i) * \(weights.rowBytes)",
        count: "\(rowCount)")
    else { return ([], []) }
    return (
      [.convolveInMemory, unpacking.routine],
      weights.preparation + [
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
