import Encodings
import Graphs
import Ops
import Settings
import Tensors

/// Writes a model as ONNX: each node by its op's `ONNXNodeWriter`, encoded values between two quantization
/// nodes.
///
/// A value keeps its name: an encoded value is the output of the pair `QuantizeLinear` and
/// `DequantizeLinear`, and its unquantized input is called `NAME/real`. Programs that run integers recognize
/// the pairs around a node and replace them all by one integer kernel.
struct ONNXModelWriter {
  private let model: Model
  private let grids: ONNXGrids
  private let numbers: ONNXNumberTypes
  private let weights: ONNXWeights
  private var file: ONNXGraphWriter
  /// The name in the file of each value of the graph.
  private var names: [String: String] = [:]
  /// The unquantized name of each encoded value.
  private var realNames: [String: String] = [:]
  /// The numbers of parameters stored as signed and as unsigned bytes.
  private var byteCounts = (signed: 0, unsigned: 0)
  /// The numbers of parameters stored in 4 and in 2 bits per element.
  private var packedCounts = (four: 0, two: 0)

  /// Prepares to write a model without refusals.
  init(_ model: Model, _ exporter: ONNXExporter = ONNXExporter()) {
    self.model = model
    weights = exporter.weights
    grids = ONNXGrids(model.graph)
    numbers = ONNXNumberTypes(model.graph, exporter, isQuantized: grids.isQuantized)
    let graph = model.graph
    file = ONNXGraphWriter(
      reserved: Set(graph.inputs.map(\.name) + graph.nodes.map(\.name) + graph.parameters.keys))
    for node in graph.nodes where grids.encoding(of: node.name) != nil {
      realNames[node.name] = file.fresh(node.name + "/real")
    }
  }

  /// The whole file.
  mutating func write() throws(ExportError) -> ONNXModelProto {
    let graph = model.graph
    for input in graph.inputs {
      names[input.name] = input.name
      if let grid = grids.encoding(of: input.name) {
        let projected = file.fresh(input.name + "/projected")
        quantize(input.name, of: input.name, grid, to: projected)
        names[input.name] = projected
      }
    }
    for node in graph.nodes { try write(node) }
    file.declare(
      name: "network", inputs: graph.inputs.map { ($0.name, $0.shape.dimensions) },
      outputs: graph.outputs.map { ($0, Array(graph.shape(of: $0)?.dimensions.dropFirst() ?? [])) })
    var proto = ONNXModelProto()
    proto.irVersion = numbers.irVersion
    proto.producerName = "condense"
    var operators = ONNXOperatorSetIdProto()
    operators.domain = ""
    operators.version = numbers.opset
    proto.opsetImport = [operators]
    proto.graph = file.graph
    proto.metadataProps = ONNXMetadata.entries(of: model)
    return proto
  }

  /// The storage of weights in words, after `write()`; `nil` for floats.
  var weightSummary: String? {
    var parts: [String] = []
    if grids.isQuantized, byteCounts.signed + byteCounts.unsigned > 0 {
      parts.append(
        "bytes of weights signed in \(byteCounts.signed) and unsigned in \(byteCounts.unsigned) layers")
    }
    for (bits, count) in [(4, packedCounts.four), (2, packedCounts.two)] where count > 0 {
      parts.append("weights of \(bits) bits in \(count) layer\(count == 1 ? "" : "s")")
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private mutating func write(_ node: Node) throws(ExportError) {
    if node.op.valueFlow == .vanishing, grids.isQuantized, !model.graph.outputs.contains(node.name) {
      names[node.name] = names[node.inputs[0]]
      return
    }
    let grid = grids.encoding(of: node.name)
    let isClampOfOthers = grids.redundantClamps.contains(node.name)
    let target = grids.redundantClampReading[node.name] ?? node.name
    let output = realNames[target] ?? node.name
    names[node.name] = node.name
    if !isClampOfOthers {
      guard let writer = node.op as? any ONNXNodeWriter else {
        throw .refused(format: ONNXExporter.name, [.withoutONNXForm(node)])
      }
      writer.write(context(node, output: output), to: &file)
    }
    if let grid { quantize(realNames[node.name] ?? output, of: node.name, grid, to: node.name) }
  }

  private mutating func context(_ node: Node, output: String) -> ONNXNodeContext {
    var parameters: [ParameterRole: String] = [:]
    for (name, slot) in model.graph.slots(of: node) {
      guard let parameter = model.graph.parameters[name] else { continue }
      parameters[slot.role] = store(parameter, name: name)
    }
    return ONNXNodeContext(
      inputs: node.inputs.map { names[$0] ?? $0 }, parameters: parameters, output: output,
      inputShapes: model.graph.inputShapes(of: node), name: node.name)
  }

  /// Stores a parameter: integers with their scales if its encoding has them, else floats.
  private mutating func store(_ parameter: Parameter, name: String) -> String {
    let dims = parameter.value.shape.dimensions
    let projected = parameter.projected
    guard let grid = parameter.encoding.integers else {
      return file.store(ONNXTensorProto(name: name, floats: projected.values, dims: dims))
    }
    let integers = grid.integers(projected)
    if let type = numbers.packedType(ofParameterBits: grid.bits) {
      return store(packed: integers, type, grid, name: name, dims: dims)
    }
    let isByte = grid.bits <= 8 && grids.isQuantized
    let offset = isByte ? weights.offset(of: integers, channels: dims.first ?? 1) : 0
    if isByte, offset == 0 { byteCounts.signed += 1 } else if isByte { byteCounts.unsigned += 1 }
    let type = offset == 0 ? numbers.type(ofParameterBits: grid.bits) : .uint8
    let scaleDims = grid.scales.count == 1 ? [] : [grid.scales.count]
    let inputs = [
      file.store(
        ONNXTensorProto(
          name: file.fresh(name + "/integers"), integers: integers.map { $0 + offset }, type: type, dims: dims
        )),
      file.store(
        ONNXTensorProto(name: file.fresh(name + "/scale"), floats: grid.scales, dims: scaleDims)),
      file.store(
        ONNXTensorProto(
          name: file.fresh(name + "/zero"), integers: Array(repeating: offset, count: grid.scales.count),
          type: type, dims: scaleDims)),
    ]
    return file.add("DequantizeLinear", inputs, name, grid.scales.count == 1 ? [] : [.int("axis", 0)])
  }

  /// Stores integers with several in a byte.
  ///
  /// onnxruntime's integer kernels take bytes, which it makes once when it opens the file.
  private mutating func store(
    packed integers: [Int32], _ type: ONNXTensorProto.DataType, _ grid: Integer, name: String, dims: [Int]
  ) -> String {
    if type == .int2 { packedCounts.two += 1 } else { packedCounts.four += 1 }
    let stored = file.store(
      ONNXTensorProto(name: file.fresh(name + "/integers"), integers: integers, type: type, dims: dims))
    let isPerTensor = grid.scales.count == 1
    let scaleDims = isPerTensor ? [] : [grid.scales.count]
    let scale = file.store(
      ONNXTensorProto(name: file.fresh(name + "/scale"), floats: grid.scales, dims: scaleDims))
    var inputs = [stored, scale]
    if numbers.unpacksFirst {
      inputs[0] = file.add(
        "Cast", [stored], file.fresh(name + "/bytes"), [.int("to", ONNXTensorProto.DataType.int8.rawValue)])
      // Zero is the default, but onnxruntime makes a QGemm only of nodes that state it.
      inputs.append(
        file.store(
          ONNXTensorProto(
            name: file.fresh(name + "/zero"), integers: Array(repeating: 0, count: grid.scales.count),
            type: .int8, dims: scaleDims)))
    }
    return file.add("DequantizeLinear", inputs, name, isPerTensor ? [] : [.int("axis", 0)])
  }

  /// Quantizes a value: `output` is the nearest multiple of the scale to `source` within the range.
  private mutating func quantize(
    _ source: String, of value: String, _ grid: IntegerValue, to output: String
  ) {
    let scale = file.scalar(value + "/scale", grid.scale)
    let zero = file.store(
      ONNXTensorProto(
        name: file.fresh(value + "/zero"),
        integers: [Int32(grid.zeroPoint + numbers.offset(ofValueBits: grid.bits))],
        type: numbers.type(ofValueBits: grid.bits), dims: []))
    var source = source
    if ![8, 16].contains(grid.bits) {
      let lower = file.scalar(value + "/least", grid.range.lowerBound)
      let upper = file.scalar(value + "/greatest", grid.range.upperBound)
      source = file.add("Clip", [source, lower, upper], file.fresh(value + "/clipped"))
    }
    let quantized = file.add("QuantizeLinear", [source, scale, zero], file.fresh(value + "/quantized"))
    file.add("DequantizeLinear", [quantized, scale, zero], output)
  }
}
