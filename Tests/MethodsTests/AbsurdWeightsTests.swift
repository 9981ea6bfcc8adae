import Graphs
import Ops
import Tasks
import Tensors
import TestSupport
import Settings
import Testing

@testable import Execution
@testable import Methods

/// Weights that no training should produce, though files may hold them.
enum AbsurdWeights: String, CaseIterable, CustomTestStringConvertible {
  case huge, hugest, subnormal, zero, equal, oneHuge, hugeBias, infinite, notNumbers

  var testDescription: String { rawValue }

  /// The network with such weights in every layer.
  func applied(to graph: Graph) -> Graph {
    var graph = graph
    for (name, parameter) in graph.parameters {
      // Files cannot hold such variances.
      guard !name.hasSuffix(".variance") else { continue }
      var value = parameter.value
      for i in value.values.indices {
        value.values[i] = changed(value.values[i], i, isBias: name.hasSuffix(".bias"))
      }
      graph.parameters[name] = Parameter(value, encoding: parameter.encoding)
    }
    return graph
  }

  private func changed(_ value: Float, _ index: Int, isBias: Bool) -> Float {
    switch self {
    case .huge: value * 1e34
    case .hugest: value < 0 ? -.greatestFiniteMagnitude : .greatestFiniteMagnitude
    case .subnormal: value * Float(bitPattern: 714)
    case .zero: 0
    case .equal: 0.25
    case .oneHuge: index == 0 ? 3e38 : value
    case .hugeBias: isBias ? -1e34 : value
    case .infinite: index == 0 ? .infinity : value
    case .notNumbers: index == 0 ? .nan : value
    }
  }
}

@Suite("Absurd weights")
struct AbsurdWeightsTests {
  @Test("Every method compresses them or says why not, and never crashes", arguments: AbsurdWeights.allCases)
  func methods(weights: AbsurdWeights) throws {
    for network in SmallGraph.allCases {
      let graph = weights.applied(to: try network.graph())
      for type in MethodCatalogue.all {
        let method = MethodCase(method: type.init())
        let message = errorMessage {
          let evidence = PlanEvidence(
            graph, task: Classification(), backend: ReferenceBackend(),
            source: PatternSource(graph, images: 4, batch: 4), batch: 4)
          let rewrite = try method.compress(graph, evidence: evidence)
          _ = errorMessage { _ = try IntegerProgram(rewrite.graph) }
        }
        #expect(message == "nothing thrown" || message.count > 20, "\(network) \(method): \(message)")
      }
    }
  }

  @Test("Every criterion scores them or says why not, and never crashes", arguments: AbsurdWeights.allCases)
  func criteria(weights: AbsurdWeights) throws {
    for network in [SmallGraph.lenet, .residual] {
      let graph = weights.applied(to: try network.graph())
      let evidence = PlanEvidence(
        graph, task: Classification(), backend: ReferenceBackend(),
        source: PatternSource(graph, images: 4, batch: 4), batch: 4)
      for type in SaliencyCatalogue.all {
        let criterion = MethodCase.quick(type)
        var methods: [MethodCase] = []
        if type.kinds.contains(.channel) {
          methods.append(MethodCase(method: ChannelPruning(sparsity: 0.5, criterion: criterion)))
        }
        if type.kinds.contains(.element) {
          methods.append(MethodCase(method: WeightPruning(sparsity: 0.5, criterion: criterion)))
        }
        for method in methods {
          let message = errorMessage { _ = try method.compress(graph, evidence: evidence) }
          #expect(message == "nothing thrown" || message.count > 20, "\(network) \(method): \(message)")
        }
      }
    }
  }

  @Test("Weights of 1e34 behind a value that is always zero are refused by their node")
  func deadValue() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 4, 4])])
    try graph.append(Conv2D(filters: 2, kernel: 3), name: "conv", inputs: ["image"])
    try graph.append(ReLU(), name: "relu", inputs: ["conv"])
    try graph.append(Flatten(), name: "flat", inputs: ["relu"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 1)
    graph.parameters["conv.bias"] = Parameter(Tensor([-1e3, -1e3], shape: [2]))
    let weight = try #require(graph.parameters["logits.weight"]).value
    graph.parameters["logits.weight"] = Parameter(
      Tensor(weight.values.map { $0 * 1e34 }, shape: weight.shape))
    let message = errorMessage {
      let evidence = PlanEvidence(
        graph, task: Classification(), backend: ReferenceBackend(),
        source: PatternSource(graph, images: 4, batch: 4), batch: 4)
      _ = try MethodCase(method: PostTrainingQuantization()).compress(graph, evidence: evidence)
    }
    #expect(message.contains("logits"), "\(message)")
    #expect(message.contains("too large for a scale"), "\(message)")
  }
}
