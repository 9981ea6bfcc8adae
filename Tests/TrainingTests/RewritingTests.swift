import DNNL
import Encodings
import Execution
import Foundation
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Training

/// A rewriter that removes one channel of the convolution at each point, the one with the smallest weights.
private struct ChannelCutter: GraphRewriter {
  var updates: [Int]

  func points(updates: Int) -> [Int] { self.updates }

  func rewrite(_ graph: Graph, at point: RewritePoint) throws -> Rewrite {
    let weight = try #require(graph.parameters["conv.weight"]).value
    let size = weight.values.count / weight.shape[0]
    let norms = (0..<weight.shape[0]).map { channel in
      weight.values[channel * size..<(channel + 1) * size].reduce(0) { $0 + abs($1) }
    }
    let least = try #require(norms.indices.min { norms[$0] < norms[$1] })
    return try graph.removingChannels(["conv": [least]])
  }
}

/// A rewriter that masks the smaller half of a weight's survivors at each point.
private struct Halver: GraphRewriter {
  var updates: [Int]

  func points(updates: Int) -> [Int] { self.updates }

  func rewrite(_ graph: Graph, at point: RewritePoint) throws -> Rewrite {
    var graph = graph
    let parameter = try #require(graph.parameters["hidden.weight"])
    let values = parameter.projected.values
    let order = values.indices.sorted { abs(values[$0]) > abs(values[$1]) }
    let kept = Set(order.prefix(values.count >> (point.index + 1)))
    graph.parameters["hidden.weight"] = Parameter(
      parameter.value, encoding: Sparse(mask: Mask(values.indices.map(kept.contains))))
    return Rewrite(
      graph: graph,
      origin: Dictionary(uniqueKeysWithValues: graph.parameters.keys.map { ($0, Origin(parameter: $0)) }))
  }
}

@Suite("Networks rewritten while they train", .serialized)
struct RewritingTests {
  private static func trainer(
    _ graph: Graph, _ rewriter: (any GraphRewriter)?, _ yaml: String,
    backend: any Backend = ReferenceBackend(),
    store: CheckpointStore? = nil
  ) throws -> Trainer {
    var settings = TrainingSettings()
    settings.epochs = 3
    settings.batch = 8
    try settings.update(from: SettingsNode(yaml: yaml, source: "test"), owner: "training")
    return try Trainer(
      Trainer.Setup(
        task: Classification(), graph: graph, backend: backend, settings: settings, seed: 7,
        checkpointInterval: .zero,
        rewriter: rewriter),
      training: SyntheticSource(steps: 5, batch: 8),
      validation: SyntheticSource(steps: 2, batch: 8, seed: 1), checkpoints: store)
  }

  /// Trains in pieces, with a new trainer from the last checkpoint after each of `stops` updates.
  private static func train(
    _ graph: Graph, _ rewriter: (any GraphRewriter)?, _ yaml: String,
    backend: any Backend = ReferenceBackend(),
    stops: [Int] = []
  ) throws -> Trainer.Result {
    let folder = try TemporaryFolder()
    for stop in stops + [Int.max] {
      let store = CheckpointStore(directory: folder.path)
      let trainer = try trainer(graph, rewriter, yaml, backend: backend, store: store)
      if let checkpoint = try store.latest() { try trainer.restore(checkpoint) }
      if case .finished(let result) = try trainer.run(shouldStop: { trainer.progress.updates >= stop }) {
        return result
      }
    }
    throw Trainer.Unfinished()
  }

  private static let recipes = [
    "{learningRate: 0.05}", "{learningRate: 0.01, optimizer: adamw, emaDecay: 0.9}",
    "{learningRate: 0.05, accumulationSteps: 2, patience: 1}",
  ]

  @Test("Channels go at the given updates, and training goes on from the smaller network", arguments: recipes)
  func structure(yaml: String) throws {
    let result = try Self.train(TinyNetwork.normalized(), ChannelCutter(updates: [0, 7]), yaml)
    #expect(result.graph.parameters["conv.weight"]?.value.shape == [2, 1, 3, 3])
    #expect(result.graph.shape(of: "relu") == [1, 2, 6, 6])
    #expect(result.progress.rewrites == 2)
    try result.graph.verify()
  }

  @Test(
    "Stopped anywhere and resumed, a training that rewrites its network ends with the same bits",
    arguments: recipes)
  func resume(yaml: String) throws {
    for backend in [ReferenceBackend(), DNNLBackend()] as [any Backend] {
      let cutter = ChannelCutter(updates: [3, 7])
      let graph = try TinyNetwork.normalized()
      let straight = try Self.train(graph, cutter, yaml, backend: backend)
      for stops in [[2, 3, 4], [7], [1, 8]] {
        let resumed = try Self.train(graph, cutter, yaml, backend: backend, stops: stops)
        #expect(resumed.graph == straight.graph)
        #expect(resumed.progress.updates == straight.progress.updates)
      }
    }
  }

  @Test("Encodings are in the result and in checkpoints, bit for bit")
  func encodings() throws {
    let graph = try TinyNetwork.plain()
    let halver = Halver(updates: [2, 6, 6])
    let straight = try Self.train(graph, halver, "{learningRate: 0.05}")
    let sparse = try #require(straight.graph.parameters["hidden.weight"]?.encoding as? Sparse)
    #expect(sparse.mask.survivorCount == 288 / 8)
    for stops in [[1], [3, 6], [7, 9]] {
      #expect(try Self.train(graph, halver, "{learningRate: 0.05}", stops: stops).graph == straight.graph)
    }
  }

  @Test("A rewrite that changes nothing changes no bit of what follows", arguments: recipes)
  func identity(yaml: String) throws {
    struct Nothing: GraphRewriter {
      func points(updates: Int) -> [Int] { [0, 4, 4, 11] }
      func rewrite(_ graph: Graph, at point: RewritePoint) throws -> Rewrite {
        Rewrite(
          graph: graph,
          origin: Dictionary(uniqueKeysWithValues: graph.parameters.keys.map { ($0, Origin(parameter: $0)) }))
      }
    }
    // Early stopping counts from 0 after a rewrite and may end later, so it is left out.
    let yaml = yaml.replacingOccurrences(of: ", patience: 1", with: "")
    for backend in [ReferenceBackend(), DNNLBackend()] as [any Backend] {
      let graph = try TinyNetwork.normalized()
      let rewritten = try Self.train(graph, Nothing(), yaml, backend: backend)
      #expect(try Self.train(graph, nil, yaml, backend: backend).graph == rewritten.graph)
    }
  }

  @Test("Moments and averages follow the parts of parameters that are kept; new ones start at zero")
  func carrying() throws {
    let graph = try TinyNetwork.normalized()
    let rewrite = try graph.removingChannels(["conv": [1, 2]])
    let numbered = graph.parameters.mapValues { parameter in
      Tensor(parameter.value.values.indices.map(Float.init), shape: parameter.value.shape)
    }
    let state = TrainingState(
      parameters: graph.parameters.mapValues(\.value), firstMoments: numbered, secondMoments: numbered,
      averages: numbered)
    var changed = rewrite
    changed.origin["logits.bias"] = nil
    let carried = try state.carried(by: changed)
    #expect(
      carried.firstMoments["conv.weight"]?.values == (0..<9).map(Float.init) + (27..<36).map(Float.init))
    #expect(carried.averages["norm.mean"]?.values == [0, 3])
    #expect(carried.secondMoments["logits.weight"]?.shape == [3, 72])
    #expect(carried.secondMoments["logits.weight"]?.values[71] == 143)
    #expect(carried.firstMoments["logits.bias"] == nil)
    #expect(carried.averages["logits.bias"] == graph.parameters["logits.bias"]?.value)
    changed.origin["conv.bias"] = Origin(parameter: "conv.bias", kept: [0: [0]])
    #expect(errorMessage { _ = try state.carried(by: changed) }.contains("parameter \"conv.bias\": is 2,"))
    changed.origin["conv.bias"] = Origin(parameter: "conv.bias", kept: [0: [0, 9]])
    #expect(errorMessage { _ = try state.carried(by: changed) }.contains("has no such part on axis 0"))
    changed.origin["conv.bias"] = Origin(parameter: "gone")
    #expect(errorMessage { _ = try state.carried(by: changed) }.contains("\"gone\" was not there before"))
  }

  @Test("Points that are not ascending or beyond the end, and a rewriter that fails, are told")
  func refusals() throws {
    for points in [[15], [-1], [4, 3]] {
      let message = errorMessage {
        _ = try Self.trainer(TinyNetwork.normalized(), ChannelCutter(updates: points), "{}")
      }
      #expect(message.contains("ascending numbers of updates below 15, found \(points)"), "\(message)")
    }
    // Four channels cannot lose four.
    let message = errorMessage {
      _ = try Self.train(TinyNetwork.normalized(), ChannelCutter(updates: [1, 2, 3, 4]), "{}")
    }
    #expect(message.hasPrefix("after update 4: "), "\(message)")
  }

  @Test("Equal steps begin before the first update and end within the share")
  func gradual() {
    #expect(RewritePoint.gradual(times: 4, share: 0.5, updates: 100) == [0, 12, 25, 37])
    #expect(RewritePoint.gradual(times: 1, share: 0, updates: 10) == [0])
    #expect(RewritePoint.gradual(times: 5, share: 1, updates: 2) == [0, 0, 0, 1, 1])
    #expect(RewritePoint.gradual(times: 3, share: 1, updates: 0) == [])
    #expect(RewritePoint(index: 3, count: 4, update: 37, updates: 100).progress == 1)
  }
}
