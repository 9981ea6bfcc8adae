import Encodings
import Graphs

/// The first node of a pair that quantizes a value.
enum QuantizeReader: ONNXNodeReader {
  static let types = ["QuantizeLinear"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    try node.requireNoBlocks()
    if let constant = try network.constant(node.input(0)) { return try round(node, constant, &network) }
    let scale = try network.requireConstant(node.input(1), "scale").scalar
    let zero = try ZeroPoint(node.input(2), &network)
    guard let scale, let point = zero.point else {
      throw .because("scales for each channel of a value; one for all is supported")
    }
    var grid = IntegerValue(bits: zero.bits, scale: scale, zeroPoint: point)
    var clipped = try network.pending(node.input(0), as: ClippedValue.self)
    if let bounds = clipped {
      // A clip to the ends of a grid of at most as many bits is part of quantization; another clip stays a
      // clamp.
      let narrower = (1...zero.bits).map { IntegerValue(bits: $0, scale: scale, zeroPoint: point) }
      let fitting = narrower.first { $0.range == bounds.lower...bounds.upper }
      if let fitting { grid = fitting } else { clipped = nil }
    }
    let input: String
    // A value with other axes in the file stays so where nothing else reads it; a part of a shuffle has its
    // grid already.
    var view: ONNXView?
    let turned = if let clipped { clipped.input } else { try network.viewed(node.input(0)) }
    if network.mayStayTurned(turned, on: grid) {
      (input, view) = (turned.value, turned.view)
    } else {
      input = try network.made(clipped == nil ? node.input(0) : clipped?.source)
    }
    if let problem = grid.problem { throw .because(problem) }
    // The clamp is the only reader of an unclipped value.
    let plainReaders = network.plainReaders(of: input) + (clipped == nil ? 0 : -1)
    let isReadAsQuantizedOnly =
      plainReaders == 0 && (clipped == nil || network.readers[node.input(0) ?? ""]?.plain == 0)
    network.set(
      node.output,
      .pending(
        QuantizedValue(
          value: input, view: view, grid: grid, isReadAsQuantizedOnly: isReadAsQuantizedOnly)))
  }

  /// Rounds numbers that the file holds, such as weights that were trained behind a pair.
  ///
  /// **Formula**: `clamp(roundHalfToEven(x / scale) + zero)` to the type's ends, with the scale and zero of an element's channel.
  private static func round(
    _ node: ONNXNode, _ constant: ONNXConstant, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    let type: ONNXTensorProto.DataType =
      if let name = node.input(2) { try network.elementType(of: name) } else { .uint8 }
    let ends: [ONNXTensorProto.DataType: ClosedRange<Float>] = [
      .uint8: 0...255, .int8: -128...127, .uint16: 0...65_535, .int16: -32_768...32_767, .int4: -8...7,
      .uint4: 0...15, .int2: -2...1, .uint2: 0...3,
    ]
    guard let range = ends[type] else { throw .because("integers of the type \(type)") }
    guard let values = constant.floats,
      let scales = try network.requireConstant(node.input(1), "scale").floats,
      let zeros = node.input(2) == nil
        ? [0] : try network.requireConstant(node.input(2), "zero point").knownIntegers
    else { throw .because("of what are no numbers") }
    let dims = constant.dims
    let axis = try node.int("axis", default: 1)
    let place = axis < 0 ? axis + dims.count : axis
    guard scales.count == 1 || (dims.indices.contains(place) && dims[place] == scales.count),
      zeros.count == 1 || zeros.count == scales.count
    else { throw .because("\(scales.count) scales on axis \(axis) of \(dims)") }
    guard scales.allSatisfy({ $0 > 0 && $0.isFinite }), values.allSatisfy(\.isFinite) else {
      throw .because("numbers or scales that are not finite, or a scale of zero")
    }
    let inner = scales.count == 1 ? 1 : dims.dropFirst(place + 1).reduce(1, *)
    let integers = values.enumerated().map { position, value in
      let channel = scales.count == 1 ? 0 : position / max(inner, 1) % scales.count
      let zero = Float(zeros.count == 1 ? zeros[0] : zeros[channel])
      let rounded = (value / scales[channel]).rounded(.toNearestOrEven) + zero
      return Int(min(max(rounded, range.lowerBound), range.upperBound))
    }
    try network.setConstant(
      node.output, ONNXConstant(dims: dims, content: .integers(integers), type: type))
  }

  /// The zero point as a signed integer, and the bits of its type.
  struct ZeroPoint {
    let point: Int?
    let bits: Int

    init(_ name: String?, _ network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
      guard let name else {
        (point, bits) = (-128, 8)
        return
      }
      let zero = try network.requireConstant(name, "zero point")
      let type = try network.elementType(of: name)
      let kinds: [ONNXTensorProto.DataType: (bits: Int, offset: Int)] = [
        .uint8: (8, 128), .int8: (8, 0), .uint16: (16, 32_768), .int16: (16, 0),
      ]
      guard let kind = kinds[type] else { throw .because("integers of the type \(type)") }
      bits = kind.bits
      point = zero.knownIntegers.flatMap { $0.count == 1 ? $0[0] - kind.offset : nil }
    }
  }
}

extension ONNXNetworkBuilder {
  /// True if a value may be quantized with the axes that the graph has.
  fileprivate func mayStayTurned(_ turned: ViewedValue, on grid: IntegerValue) -> Bool {
    let shape = shape(of: turned.value)
    guard !turned.view.isIdentity(of: shape) else { return false }
    let held = graph.encodingHeld(by: turned.value)
    guard held.map({ $0.isEqual(to: grid) }) ?? true else { return false }
    guard turned.view.isInOrder(of: shape) else { return true }
    // The parts of a shuffle are quantized already, whatever else reads the value.
    return plainReaders(of: turned.value) == 0 || held != nil && turned.view.extents.count > 3
  }
}

/// A quantized value, before the second node of the pair.
struct QuantizedValue: ONNXPending {
  let value: String
  /// The value's view, where its axes differ in the file.
  let view: ONNXView?
  let grid: IntegerValue
  /// True if nothing reads the value before its quantization.
  let isReadAsQuantizedOnly: Bool

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    throw .because("it computes with the integers of a QuantizeLinear; expected a DequantizeLinear between")
  }
}

extension ONNXNode {
  /// Refuses grids with a scale for each block of elements.
  func requireNoBlocks() throws(ONNXRefusal) {
    try require("block_size", 0, default: 0, "scales for blocks of elements are not supported")
  }
}
