import Encodings
import Graphs
import Ops
import Tensors

/// A network that is being converted to TensorFlow Lite's form.
///
/// Images become `[1, height, width, channels]`, clamps are fused with their inputs, and values that are
/// moved or passed on are renamed.
struct TFLiteBuilder {
  let graph: Graph
  /// True if values are bytes.
  let isInteger: Bool
  private let places: [String: ValuePlace]
  /// The tensor of each value.
  private var tensors: [String: Int32] = [:]
  /// Features of flattened images whose order is that of pixels with channels last, with the image's shape
  /// `[channels, height, width]`.
  private var interleaved: [String: Shape] = [:]
  private(set) var model = TFLiteModel()
  /// The exporter, whose settings decide the storage of weights.
  let exporter: TFLiteExporter
  /// The form of DECODE for all weights that it can hold; `nil` for the smallest where the exporter asks for
  /// it.
  var form: TFLiteDecode.Form?
  /// The number of weight tensors in each form of DECODE.
  private(set) var decoded: [TFLiteDecode.Form: Int] = [:]

  init(_ graph: Graph, _ exporter: TFLiteExporter = TFLiteExporter()) {
    self.graph = graph
    self.exporter = exporter
    isInteger = Self.isInteger(graph)
    places = graph.valuePlaces()
    for input in graph.inputs {
      let tensor = define(input.name)
      model.inputs.append(tensor)
    }
  }

  /// True if a network's values are all integers of at most 8 bits.
  static func isInteger(_ graph: Graph) -> Bool {
    graph.hasEncodedValues && graph.values.values.allSatisfy { $0 is IntegerValue && $0.bits <= 8 }
  }

  // MARK: Values

  /// The tensor of a value that is written already.
  func tensor(_ value: String) -> Int32 {
    guard let tensor = tensors[value] else { preconditionFailure("\(value) is read before it is written") }
    return tensor
  }

  /// Adds the tensor of a value.
  @discardableResult
  mutating func define(_ value: String, as quantization: TFLiteModel.Quantization? = nil) -> Int32 {
    let shape = Self.shape(graph.shape(of: value) ?? [])
    let tensor = temporary(value, shape, quantization ?? self.quantization(of: value))
    tensors[value] = tensor
    return tensor
  }

  /// Adds a tensor for a value that is not in the graph.
  mutating func temporary(
    _ name: String, _ shape: [Int32], _ quantization: TFLiteModel.Quantization?
  ) -> Int32 {
    model.tensors.append(
      TFLiteModel.Tensor(
        name: name, shape: shape, type: isInteger ? .int8 : .float32, buffer: 0, quantization: quantization))
    return Int32(model.tensors.count - 1)
  }

  /// Makes a value the same tensor as another one.
  mutating func alias(_ value: String, to other: String) {
    tensors[value] = tensors[other]
    interleaved[value] = interleaved[other]
  }

  /// The grid of a value; `nil` for floats.
  func quantization(of value: String) -> TFLiteModel.Quantization? {
    guard isInteger else { return nil }
    var name = value
    if case .alike(let source) = places[value], graph.storedEncoding(of: value) == nil { name = source }
    return (graph.storedEncoding(of: name) as? IntegerValue).map {
      TFLiteModel.Quantization(scales: [$0.scale], zeroPoints: [Int64($0.zeroPoint)])
    }
  }

  /// A shape in TensorFlow's order: `[N, C, H, W]` becomes `[N, H, W, C]`.
  static func shape(_ shape: Shape) -> [Int32] {
    let extents = shape.dimensions.map { Int32($0) }
    return extents.count == 4 ? [extents[0], extents[2], extents[3], extents[1]] : extents
  }

  // MARK: Features of images

  /// The feature of the graph at each position in memory, for interleaved features; `nil` for others.
  func interleavedOrder(of value: String) -> [Int]? {
    guard let planes = interleaved[value] else { return nil }
    let pixels = planes[1] * planes[2]
    return (0..<pixels).flatMap { pixel in (0..<planes[0]).map { $0 * pixels + pixel } }
  }

  /// Gives features the order of another value.
  mutating func inheritOrder(_ value: String, from other: String) { interleaved[value] = interleaved[other] }

  /// Records that features are interleaved.
  mutating func markInterleaved(_ value: String, planes: Shape) { interleaved[value] = planes }

  /// True if all readers of features take them in any order, perhaps after activations and dropouts.
  ///
  /// Layers do whose columns can be reordered.
  func readersTakeAnyOrder(_ value: String) -> Bool {
    guard !graph.outputs.contains(value) else { return false }
    return graph.nodes.filter { $0.inputs.contains(value) }.allSatisfy { node in
      (node.op as? any TFLiteNode)?.readsAnyOrder == true
        || ((node.op is any Activation || node.op.valueFlow == .vanishing) && readersTakeAnyOrder(node.name))
    }
  }

  // MARK: Calls

  /// The place of a node's results, and the activation that the operator applies to them.
  struct Target {
    var value: String
    var tensor: Int32
    var activation: TFLiteOperation.Activation
  }

  /// The value that a computing node is stored as: its own, or that of the only reader if that is a clamp.
  func storedName(of node: Node) -> String {
    guard case .fused(let clamp) = places[node.name] else { return node.name }
    return clamp
  }

  /// True if a clamp was written together with its input.
  func isFused(_ node: Node) -> Bool {
    guard let input = node.inputs.first, case .fused(let clamp) = places[input] else { return false }
    return clamp == node.name
  }

  /// The place of a computing node's results, for operators that can clamp.
  mutating func target(of node: Node) -> Target {
    let name = storedName(of: node)
    let clamp = name == node.name ? nil : graph.node(named: name)?.op as? any TFLiteClamp
    return Target(value: name, tensor: define(name), activation: clamp?.fused ?? .none)
  }

  /// Calls an operator that cannot clamp, then the clamp that the node is fused with.
  mutating func call(_ operation: TFLiteOperation, _ inputs: [Int32], for node: Node) {
    let name = storedName(of: node)
    let quantization = quantization(of: name)
    let clamp = name == node.name ? nil : graph.node(named: name)?.op as? any TFLiteClamp
    guard let clamp else {
      call(operation, inputs, to: define(name))
      return
    }
    let shape = Self.shape(graph.shape(of: node.name) ?? [])
    let unclamped = temporary(node.name, shape, quantization)
    call(operation, inputs, to: unclamped)
    call(clamp.alone, [unclamped], to: define(name))
  }

  /// Appends a call.
  mutating func call(_ operation: TFLiteOperation, _ inputs: [Int32], to output: Int32) {
    model.calls.append(TFLiteModel.Call(operation: operation, inputs: inputs, outputs: [output]))
  }

  /// A tensor's elements in another shape, in the same order.
  mutating func reshaped(
    _ tensor: Int32, _ shape: [Int32], _ name: String, _ quantization: TFLiteModel.Quantization?
  ) -> Int32 {
    let extents = constant(integers: shape, shape: [Int32(shape.count)], name: "\(name).shape")
    let result = temporary(name, shape, quantization)
    call(.reshape, [tensor, extents], to: result)
    return result
  }

  /// A tensor of the same numbers on another grid; the tensor itself where the grid is the same.
  mutating func requantized(
    _ tensor: Int32, to quantization: TFLiteModel.Quantization?, name: String
  ) -> Int32 {
    guard isInteger, model.tensors[Int(tensor)].quantization != quantization else { return tensor }
    let result = temporary(name, model.tensors[Int(tensor)].shape, quantization)
    call(.requantize, [tensor], to: result)
    return result
  }

  // MARK: Constants

  /// A constant of 32-bit integers, such as a shape.
  mutating func constant(integers values: [Int32], shape: [Int32], name: String) -> Int32 {
    constant(name, shape, .int32, values.flatMap(Self.bytes), nil)
  }

  /// A constant of floats.
  mutating func constant(reals values: [Float], shape: [Int32], name: String) -> Int32 {
    constant(name, shape, .float32, values.flatMap { Self.bytes($0.bitPattern) }, nil)
  }

  /// A constant of bytes.
  mutating func constant(
    _ values: [Int8], shape: [Int32], name: String, _ quantization: TFLiteModel.Quantization
  ) -> Int32 {
    constant(name, shape, .int8, values.map { UInt8(bitPattern: $0) }, quantization)
  }

  /// A bias of 32-bit integers.
  mutating func constant(
    _ values: [Int32], shape: [Int32], name: String, _ quantization: TFLiteModel.Quantization
  ) -> Int32 {
    constant(name, shape, .int32, values.flatMap(Self.bytes), quantization)
  }

  /// A constant of weights in the storage that the exporter's settings select: plain, two to a byte, or
  /// encoded for DECODE.
  ///
  /// A call of DECODE is appended at once, so this must be called after all other tensors of the layer exist.
  mutating func weights(
    _ elements: TFLiteSymbols, shape: [Int32], name: String, bits: Int,
    _ quantization: TFLiteModel.Quantization?
  ) -> Int32 {
    let isPacked = isInteger && exporter.lowBits == .packed && bits <= 4
    let size = isPacked ? (elements.symbols.count + 1) / 2 : elements.symbols.count * elements.width
    let type: TFLiteElementType = isInteger ? .int8 : .float32
    let decode =
      form.map { TFLiteDecode.of(elements, in: $0) }
      ?? (exporter.decode == .smallest ? TFLiteDecode.smallest(of: elements, below: size) : nil)
    if let decode {
      let (data, description) = (decode.data, decode.description)
      let inputs = [
        constant(name, [Int32(data.count)], .uint8, data, nil),
        constant("\(name)_ancillary", [Int32(description.count)], .uint8, description, nil),
      ]
      let output = temporary("\(name)_decoded", shape, quantization)
      call(.decode, inputs, to: output)
      decoded[decode.form, default: 0] += 1
      return output
    }
    guard isPacked else { return constant(name, shape, type, elements.bytes, quantization) }
    let nibbles = elements.symbols.map { UInt8(truncatingIfNeeded: $0) & 15 }
    let pairs = stride(from: 0, to: nibbles.count, by: 2).map { place in
      nibbles[place] | (place + 1 < nibbles.count ? nibbles[place + 1] << 4 : 0)
    }
    return constant(name, shape, .int4, pairs, quantization)
  }

  private mutating func constant(
    _ name: String, _ shape: [Int32], _ type: TFLiteElementType, _ bytes: [UInt8],
    _ quantization: TFLiteModel.Quantization?
  ) -> Int32 {
    model.buffers.append(bytes)
    model.tensors.append(
      TFLiteModel.Tensor(
        name: name, shape: shape, type: type, buffer: UInt32(model.buffers.count - 1),
        quantization: quantization))
    return Int32(model.tensors.count - 1)
  }

  private static func bytes<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
    (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  // MARK: The end

  /// Sets the outputs and the metadata.
  mutating func finish(outputs: [String], metadata: [TFLiteModel.Metadata]) {
    model.outputs = outputs.map { tensor($0) }
    model.metadata = metadata
  }
}
