/// A range of channels, rows or columns of images, or of a shape.
enum TFLiteSliceReader: TFLiteOperatorReader {
  static let types = ["SLICE", "STRIDED_SLICE"]

  /// An end beyond every index.
  private static let end = Int(Int32.max)

  /// The ranges of the axes, from the first axis on.
  private struct Stretches {
    var starts: [Int]
    var ends: [Int]
    var steps: [Int]
    /// The axes that are reduced to one index and removed.
    var dropped: [Int] = []
  }

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let shape = try network.shape(call, 0)
    let stretches =
      call.type == "SLICE" ? try plain(call, shape, network) : try strided(call, shape, network)
    var axes = Array(stretches.starts.indices)
    // All images of the batch, whatever their number.
    if axes.count == shape.count, shape.count > 1, stretches.starts[0] == 0, stretches.steps[0] == 1,
      stretches.ends[0] >= shape[0], !stretches.dropped.contains(0)
    {
      axes.removeFirst()
    }
    let numbers = [stretches.starts, stretches.ends].map { ends in
      network.store(integers: axes.map { ends[$0] })
    }
    let inputs =
      [try network.value(call, 0)] + numbers
      + [network.store(integers: axes), network.store(integers: axes.map { stretches.steps[$0] })]
    guard !stretches.dropped.isEmpty else {
      return try network.append("Slice", inputs, for: call, isMoving: true)
    }
    let part = network.emit("Slice", inputs, for: call)
    try network.append(
      "Squeeze", [part, network.store(integers: stretches.dropped)], for: call, isMoving: true)
  }

  private static func plain(
    _ call: TFLiteCall, _ shape: [Int], _ network: TFLiteTranslation
  ) throws(ONNXRefusal) -> Stretches {
    let starts = try network.requiredIntegers(call, 1, "beginnings")
    let sizes = try network.requiredIntegers(call, 2, "sizes")
    guard starts.count == shape.count, sizes.count == shape.count,
      zip(starts, sizes).allSatisfy({ $0 >= 0 && $1 >= -1 && $0 <= end && $1 <= end })
    else { throw .because("beginnings \(starts) and sizes \(sizes) of \(shape)") }
    return Stretches(
      starts: starts, ends: zip(starts, sizes).map { $1 == -1 ? end : $0 + $1 },
      steps: starts.map { _ in 1 })
  }

  private static func strided(
    _ call: TFLiteCall, _ shape: [Int], _ network: TFLiteTranslation
  ) throws(ONNXRefusal) -> Stretches {
    var stretches = Stretches(
      starts: try network.requiredIntegers(call, 1, "beginnings"),
      ends: try network.requiredIntegers(call, 2, "ends"),
      steps: try network.requiredIntegers(call, 3, "steps"))
    let count = stretches.starts.count
    guard count <= shape.count, stretches.ends.count == count, stretches.steps.count == count else {
      throw .because("beginnings, ends and steps of different numbers")
    }
    guard try call.integer(.stridedSlice, 2) == 0, try call.integer(.stridedSlice, 3) == 0 else {
      throw .because("an ellipsis or new axes")
    }
    let free = (starts: try call.integer(.stridedSlice, 0), ends: try call.integer(.stridedSlice, 1))
    let dropped = try call.integer(.stridedSlice, 4)
    for axis in 0..<count {
      if free.starts >> axis & 1 != 0 { stretches.starts[axis] = stretches.steps[axis] > 0 ? 0 : end }
      if free.ends >> axis & 1 != 0 { stretches.ends[axis] = stretches.steps[axis] > 0 ? end : -end }
      if dropped >> axis & 1 != 0 {
        let start = stretches.starts[axis]
        stretches.ends[axis] = start == -1 ? end : start &+ 1
        stretches.steps[axis] = 1
        stretches.dropped.append(axis)
      }
    }
    return stretches
  }
}

/// Splits the channels into several parts.
enum TFLiteSplitReader: TFLiteOperatorReader {
  static let types = ["SPLIT", "SPLIT_V"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let isSized = call.type == "SPLIT_V"
    let axes = try network.requiredIntegers(call, isSized ? 2 : 0, "axis")
    guard axes.count == 1 else { throw .because("\(axes.count) axes, expected one") }
    let shape = try network.shape(call, isSized ? 0 : 1)
    let axis = axes[0] < 0 ? axes[0] + shape.count : axes[0]
    guard shape.indices.contains(axis) else { throw .because("axis \(axes[0]) of \(shape)") }
    let sizes: [Int]
    if isSized {
      let given = try network.requiredIntegers(call, 1, "sizes")
      let rest = given.filter { $0 >= 0 && $0 <= shape[axis] }.reduce(shape[axis], -)
      sizes = given.map { $0 == -1 ? rest : $0 }
    } else {
      sizes = Array(repeating: shape[axis] / call.outputs.count, count: call.outputs.count)
    }
    let input = try network.value(call, isSized ? 0 : 1)
    let counts = network.store(integers: sizes)
    let parts = network.emitAll("Split", [input, counts], [.int("axis", axis)], for: call)
    for (position, part) in parts.enumerated() {
      try network.set(call, position, part, isMoving: true)
    }
  }
}
