import DNNL
import Encodings
import Execution
import Foundation
import Graphs
import Ops
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Methods
@testable import Training

@Suite("Sparse variational dropout", .serialized)
struct VariationalDropoutTests {
  private static let backends: [any Backend] = [ReferenceBackend(), DNNLBackend()]

  /// The network at some progress of a stage that it has begun.
  private func apply(
    _ method: SparseVariationalDropout, _ graph: Graph, of original: Graph, at progress: Double
  ) throws -> Rewrite {
    var compression = Compression(method, graph: graph, of: original, progress: progress)
    let rewrite = try method.compress(&compression)
    try rewrite.graph.verify()
    return rewrite
  }

  private func begun(_ graph: Graph) throws -> Graph {
    try apply(SparseVariationalDropout(), graph, of: graph, at: 0.05).graph
  }

  /// The graph with log variances that differ between weights.
  private func scattered(_ graph: Graph) -> Graph {
    var graph = graph
    for layer in graph.gaussianLayers {
      guard let shape = graph.parameters[layer.variances]?.value.shape else { continue }
      graph.parameters[layer.variances]?.value = Tensor(random: shape, in: -6...0, seed: 3, layer.variances)
    }
    return graph
  }

  @Test(
    "Layers become means, variances and what is drawn; the network of the means is the one that there was")
  func structure() throws {
    for network in SmallGraph.allCases {
      let graph = try network.graph()
      let rewrite = try apply(SparseVariationalDropout(), graph, of: graph, at: 0.05)
      let layers = rewrite.graph.gaussianLayers
      #expect(layers.map(\.mean.name) == graph.nodes.filter { $0.op is any ProductOp }.map(\.name))
      for (name, parameter) in graph.parameters { #expect(rewrite.graph.parameters[name] == parameter) }
      #expect(Set(rewrite.origin.keys) == Set(graph.parameters.keys))
      for layer in layers {
        let log = try #require(rewrite.graph.parameters[layer.variances])
        #expect(log.value.values.allSatisfy { $0 == -10 })
        #expect(log.encoding.isEqual(to: LogVariance(divergence: 0)))
        #expect(rewrite.graph.slots(of: layer.variance).count == 1)
      }
      // Only the random draw reads a mean, and in inference the outputs are unchanged.
      let means = Set(layers.map(\.mean.name))
      for node in rewrite.graph.nodes where !(node.op is GaussianSample) {
        #expect(means.isDisjoint(with: node.inputs))
      }
      #expect(try rewrite.graph.outputValues() == graph.outputValues())
      #expect(rewrite.graph.nonZeroCount == graph.nonZeroCount)
      #expect(try rewrite.graph.withMeansAlone().graph == graph)
    }
  }

  @Test("The divergence climbs over the points, and layers that a recipe leaves out are left as they are")
  func climbing() throws {
    let graph = try SmallGraph.lenet.graph()
    var method = SparseVariationalDropout()
    (method.amount.times, method.warmUp, method.initialLogVariance) = (10, 0.4, -8)
    var compression = Compression(
      method, graph: graph, of: graph, progress: 0.1, overrides: ["conv1": nil as SparseVariationalDropout?])
    var present = try method.compress(&compression).graph
    #expect(present.gaussianLayers.map(\.mean.name) == ["conv2", "hidden", "logits"])
    #expect(present.parameters["conv2.variance.weight"]?.value.values.allSatisfy { $0 == -8 } == true)
    for (point, factor) in [(1, 0), (2, 0.25), (4, 0.75), (5, 1), (9, 1)] as [(Int, Float)] {
      present = try apply(method, present, of: graph, at: Double(point) / 10).graph
      for layer in present.gaussianLayers {
        let encoding = try #require(present.parameters[layer.variances]?.encoding as? LogVariance)
        #expect(encoding.divergence == factor, "\(point)")
      }
    }
    method.warmUp = 0
    present = try apply(method, present, of: graph, at: 0.1).graph
    #expect(
      present.parameters["conv2.variance.weight"]?.encoding.isEqual(to: LogVariance(divergence: 1)) == true)
  }

  @Test(
    "What a layer gives has the mean and the variance of a layer of random weights", arguments: [0, 1])
  func moments(place: Int) throws {
    let backend = Self.backends[place]
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 4, 4])])
    try graph.append(Conv2D(filters: 3, kernel: 3), name: "conv", inputs: ["image"])
    try graph.append(Flatten(), name: "flat", inputs: ["conv"])
    try graph.append(Linear(features: 2), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 2)
    graph = scattered(try begun(graph))
    let plan = try backend.compile(
      graph, PlanOptions(batch: 1, mode: .training, taps: ["conv.sample", "logits.sample"]))
    let image = Tensor(random: [1, 2, 4, 4], seed: 5)
    let draws = 20_000
    let tap = try plan.tap("conv.sample")
    var (sums, squares) = ([Double](repeating: 0, count: tap.count), [Double](repeating: 0, count: tap.count))
    var values = [Float](repeating: 0, count: tap.count)
    for draw in 0..<draws {
      plan.forward(image.values.span, key: SeededRandom(seed: 1, purpose: "draw", draw).key)
      var span = values.mutableSpan
      plan.readTap(tap, into: &span)
      for i in values.indices {
        sums[i] += Double(values[i])
        squares[i] += Double(values[i]) * Double(values[i])
      }
    }
    // By hand, from the weights: sums of θ·x + bias and of σ²·x² over channels and the window.
    let theta = try #require(graph.parameters["conv.weight"]).value.values.map(Double.init)
    let bias = try #require(graph.parameters["conv.bias"]).value.values.map(Double.init)
    let logs = try #require(graph.parameters["conv.variance.weight"]).value.values.map(Double.init)
    for filter in 0..<3 {
      for (row, column) in [(0, 0), (1, 0), (1, 1)] {
        var (mean, variance) = (bias[filter], 0.0)
        for channel in 0..<2 {
          for (i, j) in (0..<9).map({ ($0 / 3, $0 % 3) }) {
            let x = Double(image.values[(channel * 4 + row + i) * 4 + column + j])
            let weight = ((filter * 2 + channel) * 3 + i) * 3 + j
            mean += theta[weight] * x
            variance += exp(logs[weight]) * x * x
          }
        }
        let place = (filter * 2 + row) * 2 + column
        let found = sums[place] / Double(draws)
        let spread = squares[place] / Double(draws) - found * found
        // The limit is five standard errors.
        #expect(abs(found - mean) < 5 * (variance / Double(draws)).squareRoot())
        #expect(abs(spread - variance) < 5 * variance * (2 / Double(draws)).squareRoot())
      }
    }
  }

  @Test("Backends draw the same numbers, and agree on all gradients")
  func agreement() throws {
    for network in [SmallGraph.lenet, .residual, .separable, .perceptron] {
      let graph = try scattered(begun(network.graph()))
      func run(_ backend: any Backend, threads: Int) throws -> (values: [Float], gradients: [String: Tensor])
      {
        let plan = try backend.compile(graph, PlanOptions(batch: 5, mode: .training, threads: threads))
        let tap = try plan.tap(graph.outputs[0])
        let images = Tensor(random: Shape([5] + graph.inputs[0].shape.dimensions), seed: 8)
        plan.forward(images.values.span, key: 77)
        var values = [Float](repeating: 0, count: tap.count)
        var span = values.mutableSpan
        plan.readTap(tap, into: &span)
        plan.writeSeed(tap, Tensor(random: [tap.count], seed: 9).values.span)
        plan.backward()
        return (values, try plan.gradients())
      }
      let truth = try run(ReferenceBackend(), threads: 1)
      for threads in [1, 2] {
        let found = try run(DNNLBackend(), threads: threads)
        let scale = truth.values.map(abs).max() ?? 1
        #expect(zip(found.values, truth.values).allSatisfy { abs($0 - $1) < 1e-4 * scale }, "\(network)")
        for (name, gradient) in truth.gradients {
          let other = try #require(found.gradients[name])
          let norm = gradient.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
          let distance = zip(gradient.values, other.values).reduce(0) {
            $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
          }.squareRoot()
          #expect(distance <= 1e-3 * norm + 1e-6, "\(network) \(name): \(distance) of \(norm)")
        }
      }
    }
  }

  @Test(
    "The divergence adds its value and gradients over N images, in every layout; pruned weights have none",
    arguments: [0, 1])
  func divergence(place: Int) throws {
    var start = try SmallGraph.lenet.graph()
    let conv = try #require(start.parameters["conv2.weight"])
    start.parameters["conv2.weight"] = conv.masked(by: conv.value.values.indices.map { $0 % 3 != 0 })
    let original = start
    let method = SparseVariationalDropout()
    var graph = try begun(start)
    graph = scattered(try apply(method, graph, of: original, at: 0.5).graph)
    let plan = try Self.backends[place].compile(graph, PlanOptions(batch: 2, mode: .training))
    plan.forward([Float](repeating: 0.5, count: 2 * 14 * 14).span, key: 0)
    plan.backward()
    let divergence = try StepDivergence(of: graph, images: 50, on: plan)
    let cost = divergence.add(to: plan, scale: 4)
    let gradients = try plan.gradients()
    var expected = 0.0
    for layer in graph.gaussianLayers {
      let means = try #require(graph.parameters[layer.means]).projected.values
      let logs = try #require(graph.parameters[layer.variances]).value.values
      let byMeans = try #require(gradients[layer.means]).values
      let byLogs = try #require(gradients[layer.variances]).values
      for i in means.indices {
        let each = LogUniformDivergence.cost(mean: means[i], logVariance: logs[i])
        expected += Double(each.value) / 50
        #expect(abs(byMeans[i] - each.byMean * 4 / 50) < 1e-5 * max(1, abs(each.byMean)))
        #expect(abs(byLogs[i] - each.byLogVariance * 4 / 50) < 1e-6)
        if layer.mean.name == "conv2", i % 3 == 0 { #expect(byMeans[i] == 0 && byLogs[i] == 0) }
      }
    }
    #expect(cost > 0 && abs(cost - expected) < 1e-5 * expected)
    #expect(try StepDivergence(of: original, images: 50, on: plan).add(to: plan, scale: 1) == 0)
  }

  @Test("Weight decay and penalties on weights spare the logarithms", arguments: [0, 1])
  func decay(place: Int) throws {
    let graph = try begun(SmallGraph.lenet.graph())
    let plan = try Self.backends[place].compile(graph, PlanOptions(batch: 1, mode: .training))
    plan.forward([Float](repeating: 0, count: 14 * 14).span, key: 0)
    plan.backward()
    let cost = try StepPenalties([L2(), GroupLasso()], of: graph, on: plan).add(to: plan, scale: 1, at: 1)
    let plain = try SmallGraph.lenet.graph()
    let other = try Self.backends[place].compile(plain, PlanOptions(batch: 1, mode: .training))
    #expect(cost > 0)
    #expect(
      abs(
        cost
          - (try StepPenalties([L2(), GroupLasso()], of: plain, on: other).add(to: other, scale: 1, at: 1)))
        < 1e-6 * cost)
    plan.update(AdamW(), StepParameters(rate: 0.1, decay: 0.5, number: 1))
    let after = plan.snapshot().parameters
    for layer in graph.gaussianLayers {
      #expect(after[layer.variances]?.values.allSatisfy { $0 == -10 } == true, "\(layer.variances)")
      #expect(after[layer.means] != graph.parameters[layer.means]?.value)
    }
  }

  @Test(
    "The last point masks what is above the threshold, or the share of the highest, and leaves nothing else")
  func masks() throws {
    let original = try OneRow([1, 0.1, 0.01, -2, 0.5, 0])
    var present = try begun(original.graph)
    // The log alpha values are -2, 3.6, 9.2, 3.4, 2.9, and infinite.
    present.parameters["logits.variance.weight"]?.value = Tensor(
      [-2, -1, 0, 4.8, 1.5, -10], shape: [1, 6])
    let method = SparseVariationalDropout()
    let threshold = try apply(method, present, of: original.graph, at: 1)
    var expected = original.graph
    expected.parameters[OneRow.weight] = original.parameter.masked(by: [
      true, false, false, false, true, false,
    ])
    #expect(threshold.graph == expected)
    #expect(threshold.origin == [OneRow.weight: Origin(parameter: OneRow.weight)])
    #expect(threshold.graph.shipped == threshold.graph && threshold.graph.parameterCount == 6)
    var share = method
    share.amount.sparsity = 0.5
    expected.parameters[OneRow.weight] = original.parameter.masked(by: [
      true, false, false, true, true, false,
    ])
    #expect(try apply(share, present, of: original.graph, at: 1).graph == expected)
    #expect(share.randomControl is RandomPruning && method.randomControl == nil)
    var high = method
    high.limit = 20
    present.parameters[OneRow.weight]?.value = Tensor([1, 1, 1, 1, 1, 1], shape: [1, 6])
    #expect(
      errorMessage { _ = try apply(high, present, of: original.graph, at: 1) }
        .contains("no weight has a log alpha above the threshold"))
    // One weight of a tensor always stays.
    high.limit = -10
    present.parameters["logits.variance.weight"]?.value.values[5] = -9
    let one = try apply(high, present, of: original.graph, at: 1).graph.parameters[OneRow.weight]
    #expect(one?.survivors == [false, false, false, false, false, true])
  }

  @Test("Integers have no means that could move")
  func refusal() throws {
    var row = try OneRow([1, 2])
    row.graph.parameters[OneRow.weight]?.encoding = Integer(bits: 8, scales: [0.1])
    #expect(
      errorMessage { _ = try begun(row.graph) }.contains("its weights are integer already, expected floats"))
  }

  // MARK: Training

  private func trainer(
    _ graph: Graph, _ method: SparseVariationalDropout, _ backend: any Backend, store: CheckpointStore? = nil
  ) throws -> Trainer {
    var settings = TrainingSettings()
    (settings.epochs, settings.batch, settings.learningRate) = (3, 4, 0.01)
    settings.optimizer = AdamW()
    return try Trainer(
      Trainer.Setup(
        task: Classification(), graph: graph, backend: backend, settings: settings, seed: 3,
        checkpointInterval: .zero, rewriter: MethodRewriter(method, graph)),
      training: PatternSource(graph, images: 16, batch: 4), checkpoints: store)
  }

  @Test(
    "Killed anywhere and resumed, a stage ends with the same bytes, as a plain masked network",
    arguments: [0, 1])
  func resumes(place: Int) throws {
    struct Unfinished: Error {}
    let graph = try (place == 0 ? SmallGraph.perceptron : .lenet).graph()
    var method = SparseVariationalDropout()
    (method.amount.times, method.amount.sparsity) = (4, 0.6)
    func trained(stops: [Int]) throws -> Graph {
      let folder =
        FileManager.default.temporaryDirectory.path() + "/condense-variational-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      for stop in stops + [Int.max] {
        let store = CheckpointStore(directory: folder)
        let trainer = try trainer(graph, method, Self.backends[place], store: store)
        if let checkpoint = try store.latest() { try trainer.restore(checkpoint) }
        let outcome = try trainer.run(shouldStop: { trainer.progress.updates >= stop })
        if case .finished(let result) = outcome { return result.graph }
      }
      throw Unfinished()
    }
    let straight = try trained(stops: [])
    #expect(straight.nodes == graph.nodes && straight.outputs == graph.outputs)
    #expect(straight.parameters.keys.sorted() == graph.parameters.keys.sorted())
    #expect(straight.parameters.values.allSatisfy { $0.encoding is Dense || $0.encoding is Sparse })
    #expect(straight.nonZeroCount < graph.nonZeroCount * 6 / 10)
    for stops in [[1, 2, 3], [5], [4, 9, 11]] { #expect(try trained(stops: stops) == straight) }
  }

  @Test("Weights that the loss holds keep little noise, and weights that it does not become noise")
  func learns() throws {
    // The label is the sign of the first of eight inputs; the others carry no information.
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [8])])
    try graph.append(Linear(features: 2, bias: false), name: "logits", inputs: ["image"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 1)
    let method = SparseVariationalDropout()
    var present = try begun(graph)
    present = try apply(method, present, of: graph, at: 0.9).graph
    let plan = try DNNLBackend().compile(present, PlanOptions(batch: 64, mode: .training))
    let tap = try plan.tap("logits.sample")
    let divergence = try StepDivergence(of: present, images: 200, on: plan)
    for step in 0..<4000 {
      let images = Tensor(random: [64, 8], seed: UInt64(step), "images").values
      plan.forward(images.span, key: UInt64(step))
      var scores = [Float](repeating: 0, count: 128)
      var span = scores.mutableSpan
      plan.readTap(tap, into: &span)
      // The gradient of the mean cross-entropy: softmax minus label, divided by the number of images.
      let seed = (0..<128).map { place -> Float in
        let (image, label) = (place / 2, place % 2)
        let other = scores[image * 2 + 1 - label]
        let said = 1 / (1 + exp(other - scores[place]))
        return (said - ((images[image * 8] > 0) == (label == 1) ? 1 : 0)) / 64
      }
      plan.writeSeed(tap, seed.span)
      plan.backward()
      _ = divergence.add(to: plan, scale: 1)
      plan.update(AdamW(), StepParameters(rate: 0.01, number: step + 1))
    }
    for (name, tensor) in plan.snapshot().parameters { present.parameters[name]?.value = tensor }
    let left = try apply(method, present, of: graph, at: 1).graph.parameters["logits.weight"]
    let kept = try #require(left).survivors
    // One row or both keep the only input that matters.
    #expect(kept.indices.allSatisfy { !kept[$0] || $0 % 8 == 0 }, "\(kept)")
    #expect(kept.contains(true))
  }
}
