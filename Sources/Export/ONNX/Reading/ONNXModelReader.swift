import Graphs
import Ops
import Tensors

/// Makes a graph of the nodes that a file's first output depends on, or both outputs of a detector.
struct ONNXModelReader {
  /// The number of parameter elements that any file may have; larger files may have twice as many as their
  /// bytes could hold.
  private static let freeElements = 1 << 24

  /// The largest number of nodes that an output may depend on.
  private static let maximumNodes = 20_000

  private let proto: ONNXModelProto
  private let format: ImportedFormat
  private let inputs: [GraphInput]
  private let outputs: [String]
  private let nodes: [ONNXNode]
  private var network: ONNXNetworkBuilder
  /// True if the output is a log-softmax, which was removed.
  private var endsInLogarithms = false

  /// The facts about a file that are known before it is read.
  struct Source {
    var format = ImportedFormat.onnx
    /// The files of tensors that are not in the file itself.
    var files = ONNXExternalFiles(folder: nil)
    var fileBytes: Int
    /// The order of an image's axes in the file.
    var images: ONNXImages
  }

  /// Finds the input, the output and the nodes between them.
  init(_ proto: ONNXModelProto, _ source: Source, notes: [String] = []) throws(ONNXFileProblem) {
    self.proto = proto
    format = source.format
    let graph = proto.graph
    var tensors: [String: ONNXTensorProto] = [:]
    for tensor in graph.initializer where tensors.updateValue(tensor, forKey: tensor.name) != nil {
      throw .tensor(name: tensor.name, reason: "two tensors have this name")
    }
    let given = try ONNXInput.all(of: graph, tensors: Set(tensors.keys))
    let mayBeLast = given.count == 1 || source.format == .tflite
    let areLast = given.map { mayBeLast && source.images.areLast($0.shape) }
    inputs = zip(given, areLast).map { $1 ? $0.channelsFirst : $0 }
    guard let first = graph.output.first?.name, !first.isEmpty else { throw .output(reason: "there is none") }
    let texts = ONNXTexts(proto, of: format)
    outputs = texts.isDetector ? graph.output.map(\.name) : [first]
    let opset = proto.opsetImport.first { $0.domain.isEmpty || $0.domain == "ai.onnx" }?.version ?? 0
    try Self.requireOwnNames(graph.node, besides: Set(tensors.keys).union(given.map(\.name)))
    let decoder = ONNXTensorDecoder(external: source.files)
    let reach = try ONNXReach(graph.node, of: outputs)
    guard reach.nodes.count <= Self.maximumNodes else {
      throw .tooMany(what: "nodes", found: reach.nodes.count, limit: Self.maximumNodes)
    }
    let expanded = ONNXExpansion(reach.nodes, tensors: tensors, decoder: decoder)
    let fused = ONNXFusion(expanded.nodes, tensors: expanded.tensors, decoder: decoder)
    nodes = try ONNXReach(fused.nodes, of: outputs).nodes.map { ONNXNode($0, opset: Int(opset)) }
    network = ONNXNetworkBuilder(
      Graph(inputs: inputs), tensors: expanded.tensors, decoder: decoder,
      readers: ONNXReaders.counted(nodes, outputs: outputs),
      elements: max(Self.freeElements, 2 * source.fileBytes))
    for note in notes { network.note(note) }
    if let input = inputs.first { network.batch = ONNXInput.batch(of: graph, input: input.name) }
    if inputs.contains(where: { ONNXInput.isHalf(graph, input: $0.name) }) {
      network.note(ONNXInput.halfPrecision)
    }
    if expanded.isDynamic {
      network.note(
        "quantizes values by the range that they have in each batch; here they are floats, and results differ by such steps"
      )
    }
    for (input, isLast) in zip(inputs, areLast) where isLast {
      network.takeChannelsLast(input.name)
      if format == .onnx { network.note(ONNXInput.channelsLast) }
    }
    network.anchors = try texts.anchors()
  }

  /// Refuses nodes with outputs of names that exist already, as a name must be unambiguous.
  private static func requireOwnNames(
    _ nodes: [ONNXNodeProto], besides names: Set<String>
  ) throws(ONNXFileProblem) {
    for node in nodes {
      for name in node.output where names.contains(name) {
        throw .damaged(reason: "a node makes \"\(name)\", which is an input or a stored tensor")
      }
    }
  }

  /// The network with the file's metadata.
  mutating func read(_ options: ImportOptions) throws(ONNXFileProblem) -> ImportedModel {
    let input = try ONNXInput.requireImages(inputs)
    _ = try readGraph()
    try flattenOutput()
    let texts = ONNXTexts(proto, of: format)
    let scores =
      texts.saysScores || endsInLogarithms
      ? ONNXScores(asTheyAre: network.graph) : try ONNXScores(network.graph, names: try texts.classes())
    return try texts.model(of: scores, input: input, options, notes: network.notes)
  }

  /// The network alone, with any inputs.
  mutating func readGraph() throws(ONNXFileProblem) -> Graph {
    var problems: [ONNXFileProblem.Node] = []
    for node in nodes {
      do throws(ONNXRefusal) {
        try read(node)
      } catch {
        network.refuse(node.outputs)
        if case .because(let reason) = error {
          problems.append(.init(type: node.fullType, name: node.name, reason: reason))
        }
      }
    }
    guard problems.isEmpty else { throw .nodes(problems) }
    try finishOutput()
    return network.graph
  }

  private mutating func read(_ node: ONNXNode) throws(ONNXRefusal) {
    guard let reader = ONNXReaderCatalogue.byType[node.fullType] else {
      throw .because("this operator is not supported")
    }
    guard !node.output.isEmpty else { throw .because("it makes nothing that has a name") }
    if try StridedReader.reads(node, &network) { return }
    try reader.read(node, into: &network)
  }

  /// Flattens an output of images of one pixel, in which some networks end.
  private mutating func flattenOutput() throws(ONNXFileProblem) {
    guard let value = network.graph.outputs.first, network.shape(of: value).rank > 2,
      network.shape(of: value).spatialCount == 1
    else { return }
    do throws(ONNXRefusal) {
      let logits = network.freshName("logits")
      network.graph.outputs = [try network.append(Flatten(), name: logits, inputs: [value])]
    } catch {
      throw .output(reason: "\(error)")
    }
  }

  /// The value of an output; images that a TensorFlow Lite file has channels last keep the network's order.
  private mutating func finished(_ output: String) throws(ONNXRefusal) -> String {
    guard format == .tflite else { return try network.made(output) }
    let found = try network.viewed(output)
    if found.view.places(of: network.shape(of: found.value)) != nil { return found.value }
    if let whole = try network.untangled(found, output) { return whole.value }
    return try network.made(output)
  }

  /// Makes the outputs that are pending.
  private mutating func finishOutput() throws(ONNXFileProblem) {
    do throws(ONNXRefusal) {
      if outputs.count == 1, let last = try network.pending(outputs[0], as: LogProbabilities.self) {
        network.set(outputs[0], last.scores.value, last.scores.view)
        endsInLogarithms = true
        network.note(
          "ends in the logarithm of a softmax; its scores before that are taken, whose softmax gives the same probabilities"
        )
      }
      var made: [String] = []
      for output in outputs { made.append(try finished(output)) }
      network.graph.outputs = made
    } catch {
      if case .because(let reason) = error { throw .output(reason: reason) }
      throw .output(reason: "it is not made")
    }
    guard !network.graph.nodes.isEmpty || format == .tflite else {
      throw .output(reason: "it is the input as it came")
    }
  }
}

/// The nodes that outputs depend on, in the order of the file.
struct ONNXReach {
  let nodes: [ONNXNodeProto]

  /// Finds the nodes; throws if two nodes make one value.
  init(_ all: [ONNXNodeProto], of outputs: [String]) throws(ONNXFileProblem) {
    var makers: [String: Int] = [:]
    for (index, node) in all.enumerated() {
      for name in node.output where !name.isEmpty {
        guard makers.updateValue(index, forKey: name) == nil else {
          throw .damaged(reason: "two nodes make \"\(name)\"")
        }
      }
    }
    for output in outputs where makers[output] == nil {
      throw .output(reason: "no node makes \"\(output)\"")
    }
    var needed: Set<Int> = []
    var waiting = outputs
    while let name = waiting.popLast() {
      guard let maker = makers[name], needed.insert(maker).inserted else { continue }
      waiting += all[maker].input
    }
    nodes = Self.inOrder(all, needed: needed, makers)
  }

  /// The nodes in the file's order, but each after those that it reads; cycles are not resolved.
  private static func inOrder(
    _ all: [ONNXNodeProto], needed: Set<Int>, _ makers: [String: Int]
  ) -> [ONNXNodeProto] {
    var nodes: [ONNXNodeProto] = []
    var begun: Set<Int> = []
    for start in all.indices where needed.contains(start) && !begun.contains(start) {
      begun.insert(start)
      var path = [(node: start, next: 0)]
      while let (node, next) = path.last {
        guard next < all[node].input.count else {
          nodes.append(all[node])
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        if let maker = makers[all[node].input[next]], begun.insert(maker).inserted {
          path.append((maker, 0))
        }
      }
    }
    return nodes
  }
}

extension GraphInput {
  /// The same input with channels first.
  fileprivate var channelsFirst: GraphInput {
    GraphInput(name: name, shape: [shape[2], shape[0], shape[1]])
  }
}

extension ONNXNetworkBuilder {
  /// Takes an input of images with channels last, as the file has it.
  fileprivate mutating func takeChannelsLast(_ input: String) {
    let view = ONNXView(of: shape(of: input)).transposed([0, 2, 3, 1])
    guard let view else { return }
    set(input, input, view)
  }
}
