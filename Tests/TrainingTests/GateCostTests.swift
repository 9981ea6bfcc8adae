import DNNL
import Datasets
import Execution
import Graphs
import Ops
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Training

@Suite("Gate cost")
struct GateCostTests {
  /// A network of two gated convolutions with 8·8·4·1·9 and 8·8·6·4·9 multiply-adds.
  private func network(side: Int = 8) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, side, side])])
    var value = "image"
    for (name, channels, open) in [("a", 4, 3), ("b", 6, 4)] {
      try graph.append(GlobalAveragePool(), name: name + ".mean", inputs: [value])
      try graph.append(
        Conv2D(filters: channels, kernel: 1), name: name + ".saliency", inputs: [name + ".mean"])
      try graph.append(ChannelGate(open: open), name: name + ".gate", inputs: [name + ".saliency"])
      try graph.append(Conv2D(filters: channels, kernel: 3, padding: 1), name: name, inputs: [value])
      value = try graph.append(Multiply(), name: name + ".gated", inputs: [name, name + ".gate"])
    }
    try graph.append(GlobalAveragePool(), name: "pool", inputs: [value])
    try graph.append(Flatten(), name: "flat", inputs: ["pool"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 9)
    return graph
  }

  private func objective(_ distiller: any Distiller, _ graph: Graph) throws -> Objective {
    var builder = try ObjectiveBuilder(Classification(), student: graph)
    try distiller.build(&builder)
    return try builder.finished(seed: 0)
  }

  @Test("Each gate weighs its layer's share of the multiply-adds; its loss is the mean of its numbers")
  func terms() throws {
    let graph = try network()
    let objective = try objective(GateCost(weight: 2), graph)
    let weights: [Float] = [1, 2 / Float(7), 12 / Float(7)]
    for (term, weight) in zip(objective.terms, weights) { #expect(abs(term.weight - weight) < 1e-6) }
    #expect(objective.terms.count == 3)
    var joined = try objective.joined(to: graph)
    joined.outputs = ["a.gate", "b.gate"] + objective.terms.dropFirst().map(\.value)
    let plan = try ReferenceBackend().compile(joined, PlanOptions(batch: 2, mode: .inference))
    let images = Tensor(random: [2, 1, 8, 8], seed: 3, "images").values
    plan.writeInput(try plan.input("image"), images.span)
    plan.run(key: 0)
    for (gate, channels, term) in [("a.gate", 4, 1), ("b.gate", 6, 2)] {
      let (gates, losses) = (try plan.values(of: gate), try plan.values(of: objective.terms[term].value))
      #expect(losses.count == 2)
      for image in 0..<2 {
        let mean = gates[image * channels..<(image + 1) * channels].reduce(0, +) / Float(channels)
        let limit = 1e-6 * (1 + mean)
        #expect(abs(losses[image] - mean) <= limit)
      }
    }
  }

  @Test("Evaluation counts each image's multiply-adds from its open gates, on every backend")
  func counted() throws {
    var graph = try network(side: SyntheticSource.side)
    graph[.bias, of: "a.saliency"] = Parameter(Tensor([-1, -0.9, -1.1, 0], shape: [4]))
    let work = GatedWork(graph)
    var counts: [ImageWork] = []
    for backend: any Backend in [ReferenceBackend(), DNNLBackend()] {
      let evaluator = try Evaluator(
        graph, task: Classification(), backend: backend, batch: 4, precision: .f32, threads: 1)
      #expect(evaluator.imageWork == nil)
      for _ in 0..<2 { _ = try evaluator.score(SyntheticSource(steps: 3, batch: 4)) }
      counts.append(try #require(evaluator.imageWork))
    }
    // The truth for the same images, computed by hand.
    var truth = ImageWork()
    let plan = try ReferenceBackend().compile(
      graph, PlanOptions(batch: 4, mode: .inference, taps: work.gates))
    let source = SyntheticSource(steps: 3, batch: 4)
    source.startEpoch(0, fromStep: 0)
    while let batch = try source.next() {
      let images = batch.images
      plan.forward(images.span, key: 0)
      let gates = try work.gates.map { try plan.values(of: $0) }
      for image in 0..<4 {
        truth.add(
          work.multiplyAdds(
            open: gates.map { gate in
              gate[image * gate.count / 4..<(image + 1) * gate.count / 4].count { $0 != 0 }
            }))
      }
    }
    #expect(truth.images == 12 && truth.least < truth.most)
    #expect(counts == [truth, truth])
    let plain = try Evaluator(
      TinyNetwork.plain(), task: Classification(), backend: DNNLBackend(), batch: 4, precision: .f32,
      threads: 1)
    _ = try plain.score(SyntheticSource(steps: 1, batch: 4))
    #expect(plain.imageWork == nil)
  }

  @Test("A network without gates is refused")
  func withoutGates() throws {
    let graph = try SmallGraph.lenet.graph()
    let message = errorMessage { _ = try objective(GateCost(), graph) }
    #expect(
      message.contains("objective gate-cost: the network has no gate") && message.contains("channel-gates"))
    #expect(errorMessage { try GateCost().requireStudent(graph) } == message)
    try Supervised().requireStudent(graph)
  }
}

extension Plan {
  /// The numbers of a value for the whole batch.
  fileprivate func values(of name: String) throws -> [Float] {
    let tap = try tap(name)
    var numbers = Array(repeating: Float(0), count: tap.count)
    var span = numbers.mutableSpan
    readTap(tap, into: &span)
    return numbers
  }
}
