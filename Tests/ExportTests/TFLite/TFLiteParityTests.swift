import Export
import Foundation
import Graphs
import Networks
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@Suite(
  "TensorFlow Lite computes what we compute",
  .enabled(if: TFLitePeer.runtimes.allSatisfy(\.mayBeAsked), "PyPI cannot be reached"), .serialized)
struct TFLiteParityTests {
  private static let teachers =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Teachers").path

  private static func images(_ graph: Graph, count: Int, seed: UInt64 = 3) -> [Tensor] {
    graph.inputs.map {
      Tensor(random: Shape([count] + $0.shape.dimensions), in: -1...2, seed: seed, $0.name)
    }
  }

  @Test("Every example of every op in floats, but for those that are refused by name")
  func ops() throws {
    var cases: [TFLitePeer.Case] = []
    var refused: Set<String> = []
    for (index, example) in OpCase.all().enumerated() {
      let graph = try example.graph()
      guard TFLiteExporter().refusals(of: graph, ExportOptions()).isEmpty else {
        refused.insert(example.op.kind)
        continue
      }
      cases.append(
        .init(name: "\(example.op.kind)-\(index)", graph: graph, images: Self.images(graph, count: 2)))
    }
    #expect(
      refused.isSubset(of: [
        "average-pool", "channel-gate", "channel-shuffle", "elu", "gelu", "group-norm", "prototypes",
        "reshape", "tree-sum",
      ]),
      "\(refused)")
    #expect(cases.count >= 30)
    for runtime in TFLitePeer.runtimes {
      for (name, distance) in try TFLitePeer.distances(cases, by: runtime) {
        #expect(
          distance.largest <= 1e-4 * max(distance.scale, 1e-3), "\(name) \(distance) \(runtime.packages)")
      }
    }
  }

  @Test("Every network in floats: logits within 1e-4 of the largest")
  func networks() throws {
    var cases = try SmallGraph.allCases.map { network in
      let graph = try network.graph()
      return TFLitePeer.Case(name: network.rawValue, graph: graph, images: Self.images(graph, count: 4))
    }
    for name in ["mlp", "lenet5", "resnet8", "squeezenet-cifar", "mobilenet-cifar"] {
      var graph = try NetworkSpec.named(name, searching: [Self.teachers]).build()
      graph.scatterParameters(seed: 8)
      cases.append(.init(name: name, graph: graph, images: Self.images(graph, count: 1)))
    }
    for runtime in TFLitePeer.runtimes {
      for (name, distance) in try TFLitePeer.distances(cases, by: runtime) {
        #expect(distance.largest <= 1e-4 * distance.scale, "\(name) \(distance) \(runtime.packages)")
      }
    }
  }

  /// TensorFlow Lite's kernels round sums and some activations more than once; those of Condense never do.
  @Test("Networks in bytes: logits within one step for 99 of 100, never more than three off")
  func integers() throws {
    let cases = try SmallGraph.allCases.map { network in
      let graph = try network.graph()
      let calibration = Self.images(graph, count: 16)[0]
      return TFLitePeer.Case(
        name: network.rawValue, graph: try graph.onGrids(over: calibration),
        images: Self.images(graph, count: 40, seed: 4))
    }
    for runtime in TFLitePeer.runtimes {
      let distances = try TFLitePeer.distances(cases, by: runtime)
      #expect(distances.values.allSatisfy { $0.largest <= 3 }, "\(distances)")
      let share = distances.values.map(\.withinOne).reduce(0, +) / Double(distances.count)
      #expect(share >= 0.99, "\(distances)")
    }
  }

  @Test("What is real among integers, and weights wider than a byte, are refused by name")
  func refusals() throws {
    let graph = try SmallGraph.lenet.graph()
    var quantized = try graph.onGrids(over: Self.images(graph, count: 4)[0])
    quantized.parameters["conv1.weight"]?.encoding = Dense()
    let refusals = TFLiteExporter().refusals(of: quantized, ExportOptions())
    #expect(refusals.map(\.node) == ["conv1"])
    #expect(refusals.first?.reason.contains("dense") == true)
  }

  @Test("Equal models give equal bytes")
  func deterministic() throws {
    let graph = try SmallGraph.residual.graph()
    let model = Model(
      graph: graph, classes: ["a", "b"],
      input: InputDescription(shape: graph.inputs[0].shape, mean: [0], deviation: [1]), split: .init(.null),
      provenance: .init(.null))
    let files = try (0..<2).map { _ in try TFLiteExporter().artifact(of: model, ExportOptions()).files }
    #expect(files[0] == files[1])
    #expect(Array(files[0][0].bytes[4..<8]) == Array("TFL3".utf8))
  }
}
