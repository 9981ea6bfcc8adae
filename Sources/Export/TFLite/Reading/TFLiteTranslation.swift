import Foundation

/// Translates operators of TensorFlow Lite to equivalent ONNX nodes, so that readers need to know one form
/// only.
///
/// Images are put between two `Transpose` nodes, which become views: channels last in the file, first in the
/// network. A quantized value becomes floats between `QuantizeLinear` and `DequantizeLinear`, as the readers
/// of ONNX nodes expect.
struct TFLiteTranslation {
  /// The contents of the file.
  let source: TFLiteNetwork
  /// The nodes so far.
  private(set) var nodes: [ONNXNodeProto] = []
  /// The stored tensors so far.
  private(set) var tensors: [ONNXTensorProto] = []
  /// Changes that reading makes to the network, as text that follows the file's name.
  private(set) var notes: [String] = []
  /// The reasons for refusals, by the names of calls.
  private(set) var refusals: [String: String] = [:]
  /// The operators, by the names of calls.
  private(set) var types: [String: String] = [:]

  /// The unique name of each tensor, based on the file's.
  private var names: [String] = []
  private var taken = UniqueNames()
  /// The node result of each tensor, with axes in the file's order.
  private var values: [Int: String] = [:]
  private let grids: TFLiteGrids
  private var makers: [Int: Int] = [:]
  private var readers: [Int: Int] = [:]
  private var lastReader: [Int: Int] = [:]
  private var constants: [Constant: String] = [:]
  /// Tensors whose first axis is not the batch; a batch of one is put before it.
  private var batchless: Set<Int> = []
  /// The sources of tensors that hold images in pieces for a dilated convolution.
  private var spread: [Int: Spread] = [:]
  // The results of convolutions that have read images in pieces.
  private var gathered: Set<Int> = []
  /// The sources of tensors of pixels that are repeated along one axis.
  private var stretched: [Int: Stretch] = [:]
  private var bytesLeft: Int
  /// The names of values that lay out a detector's rows.
  private let rows: Set<String>

  /// The bytes that constants may take beyond twice the file's size.
  private static let freeBytes = 1 << 20

  /// Images split into pieces of every n-th pixel, as converters write dilations.
  struct Spread {
    let source: Int
    let block: [Int]
    /// The padding: rows before and after, then columns before and after.
    let pads: [Int]
  }

  /// Images whose rows or columns are each repeated.
  struct Stretch {
    let source: Int
    let axis: Int
    let factor: Int
  }

  /// A constant with its axes in an order and with extents.
  private struct Constant: Hashable {
    let tensor: Int
    let order: [Int]
    let dims: [Int]
  }

  /// Translates all operators of a network in their order.
  init(_ source: TFLiteNetwork, fileBytes: Int) throws(ONNXFileProblem) {
    self.source = source
    bytesLeft = 2 * fileBytes + Self.freeBytes
    grids = TFLiteGrids(source)
    rows = TFLiteMetadata.rows(source.metadata[TFLiteMetadata.name])
    for tensor in source.tensors {
      let name = tensor.name.split(separator: ";").first.map(String.init) ?? "value"
      names.append(taken.fresh(name))
    }
    for (index, call) in source.operators.enumerated() {
      for tensor in Set(call.inputs) {
        readers[tensor, default: 0] += 1
        lastReader[tensor] = index
      }
      for tensor in call.outputs {
        guard makers.updateValue(index, forKey: tensor) == nil, !source.inputs.contains(tensor) else {
          throw .damaged(reason: "two operators make \"\(names[tensor])\", or it is an input")
        }
      }
    }
    for tensor in source.outputs { readers[tensor, default: 0] += 1 }
    try takeInputs()
    for call in source.operators { translate(call) }
  }

  private mutating func takeInputs() throws(ONNXFileProblem) {
    for tensor in source.inputs where values[tensor] == nil {
      values[tensor] = names[tensor]
      do throws(ONNXRefusal) {
        if let grid = try grid(of: tensor) { values[tensor] = quantized(names[tensor], grid, names[tensor]) }
      } catch {
        throw .input(reason: "\"\(names[tensor])\": \(error.words)")
      }
    }
  }

  private mutating func translate(_ operation: TFLiteNetwork.Operator) {
    guard let first = operation.outputs.first else { return }
    let call = TFLiteCall(operation, name: names[first])
    types[call.name] = call.type
    let begin = nodes.count
    do throws(ONNXRefusal) {
      guard let reader = TFLiteReaderCatalogue.byType[call.type] else {
        throw .because("this operator is not supported")
      }
      try reader.read(call, into: &self)
    } catch {
      if case .because(let reason) = error { refusals[call.name] = reason }
      nodes.removeSubrange(begin...)
      var node = ONNXNodeProto()
      node.name = call.name
      node.opType = call.type
      node.domain = Self.refused
      node.input = call.inputs.compactMap { values[$0] }
      node.output = call.outputs.map { names[$0] }
      nodes.append(node)
      for output in call.outputs { values[output] = names[output] }
    }
  }

  /// The domain of nodes that stand for refused calls.
  private static let refused = "tflite"

  // MARK: What the file says

  /// The tensor at an index.
  func tensor(_ place: Int) -> TFLiteNetwork.Tensor { source.tensors[place] }

  /// The extents of an input in the file.
  func shape(_ call: TFLiteCall, _ position: Int) throws(ONNXRefusal) -> [Int] {
    tensor(try call.requiredInput(position)).shape
  }

  /// The grid of a computed tensor; `nil` for floats.
  func grid(of place: Int) throws(ONNXRefusal) -> TFLiteGrids.Value? {
    do throws(ONNXRefusal) { return try grids.value(place) } catch {
      throw .because("\"\(names[place])\" has \(error.words)")
    }
  }

  /// True if a call only changes a grid, and is joined with its neighbours.
  func isJoined(_ call: TFLiteCall) -> Bool { call.outputs.first.map { grids.joined.contains($0) } ?? false }

  /// The call of a type that makes a tensor which nothing else reads; `nil` otherwise.
  func soleSource(of place: Int, _ type: String) -> TFLiteCall? {
    guard readers[place] == 1, let maker = makers[place], source.operators[maker].type == type else {
      return nil
    }
    return TFLiteCall(source.operators[maker], name: names[place])
  }

  /// True if a call lays out the rows of a detector's anchors.
  func isLayingRows(_ call: TFLiteCall) -> Bool { rows.contains(call.name) }

  /// The only call that reads a tensor; `nil` for several readers.
  func soleReader(of place: Int) -> TFLiteCall? {
    guard readers[place] == 1, let index = lastReader[place] else { return nil }
    return TFLiteCall(source.operators[index], name: names[place])
  }

  /// The images that a tensor holds in pieces; `nil` for other tensors.
  func spread(_ place: Int) -> Spread? { spread[place] }

  /// Records that a tensor holds images in pieces.
  mutating func setSpread(_ place: Int, _ value: Spread) { spread[place] = value }

  /// Records that a convolution has read images in pieces, so that its result is complete.
  mutating func setGathered(_ place: Int) { gathered.insert(place) }

  /// True if a result to be reassembled is complete already.
  func isGathered(_ place: Int) -> Bool { gathered.contains(place) }

  /// The images whose rows or columns a tensor repeats; `nil` for other tensors.
  func stretch(_ place: Int) -> Stretch? { stretched[place] }

  /// Records that a tensor repeats rows or columns.
  mutating func setStretch(_ place: Int, _ value: Stretch) { stretched[place] = value }

  /// The unique name of a tensor.
  func name(_ place: Int) -> String { names[place] }

  /// Adds a note about the file, once.
  mutating func note(_ words: String) { if !notes.contains(words) { notes.append(words) } }

  // MARK: Constants

  /// True if a tensor is stored in the file.
  func isConstant(_ place: Int) -> Bool { !tensor(place).bytes.isEmpty && makers[place] == nil }

  /// The integers of a constant; `nil` if it is computed or has floats.
  func integers(_ call: TFLiteCall, _ position: Int) throws(ONNXRefusal) -> [Int]? {
    guard let place = call.input(position), isConstant(place) else { return nil }
    let tensor = tensor(place)
    guard tensor.type == .int32 || tensor.type == .int64, tensor.bytes.count <= 1 << 12 else { return nil }
    return try TFLiteElements(tensor).integers
  }

  /// The integers of a constant; throws if it is computed or has floats.
  func requiredIntegers(_ call: TFLiteCall, _ position: Int, _ what: String) throws(ONNXRefusal) -> [Int] {
    guard let integers = try integers(call, position) else {
      throw .because("its \(what) are computed, expected constant whole numbers")
    }
    return integers
  }

  /// The float of a constant of one element; `nil` for other tensors.
  func number(_ call: TFLiteCall, _ position: Int) throws(ONNXRefusal) -> Float? {
    guard let place = call.input(position), isConstant(place), tensor(place).bytes.count <= 8 else {
      return nil
    }
    let numbers = try TFLiteElements(tensor(place)).reals
    return numbers.count == 1 ? numbers[0] : nil
  }

  /// The index of the stored tensor behind an input, also through a `DEQUANTIZE`; `nil` for computed tensors.
  func stored(_ call: TFLiteCall, _ position: Int) -> Int? {
    guard let place = call.input(position) else { return nil }
    if isConstant(place) { return place }
    guard let maker = makers[place], source.operators[maker].type == "DEQUANTIZE",
      let origin = source.operators[maker].inputs.first, origin >= 0, isConstant(origin)
    else { return nil }
    return origin
  }

  /// The name of a constant with axes in another order and other extents; integers are dequantized.
  mutating func constant(
    _ place: Int, order: [Int]? = nil, dims: [Int]? = nil
  ) throws(ONNXRefusal) -> String {
    let tensor = tensor(place)
    let order = order ?? Array(tensor.shape.indices)
    let turned = try TFLiteElements(tensor).ordered(order)
    let dims = dims ?? order.map { tensor.shape[$0] }
    let key = Constant(tensor: place, order: order, dims: dims)
    if let name = constants[key] { return name }
    bytesLeft -= turned.bytes.count
    guard bytesLeft >= 0 else {
      throw .because("its constants are out of proportion to the size of the file")
    }
    let stored = fresh(names[place])
    tensors.append(turned.tensor(stored, dims: dims))
    var name = stored
    if let grid = tensor.grid, !(tensor.type?.isReal ?? true) {
      // The axis of the scales is the same where axes of one element are put before it.
      let axis = order.firstIndex(of: grid.axis).map { $0 + max(dims.count - order.count, 0) } ?? 0
      name = try dequantized(stored, grid, turned, axis: grid.scales.count == 1 ? 0 : axis, names[place])
    }
    constants[key] = name
    return name
  }

  private mutating func dequantized(
    _ stored: String, _ grid: TFLiteNetwork.Grid, _ elements: TFLiteElements, axis: Int, _ base: String
  ) throws(ONNXRefusal) -> String {
    guard grid.zeroPoints.count == 1 || grid.zeroPoints.count == grid.scales.count else {
      throw .because("\(grid.scales.count) scales and \(grid.zeroPoints.count) zero points")
    }
    let isOne = grid.scales.count == 1
    let scale = store(
      ONNXTensorProto(name: fresh(base), floats: grid.scales, dims: isOne ? [] : [grid.scales.count]))
    var inputs = [stored, scale]
    if let type = elements.zeroType {
      let zeros = try grid.zeroPoints.map { zero throws(ONNXRefusal) in
        guard elements.holds(zero) else { throw .because("a zero point of \(zero)") }
        return Int32(zero)
      }
      inputs.append(
        store(
          ONNXTensorProto(
            name: fresh(base), integers: zeros, type: type, dims: zeros.count == 1 ? [] : [zeros.count])))
    } else if grid.zeroPoints.contains(where: { $0 != 0 }) {
      throw .because("a zero point of integers of 32 bits")
    }
    return emit("DequantizeLinear", inputs, [.int("axis", axis)], to: fresh(base), for: base)
  }

  /// Stores a list of integers for a node and returns its name.
  mutating func store(integers: [Int]) -> String {
    store(ONNXTensorProto(name: fresh("numbers"), integers: integers, dims: [integers.count]))
  }

  private mutating func store(_ tensor: ONNXTensorProto) -> String {
    tensors.append(tensor)
    return tensor.name
  }

  // MARK: What calls read

  /// An input with axes in the file's order.
  mutating func value(_ call: TFLiteCall, _ position: Int) throws(ONNXRefusal) -> String {
    try value(of: try call.requiredInput(position))
  }

  /// A tensor with axes in the file's order.
  mutating func value(of place: Int) throws(ONNXRefusal) -> String {
    if let value = values[place] {
      guard !batchless.contains(place) else {
        throw .because("\"\(names[place])\" has other axes than the batch first")
      }
      return value
    }
    guard spread[place] == nil, stretched[place] == nil else {
      throw .because(
        "it reads \"\(names[place])\", pixels in pieces or repeated along one axis, which is no image alone")
    }
    guard isConstant(place) else {
      throw .because("it reads \"\(names[place])\", which no earlier operator makes")
    }
    guard !tensor(place).isSparse else { throw .because("\"\(names[place])\" is stored without its zeros") }
    return try constant(place)
  }

  /// An input of images with channels first.
  mutating func images(_ call: TFLiteCall, _ position: Int = 0) throws(ONNXRefusal) -> String {
    let shape = try shape(call, position)
    guard shape.count == 4 else { throw .because("it reads \(shape), expected images NxHxWxC") }
    return turned(try value(call, position), [0, 3, 1, 2], for: call)
  }

  /// A value with its axes in another order.
  mutating func turned(_ value: String, _ order: [Int], for call: TFLiteCall) -> String {
    emit("Transpose", [value], [.ints("perm", order)], for: call)
  }

  // MARK: What calls make

  /// Appends a node whose result gets a new name.
  mutating func emit(
    _ type: String, _ inputs: [String], _ attributes: [ONNXAttributeProto] = [], for call: TFLiteCall
  ) -> String {
    emit(type, inputs, attributes, to: fresh(call.name), for: call.name)
  }

  @discardableResult
  private mutating func emit(
    _ type: String, _ inputs: [String], _ attributes: [ONNXAttributeProto], to output: String,
    for name: String, domain: String = ""
  ) -> String {
    var node = ONNXNodeProto()
    node.name = name
    node.opType = type
    node.domain = domain
    node.input = inputs
    node.output = [output]
    node.attribute = attributes
    nodes.append(node)
    return output
  }

  /// Appends the node of a call and its fused activation, and names the result after the tensor.
  ///
  /// `layer` names the value before the activation; `isMoving` says that the result holds numbers of the
  /// first input.
  mutating func append(
    _ type: String, _ inputs: [String], _ attributes: [ONNXAttributeProto] = [], for call: TFLiteCall,
    activation: TFLiteFusedActivation = .none, areImages: Bool = false, isMoving: Bool = false,
    layer: String? = nil
  ) throws(ONNXRefusal) {
    guard let output = call.outputs.first else { return }
    let name = names[output]
    if let bound = activation.node {
      let linear = emit(
        type, inputs, attributes, to: fresh(layer ?? name + ".linear"), for: call.name)
      emit(bound.type, [linear], bound.attributes, to: name, for: call.name)
    } else {
      emit(type, inputs, attributes, to: name, for: call.name)
    }
    try set(call, 0, name, areImages: areImages, isMoving: isMoving && activation == .none)
  }

  /// Sets the value of an output: quantized, and with axes in the file's order.
  mutating func set(
    _ call: TFLiteCall, _ position: Int, _ value: String, areImages: Bool = false, isMoving: Bool = false
  ) throws(ONNXRefusal) {
    let output = call.outputs[position]
    var value = value
    if let grid = try grid(of: output) {
      var isThere = false
      for input in call.inputs where isMoving && input >= 0 && !isConstant(input) {
        if try self.grid(of: input) == grid { isThere = true }
      }
      if !isThere { value = quantized(value, grid, call.name) }
    }
    values[output] = areImages ? turned(value, [0, 2, 3, 1], for: call) : value
  }

  /// Appends a node that makes all outputs of a call under their names.
  mutating func emitAll(
    _ type: String, _ inputs: [String], _ attributes: [ONNXAttributeProto], for call: TFLiteCall
  ) -> [String] {
    let results = call.outputs.map { names[$0] }
    emit(type, inputs, attributes, to: call.name, for: call.name)
    nodes[nodes.count - 1].output = results
    return results
  }

  /// Sets the output of a call to an unchanged value.
  mutating func handOn(_ value: String, for call: TFLiteCall) {
    if let output = call.outputs.first { values[output] = value }
  }

  /// Reshapes the first output of a call.
  mutating func reshapeResult(of call: TFLiteCall, to extents: [Int]) throws(ONNXRefusal) {
    let result = emit(
      "Reshape", [try value(of: call.outputs[0]), store(integers: extents)], for: call)
    values[call.outputs[0]] = result
  }

  /// Appends a node of Condense's own domain.
  mutating func emitOwn(
    _ type: String, _ inputs: [String], _ attributes: [ONNXAttributeProto], for call: TFLiteCall
  ) -> String {
    emit(type, inputs, attributes, to: call.name, for: call.name, domain: ONNXNode.ownDomain)
  }

  /// Sets an output without a batch axis to a value with a batch of one before it.
  mutating func setBatchless(_ place: Int, _ value: String) {
    values[place] = value
    batchless.insert(place)
  }

  /// The value of a tensor without a batch axis; `nil` for others.
  func batchlessValue(_ place: Int) -> String? { batchless.contains(place) ? values[place] : nil }

  private mutating func quantized(_ value: String, _ grid: TFLiteGrids.Value, _ call: String) -> String {
    let scale = store(ONNXTensorProto(name: fresh(call), floats: [grid.scale], dims: []))
    let zero = store(
      ONNXTensorProto(name: fresh(call), integers: [grid.zeroPoint], type: grid.type, dims: []))
    let integers = emit("QuantizeLinear", [value, scale, zero], [], to: fresh(call), for: call)
    return emit("DequantizeLinear", [integers, scale, zero], [], to: fresh(call), for: call)
  }

  // MARK: The whole

  /// The order of an image's axes in the file, judged by the operators that read it.
  var images: ONNXImages {
    guard let input = source.inputs.first, source.metadata[TFLiteMetadata.name] == nil else {
      return .channelsLast
    }
    var places = [input]
    var readers: [TFLiteNetwork.Operator] = []
    // Operators that only quantize the pixels pass them on.
    while let place = places.popLast() {
      for call in source.operators where call.inputs.contains(place) {
        let isPassing = ["QUANTIZE", "DEQUANTIZE", "CAST"].contains(call.type) && readers.count < 64
        if isPassing, let output = call.outputs.first, output > place {
          places.append(output)
        } else {
          readers.append(call)
        }
      }
    }
    let isTurned = readers.map { call in
      call.type == "TRANSPOSE" && call.inputs.count == 2 && isConstant(call.inputs[1])
        && (try? TFLiteElements(tensor(call.inputs[1])).integers) == [0, 2, 3, 1]
    }
    if !isTurned.isEmpty, isTurned.allSatisfy({ $0 }) { return .channelsFirst }
    let spatial: Set<String> = [
      "CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "AVERAGE_POOL_2D", "RESIZE_BILINEAR",
      "RESIZE_NEAREST_NEIGHBOR",
      "SPACE_TO_BATCH_ND",
    ]
    return readers.contains { spatial.contains($0.type) } ? .channelsLast : .usuallyLast
  }

  /// The network as an ONNX model.
  func proto() throws(ONNXFileProblem) -> ONNXModelProto {
    var proto = ONNXModelProto()
    var operators = ONNXOperatorSetIdProto()
    operators.version = Self.operatorSet
    proto.opsetImport = [operators]
    proto.producerName = source.description
    proto.metadataProps = try TFLiteMetadata.texts(source.metadata[TFLiteMetadata.name])
    proto.graph.node = nodes
    proto.graph.initializer = tensors
    proto.graph.input = source.inputs.map(input)
    proto.graph.output = source.outputs.map { place in
      var value = ONNXValueInfoProto()
      value.name = values[place] ?? names[place]
      return value
    }
    return proto
  }

  /// The operator set of the nodes.
  private static let operatorSet: Int64 = 17

  private func input(_ place: Int) -> ONNXValueInfoProto {
    let tensor = tensor(place)
    var value = ONNXValueInfoProto()
    value.name = names[place]
    value.type.tensorType.elemType = Int32(ONNXTensorProto.DataType.float.rawValue)
    value.type.tensorType.shape.dim = tensor.shape.enumerated().map { axis, extent in
      var dimension = ONNXTensorShapeProto.Dimension()
      if axis == 0, tensor.hasFreeBatch {
        dimension.dimParam = "batch"
      } else {
        dimension.dimValue = Int64(extent)
      }
      return dimension
    }
    return value
  }

  private mutating func fresh(_ name: String) -> String { taken.fresh(name.isEmpty ? "value" : name) }
}
