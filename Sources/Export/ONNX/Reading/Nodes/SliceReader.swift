import Graphs
import Ops
import Tensors

/// A range of channels, rows or columns of images, or of a shape.
enum SliceReader: ONNXNodeReader {
  static let types = ["Slice"]

  /// The start, end and step of a slice along an axis.
  private struct Stretch {
    let start: Int
    let end: Int
    let step: Int

    /// The indices of an axis in the slice, with ends clamped as ONNX defines.
    func indices(of extent: Int) -> [Int] {
      func place(_ index: Int) -> Int { index < 0 ? max(index, -extent - 1) + extent : index }
      let isForward = step > 0
      let first = min(max(place(start), 0), isForward ? extent : extent - 1)
      let last = min(max(place(end), isForward ? 0 : -1), extent)
      return Array(Swift.stride(from: first, to: last, by: min(max(step, -extent - 1), extent + 1)))
    }
  }

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    if let constant = try network.constant(node.input(0)) { return try fold(node, constant, &network) }
    let (input, view, places) = try network.ordered(node.input(0))
    let shape = network.shape(of: input)
    var ranges: [Int: Range<Int>] = [:]
    var steps = Array(repeating: 1, count: shape.rank)
    for (place, stretch) in try stretches(of: node, rank: shape.rank, &network) {
      guard let axis = places.firstIndex(of: place) else { continue }
      guard stretch.step >= 1 else { throw .because("a step of \(stretch.step) on axis \(place)") }
      // With an unknown batch, an end means all images only if it exceeds every batch.
      guard axis > 0 else {
        let isWhole =
          stretch.start == 0 && stretch.step == 1 && stretch.end >= network.batch ?? Int(Int32.max)
        guard isWhole else { throw .because("a part of the batch; whole batches are supported") }
        continue
      }
      let indices = stretch.indices(of: shape[axis])
      guard let first = indices.first, let last = indices.last else {
        throw .because("nothing of axis \(place) of \(shape)")
      }
      guard axis >= 2 || stretch.step == 1 else { throw .because("a step on the channels of \(shape)") }
      steps[axis] = stretch.step
      if first > 0 || indices.count != (shape[axis] + stretch.step - 1) / stretch.step {
        ranges[axis] = first..<last + 1
      }
    }
    try cut(node, ViewedValue(value: input, view: view), places, ranges, steps, &network)
  }

  /// Cuts channels first, then rows and columns, then takes every n-th of them.
  private static func cut(
    _ node: ONNXNode, _ source: ViewedValue, _ places: [Int], _ ranges: [Int: Range<Int>], _ steps: [Int],
    _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    let shape = network.shape(of: source.value)
    let hasSteps = steps.contains { $0 != 1 }
    let isCropped = ranges.keys.contains { $0 > 1 }
    guard shape.rank == 4 || (!hasSteps && !isCropped) else {
      throw .because("rows or columns of \(shape), expected images")
    }
    var value = source.value
    var left = (ranges[1] == nil ? 0 : 1) + (isCropped ? 1 : 0) + (hasSteps ? 1 : 0)
    guard left > 0 else { return network.set(node.output, source.value, source.view) }
    let output = network.freshName(node.output)
    func name(_ part: String, _ network: inout ONNXNetworkBuilder) -> String {
      left -= 1
      return left == 0 ? output : network.freshName(output + part)
    }
    if let range = ranges[1] {
      value = try network.append(
        ChannelSlice(start: range.lowerBound, count: range.count), name: name(".channels", &network),
        inputs: [value])
    }
    if isCropped {
      let rows = ranges[2] ?? 0..<shape[2]
      let columns = ranges[3] ?? 0..<shape[3]
      value = try network.appendWindow(
        name(".part", &network), of: value,
        padding: ONNXPadding(
          top: -rows.lowerBound, left: -columns.lowerBound, bottom: rows.upperBound - shape[2],
          right: columns.upperBound - shape[3]))
    }
    if hasSteps {
      guard steps.allSatisfy({ $0 <= Window.maximumSide }) else {
        throw .because("steps \(steps) of \(shape)")
      }
      // A window of one pixel with a stride takes exactly these pixels.
      value = try network.append(
        MaxPool(kernel: Extent(1), stride: Extent(steps[2], steps[3])), name: name(".steps", &network),
        inputs: [value])
    }
    network.set(
      node.output, value, try network.view(like: source.view, places, shape: network.shape(of: value)))
  }

  private static func stretches(
    of node: ONNXNode, rank: Int, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> [(axis: Int, stretch: Stretch)] {
    // Before operator set 10 they are attributes.
    func numbers(_ position: Int, _ what: String) throws(ONNXRefusal) -> [Int]? {
      guard node.input(position) != nil else { return try node.ints(what) }
      guard let numbers = try network.requireConstant(node.input(position), what).knownIntegers,
        numbers.count <= 8
      else { throw .because("\(what) that depend on the batch") }
      return numbers
    }
    guard let starts = try numbers(1, "starts"), let ends = try numbers(2, "ends"), starts.count <= 8 else {
      throw .because("starts and ends are missing")
    }
    let axes = try network.axes(of: node, input: 3, rank: rank) ?? Array(starts.indices)
    let steps = try numbers(4, "steps") ?? Array(repeating: 1, count: starts.count)
    guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count,
      Set(axes).count == axes.count, axes.allSatisfy({ $0 < rank })
    else { throw .because("starts, ends, axes and steps of different numbers") }
    return starts.indices.map {
      (axes[$0], Stretch(start: starts[$0], end: ends[$0], step: steps[$0]))
    }
  }

  /// A part of a constant along its first axis.
  private static func fold(
    _ node: ONNXNode, _ constant: ONNXConstant, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    let stretches = try stretches(of: node, rank: constant.dims.count, &network)
    guard let (axis, stretch) = stretches.first, stretches.count == 1, axis == 0, stretch.step != 0,
      stretch.step != Int.min
    else { throw .because("of a constant of \(constant.dims) along other axes than the first") }
    let extent = constant.dims[0]
    let row = extent > 0 ? constant.count / extent : 0
    let rows = stretch.indices(of: extent)
    let positions = rows.flatMap { $0 * row..<($0 + 1) * row }
    try network.setConstant(
      node.output, constant.gathering(positions, dims: [rows.count] + constant.dims.dropFirst()))
  }
}

/// Splits the channels into several parts.
enum SplitReader: ONNXNodeReader {
  static let types = ["Split"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let (input, view, places) = try network.ordered(node.input(0))
    let shape = network.shape(of: input)
    let given = try node.int("axis", default: 0)
    guard places.firstIndex(of: given < 0 ? given + shape.rank : given) == 1 else {
      throw .because("axis \(given) of \(shape), expected the channels")
    }
    let sizes = try sizes(of: node, channels: shape[1], &network)
    var start = 0
    for (position, size) in sizes.enumerated() {
      if let output = node.output(position) {
        let value = try network.append(
          ChannelSlice(start: start, count: size), name: network.freshName(output), inputs: [input])
        network.set(output, value, try network.view(like: view, places, channels: size))
      }
      start += size
    }
  }

  private static func sizes(
    of node: ONNXNode, channels: Int, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> [Int] {
    // Before operator set 13 the sizes are an attribute.
    let given =
      node.input(1) == nil
      ? try node.ints("split") : try network.requireConstant(node.input(1), "sizes").knownIntegers
    let count = node.outputCount
    let part = (channels + count - 1) / max(count, 1)
    let sizes =
      given ?? (0..<count).map { min(part, channels - min($0 * part, channels)) }
    guard sizes.count == count, sizes.allSatisfy({ (1...channels).contains($0) }),
      sizes.reduce(0, +) == channels
    else { throw .because("parts of \(sizes.prefix(8)) for \(channels) channels and \(count) outputs") }
    return sizes
  }
}

/// Repeats a value along axes of one element.
enum ExpandReader: ONNXNodeReader {
  static let types = ["Expand"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    guard let target = try network.requireConstant(node.input(1), "shape").integers, target.count <= 8 else {
      throw .because("a shape that is no list of extents")
    }
    if let constant = try network.constant(node.input(0)) {
      guard constant.count == 1, target.allSatisfy({ $0 != nil }) else {
        throw .because("a constant of \(constant.dims); one number is supported")
      }
      return try network.setConstant(
        node.output, constant.reshaped(Array(repeating: 1, count: target.count)))
    }
    let source = try network.viewed(node.input(0))
    let own = [1] + source.view.extents
    guard own.count == target.count, [nil, 1, network.batch].contains(target[0]) else {
      throw .because("\(own) to \(target.map { $0 ?? -1 }), expected the batch first and as many axes")
    }
    var extents: [Int] = []
    for (have, want) in zip(own, target).dropFirst() {
      guard let want, want >= 1, want <= Window.maximumSide, have == want || have == 1 || want == 1 else {
        throw .because("\(own) to \(target.map { $0 ?? -1 })")
      }
      extents.append(max(have, want))
    }
    guard extents != source.view.extents else { return network.set(node.output, source.value, source.view) }
    network.set(node.output, .pending(ExpandedValue(source: source, extents: extents)))
  }
}

/// A value that is repeated along some axes; a product repeats it by itself.
struct ExpandedValue: ONNXPending {
  let source: ViewedValue
  /// The extents of one image in the file.
  let extents: [Int]

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    let value = try source.made(network.freshName(name + ".pixel"), in: &network)
    let target = Shape([1] + extents)
    let repeated = try network.repeated(value, to: target, name: name)
    guard network.shape(of: repeated) == target else {
      throw .because(
        "it reads an Expand of \(network.shape(of: value)) to \(target), expected one pixel a channel")
    }
    return repeated
  }
}
