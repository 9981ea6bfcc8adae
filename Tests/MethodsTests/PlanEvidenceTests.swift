import DNNL
import Datasets
import Encodings
import Execution
import Foundation
import Graphs
import Methods
import Ops
import Tasks
import Tensors
import TestSupport
import Testing

@Suite("Evidence from plans")
struct PlanEvidenceTests {
  private static let backends: [any Backend] = [ReferenceBackend(), DNNLBackend()]

  /// A smooth network with norms of images and of features and a dropout.
  private func network() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 5, 5])])
    try graph.append(Conv2D(filters: 3, kernel: 3, bias: false), name: "conv", inputs: ["image"])
    try graph.append(BatchNorm(epsilon: 0.01), name: "norm", inputs: ["conv"])
    try graph.append(Tanh(), name: "act", inputs: ["norm"])
    try graph.append(Flatten(), name: "flat", inputs: ["act"])
    try graph.append(Dropout(), name: "drop", inputs: ["flat"])
    try graph.append(Linear(features: 4), name: "hidden", inputs: ["drop"])
    try graph.append(BatchNorm(), name: "hidden.norm", inputs: ["hidden"])
    try graph.append(Sigmoid(), name: "gate", inputs: ["hidden.norm"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["gate"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 6)
    return graph
  }

  /// The mean cross-entropy of one batch in inference, computed from the logits by its definition.
  private func loss(_ graph: Graph, _ step: Int, _ size: Int, images: Int) throws -> Double {
    let source = PatternSource(graph, images: images, batch: size)
    source.startEpoch(0, fromStep: step)
    let batch = try #require(try source.next())
    let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: size, mode: .inference))
    plan.forward(batch.images.span, key: 0)
    let tap = try plan.tap("logits")
    var logits = Array(repeating: Float(0), count: tap.count)
    var span = logits.mutableSpan
    plan.readTap(tap, into: &span)
    var total = 0.0
    for image in 0..<batch.count {
      let row = logits[image * 3..<(image + 1) * 3].map { Double($0) }
      total += log(row.reduce(0) { $0 + exp($1) }) - row[batch.annotations[image].label ?? 0]
    }
    return total / Double(batch.count)
  }

  @Test("Gradients are those of the loss in inference, of every parameter and every batch", arguments: 0..<2)
  func gradients(backend: Int) throws {
    let graph = try network()
    let source = PatternSource(graph, images: 6, batch: 4)
    let evidence = PlanEvidence(
      graph, task: Classification(), backend: Self.backends[backend], source: source, batch: 4)
    var batches: [[String: Tensor]] = []
    try evidence.forEachGradient(images: 100) { batches.append($0) }
    #expect(batches.count == 2)
    let trainable = graph.nodes.flatMap { graph.slots(of: $0) }.filter(\.slot.isTrainable).map(\.name)
    for (step, gradients) in batches.enumerated() {
      #expect(gradients.keys.sorted() == trainable.sorted())
      for (name, gradient) in gradients {
        let largest = gradient.values.map(abs).max() ?? 0
        for index in stride(from: 0, to: gradient.values.count, by: 7) {
          let difference = try slope(step: 1.0 / 32) { offset in
            var moved = graph
            moved.parameters[name]?.value.values[index] += offset
            return try loss(moved, step, 4, images: 6)
          }
          #expect(abs(difference - Double(gradient.values[index])) <= 2e-3 * Double(largest) + 1e-5)
        }
      }
    }
  }

  /// The derivative at 0 from four points, with an error of order step⁴.
  private func slope(step: Float, _ value: (Float) throws -> Double) throws -> Double {
    let near = (try value(step) - value(-step)) / (2 * Double(step))
    let far = (try value(2 * step) - value(-2 * step)) / (4 * Double(step))
    return (4 * near - far) / 3
  }

  @Test("A pruned weight has a gradient: what the loss would gain by it")
  func prunedWeights() throws {
    var graph = try network()
    let weight = try #require(graph.parameters["hidden.weight"])
    let mask = Mask(weight.value.values.indices.map { $0 % 2 == 0 })
    var value = weight.value
    for index in value.values.indices where index % 2 == 1 { value.values[index] = 0 }
    graph.parameters["hidden.weight"] = Parameter(value, encoding: Sparse(mask: mask, inner: Dense()))
    let source = PatternSource(graph, images: 4, batch: 4)
    let evidence = PlanEvidence(
      graph, task: Classification(), backend: ReferenceBackend(), source: source, batch: 4)
    try evidence.forEachGradient(images: 4) { gradients in
      #expect(gradients["hidden.weight"]?.values[1] != 0)
    }
  }

  @Test("Activations are the values of inference, of full rows only, until there are enough images")
  func activations() throws {
    let graph = try network()
    let source = PatternSource(graph, images: 10, batch: 4)
    for backend in Self.backends {
      let evidence = PlanEvidence(graph, task: Classification(), backend: backend, source: source, batch: 4)
      var batches: [[String: Tensor]] = []
      try evidence.forEachActivation(of: ["norm", "gate"], images: 100, real: true) { batches.append($0) }
      #expect(batches.map { $0["gate"]?.shape } == [[4, 4], [4, 4], [2, 4]])
      #expect(batches[2]["norm"]?.shape == [2, 3, 3, 3])
      let plan = try ReferenceBackend().compile(
        graph, PlanOptions(batch: 4, mode: .inference, taps: ["norm"]))
      source.startEpoch(0, fromStep: 1)
      let second = try #require(try source.next())
      plan.forward(second.images.span, key: 0)
      var truth = Array(repeating: Float(0), count: 4 * 27)
      var span = truth.mutableSpan
      plan.readTap(try plan.tap("norm"), into: &span)
      let found = try #require(batches[1]["norm"]).values
      #expect(zip(found, truth).allSatisfy { abs($0 - $1) <= 1e-5 * (1 + abs($1)) })
    }
    let before = source.served
    let evidence = PlanEvidence(
      graph, task: Classification(), backend: ReferenceBackend(), source: source, batch: 4)
    var images = 0
    try evidence.forEachActivation(of: ["gate"], images: 5, real: false) {
      images += $0["gate"]?.shape[0] ?? 0
    }
    #expect(images == 8 && source.served == before + 2)
  }

  @Test("Asking twice gives the same numbers")
  func repeatable() throws {
    let graph = try network()
    let source = PatternSource(graph, images: 8, batch: 4)
    let evidence = PlanEvidence(
      graph, task: Classification(), backend: DNNLBackend(), source: source, batch: 4)
    var answers: [[[String: Tensor]]] = [[], []]
    for index in answers.indices { try evidence.forEachGradient(images: 8) { answers[index].append($0) } }
    #expect(answers[0] == answers[1])
  }

  @Test("No images and unknown values are said, not guessed")
  func refusals() throws {
    let graph = try network()
    let source = PatternSource(graph, images: 0, batch: 4)
    let evidence = PlanEvidence(
      graph, task: Classification(), backend: ReferenceBackend(), source: source, batch: 4)
    #expect(
      errorMessage { try evidence.forEachGradient(images: 1) { _ in } }.contains("no training images"))
    #expect(
      errorMessage { try evidence.forEachActivation(of: ["nrm"], images: 1, real: true) { _ in } }
        .contains("did you mean \"norm\"?"))
    #expect(
      errorMessage { try NoEvidence().forEachGradient(images: 1) { _ in } }.contains("no images were given"))
  }
}
