import DNNL
import Encodings
import Execution
import Graphs
import Methods
import Settings
import Tensors

/// Students of signed bytes for timings: networks with random weights, calibrated on a synthetic batch.
enum SyntheticStudent {
  /// The number of images in the batch from which ranges are taken.
  private static let images = 16

  /// The student of a network from `Teachers/` or of a spec.
  static func bytes(of network: String) throws -> Model {
    try bytes(of: BenchNetworks.graph(network), name: network)
  }

  /// The student of a graph.
  static func bytes(of graph: Graph, name: String) throws -> Model {
    try student(of: graph, name: name, numbers: .integers(8))
  }

  /// The student of a graph with weights of the given kind.
  static func student(of graph: Graph, name: String, numbers: BenchNumbers) throws -> Model {
    switch numbers {
    case .integers(let bits):
      var method = PostTrainingQuantization()
      method.grids.bits = bits
      method.grids.calibration = .minmax
      return try student(of: graph, name, method)
    case .powers(let levels):
      var method = PowersOfTwoWeights()
      (method.bits, method.terms) = (levels.termBits, levels.terms)
      method.grids.calibration = .minmax
      return try student(of: graph, name, method)
    case .signs, .bits:
      var method = BinaryWeights()
      if case .bits = numbers { method.grids.activationBits = 1 }
      method.powerOfTwoScales = true
      method.grids.calibration = .minmax
      return try student(of: graph, name, method)
    }
  }

  private static func student<M: CompressionMethod>(
    of graph: Graph, _ name: String, _ method: M
  ) throws -> Model {
    var compression = Compression(
      method, graph: graph, evidence: SyntheticEvidence(graph: graph, images: images), overrides: [:])
    return model(try method.compress(&compression).graph, name)
  }

  /// A graph as a model, with classes that have no names.
  static func model(_ graph: Graph, _ network: String) -> Model {
    let shape = graph.inputs[0].shape
    let classes = graph.shape(of: graph.outputs[0])?.dimensions.last ?? 1
    return Model(
      graph: graph, classes: (0..<classes).map { "class \($0)" },
      input: InputDescription(
        shape: shape, mean: Array(repeating: 127.5, count: shape[0]),
        deviation: Array(repeating: 64, count: shape[0])),
      split: SettingsNode(mapping: ["seed": 0.node, "validation": 0.1.node]),
      provenance: SettingsNode(mapping: ["network": network.node]))
  }
}

/// The evidence that one synthetic batch gives of a network.
struct SyntheticEvidence: Evidence {
  let graph: Graph
  let images: Int

  func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {
    throw MethodError.evidence(method: "bench", reason: "no gradients")
  }

  func forEachActivation(
    of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {
    let plan = try DNNLBackend().compile(
      graph, PlanOptions(batch: self.images, mode: .inference, taps: values))
    plan.forward(SyntheticBatch(graph.inputs[0].shape, batch: self.images, classes: 10).images.span, key: 0)
    var tensors: [String: Tensor] = [:]
    for name in values {
      var tensor = Tensor(zeros: graph.shape(of: name, batch: self.images) ?? [])
      var span = tensor.values.mutableSpan
      plan.readTap(try plan.tap(name), into: &span)
      tensors[name] = tensor
    }
    body(tensors)
  }
}
