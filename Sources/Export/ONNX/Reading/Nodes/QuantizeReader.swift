import Encodings
import Graphs

/// The first of a pair that puts a value on an integer grid.
enum QuantizeReader: ONNXNodeReader {
  static let types = ["QuantizeLinear"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    try node.requireNoBlocks()
    let clipped = try network.pending(node.input(0), as: ClippedValue.self)
    let input: String
    // What is turned within a shuffle keeps its grid, which it has already.
    var view: ONNXView?
    if clipped == nil, let turned = try network.pending(node.input(0), as: ViewedValue.self),
      !turned.view.isInOrder(of: network.shape(of: turned.value))
    {
      (input, view) = (turned.value, turned.view)
    } else {
      input = try network.made(clipped == nil ? node.input(0) : clipped?.source)
    }
    let scale = try network.requireConstant(node.input(1), "scale").scalar
    let zero = try ZeroPoint(node.input(2), &network)
    guard let scale, let point = zero.point else {
      throw .because("scales for each channel of a value; one for all is supported")
    }
    var grid = IntegerValue(bits: zero.bits, scale: scale, zeroPoint: point)
    if let clipped {
      let narrower = (1...zero.bits).map { IntegerValue(bits: $0, scale: scale, zeroPoint: point) }
      guard let fitting = narrower.first(where: { $0.range == clipped.lower...clipped.upper }) else {
        throw .because("it reads a Clip to \(clipped.lower)...\(clipped.upper), no end of a grid")
      }
      grid = fitting
    }
    if let problem = grid.problem { throw .because(problem) }
    // Of a clipped value the clamp is the one reader that sees it as it was before.
    let plainReaders = network.plainReaders(of: input) + (clipped == nil ? 0 : -1)
    let isReadAsQuantizedOnly =
      plainReaders == 0 && (clipped == nil || network.readers[node.input(0) ?? ""]?.plain == 0)
    network.set(
      node.output,
      .pending(
        QuantizedValue(
          value: input, view: view, grid: grid, isReadAsQuantizedOnly: isReadAsQuantizedOnly)))
  }

  /// The integer that stands for zero, signed whatever the file has, and how many bits its type has.
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

/// A value on a grid, waiting for the second of the pair.
struct QuantizedValue: ONNXPending {
  let value: String
  /// How the file has it where its axes are turned.
  let view: ONNXView?
  let grid: IntegerValue
  /// Whether nothing reads the value before it was put on a grid.
  let isReadAsQuantizedOnly: Bool

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    throw .because("it computes with the integers of a QuantizeLinear; expected a DequantizeLinear between")
  }
}

extension ONNXNode {
  /// Refuses grids of which every so many elements have a scale of their own.
  func requireNoBlocks() throws(ONNXRefusal) {
    try require("block_size", 0, default: 0, "scales for blocks of elements are not supported")
  }
}
