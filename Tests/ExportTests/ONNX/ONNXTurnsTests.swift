import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Export

extension ONNXKind {
  /// Orders of axes that no later node reverses.
  static let turns: [ONNXKind] = [
    turned("depth to space, blocks first", channels: 3, filters: 12) {
      $0.add("DepthToSpace", ["c"], ["t"], [.int("blocksize", 2)])
    },
    turned("depth to space, channels first", channels: 2, filters: 18) {
      $0.add("DepthToSpace", ["c"], ["t"], [.int("blocksize", 3), .string("mode", "CRD")])
    },
    turned("space to depth", channels: 20, filters: 5) {
      $0.add("SpaceToDepth", ["c"], ["t"], [.int("blocksize", 2)])
    },
    turned("space to depth by other axes", channels: 12, filters: 3) {
      $0.integers("split", [0, 3, 4, 2, 4, 2])
      $0.integers("joined", [0, 12, 4, 4])
      $0.add("Reshape", ["c", "split"], ["s"])
      $0.add("Transpose", ["s"], ["p"], [.ints("perm", [0, 1, 3, 5, 2, 4])])
      $0.add("Reshape", ["p", "joined"], ["t"])
    },
    turned("rows and columns that change places", channels: 4, filters: 4) {
      $0.add("Transpose", ["c"], ["t"], [.ints("perm", [0, 1, 3, 2])])
    },
    turned("rows as channels", channels: 8, filters: 5) {
      $0.add("Transpose", ["c"], ["t"], [.ints("perm", [0, 2, 3, 1])])
    },
  ]

  /// The form in which PyTorch's exporter writes `as_strided` of a mean in channels-last layout.
  static let strided = ONNXKind("elements of a batch by their places", opset: 18) {
    $0.addConvolution(6)
    $0.add("GlobalAveragePool", ["c"], ["p"])
    for (name, dims, values) in [
      ("row", [1], [-1]), ("zero", [], [0]), ("one", [], [1]), ("size", [], [6]), ("axes", [3], [1, 2, 3]),
      ("offsets", [6, 1, 1], [0, 1, 2, 3, 4, 5]), ("none", [1, 1, 1, 1], [0]), ("features", [2], [-1, 6]),
    ] as [(String, [Int], [Int])] {
      $0.proto.graph.initializer.append(ONNXTensorProto(name: name, integers: values, dims: dims))
    }
    $0.add("Shape", ["image"], ["batch"], [.int("start", 0), .int("end", 1)])
    $0.add("Squeeze", ["batch"], ["n"])
    $0.add("Reshape", ["p", "row"], ["elements"])
    $0.add("Range", ["zero", "n", "one"], ["images"])
    $0.add("Mul", ["images", "size"], ["starts"])
    $0.add("Unsqueeze", ["starts", "axes"], ["first"])
    $0.add("Add", ["first", "offsets"], ["places"])
    $0.add("Add", ["none", "places"], ["all"])
    $0.add("Gather", ["elements", "all"], ["taken"])
    $0.add("Reshape", ["taken", "features"], ["f"])
    $0.weights("fw", [3, 6])
    $0.weights("fb", [3])
    $0.add("Gemm", ["f", "fw", "fb"], ["y"], [.int("transB", 1)])
  }

  /// The axes of a convolution's result `c` in another order, `t`, followed by layers that depend on the
  /// order of pixels.
  private static func turned(
    _ name: String, channels: Int, filters: Int, _ build: @escaping @Sendable (inout ONNXSample) -> Void
  ) -> ONNXKind {
    ONNXKind(name) {
      $0.addConvolution(filters)
      build(&$0)
      $0.weights("tw", [4, channels, 3, 3], spread: 0.7)
      $0.add("Conv", ["t", "tw"], ["v"])
      $0.add("Relu", ["v"], ["a"])
      $0.addLayer(from: "a", channels: 4)
    }
  }
}

@Suite("Axes in another order")
struct ONNXTurnsTests {
  @Test("Elements of a batch that are taken in another order than they lie in are refused")
  func otherPlaces() {
    var sample = ONNXKind.strided.sample
    for place in sample.proto.graph.initializer.indices
    where sample.proto.graph.initializer[place].name == "offsets" {
      sample.proto.graph.initializer[place] = ONNXTensorProto(
        name: "offsets", integers: [1, 0, 2, 3, 4, 5], dims: [6, 1, 1])
    }
    let told = errorMessage {
      _ = try ONNXFile.read(
        bytes: sample.bytes, file: "m.onnx", folder: nil, ImportOptions(needsNormalization: false))
    }
    #expect(told.contains("of elements of a batch in another order than they lie in"), "\(told)")
  }

  /// The view of the axes of `[4, 6, 5]`, split into parts, in an order.
  private static func view(_ order: [Int]) throws -> ONNXView {
    let shape: Shape = [1, 4, 6, 5]
    return try #require(
      ONNXView(of: shape).reshaped([2, 2, 3, 2, 5])?.transposed([0] + order.map { $0 + 1 }))
  }

  private static func orders(_ places: [Int]) -> [[Int]] {
    guard places.count > 1 else { return [places] }
    return places.flatMap { first in orders(places.filter { $0 != first }).map { [first] + $0 } }
  }

  @Test("Shuffles reach all 120 orders of five stretches, by as few as the farthest needs")
  func all() throws {
    let shape: Shape = [1, 4, 6, 5]
    var most = 0
    for order in Self.orders([0, 1, 2, 3, 4]) {
      let view = try Self.view(order)
      guard !view.isInOrder(of: shape) else { continue }
      let turns = try #require(ONNXTurns(view, of: shape))
      var places = Array(0..<120)
      for turn in turns.turns {
        #expect(turn.groups * turn.members * turn.rest == 120)
        // The source of a channel by the op's formula.
        places = (0..<120).map { place in
          let (channel, rest) = (place / turn.rest, place % turn.rest)
          return places[(channel % turn.groups * turn.members + channel / turn.groups) * turn.rest + rest]
        }
      }
      #expect(places == view.sources(of: shape), "\(order)")
      most = max(most, turns.turns.count)
    }
    #expect(most == 4, "a shuffle joins at most two neighbours more")
  }

  @Test("Stretches that stay together are one")
  func pieces() throws {
    let pieces = try Self.view([2, 3, 0, 1, 4]).pieces()
    #expect(pieces.extents == [4, 6, 5] && pieces.order == [1, 0, 2])
    let single = try Self.view([0, 1, 2, 3, 4]).pieces()
    #expect(single.extents == [120] && single.order == [0])
  }
}
