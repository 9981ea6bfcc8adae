import Encodings
import Execution
import Export
import Foundation
import Graphs
import Ops
import Readings
import Settings
import Targets
import Tensors
import TestSupport
import Testing

@testable import Simulation

@Suite(
  "Kernels with two products an instruction",
  .enabled(if: ["cortex-m4", "uno"].allSatisfy(Bench.mayAsk), "a simulator is missing: make simulators"),
  .serialized)
struct PairedProductTests {
  let bench = Bench()

  /// Weights of a network.
  enum Weights: String, CaseIterable {
    case bytes, nibbles
    /// With values whose scales are powers of two too, so that ratios are shifts.
    case powersOfTwo
  }

  /// A layer after another, so that what one gets wrong reaches the outputs.
  private struct Layers {
    let name: String
    let input: Shape
    let ops: [any Op]
  }

  /// Windows side by side: odd numbers of them and of filters, lengths of every remainder, borders, strides, pixels.
  private static let windows = Layers(
    name: "windows", input: [3, 9, 7],
    ops: [
      Conv2D(filters: 5, kernel: 3, padding: 1), Conv2D(filters: 8, kernel: 1),
      Conv2D(filters: 6, kernel: Extent(3, 2), stride: Extent(2, 1), padding: Extent(1, 0)),
      Conv2D(filters: 7, kernel: 3, padding: 2, dilation: 2), Conv2D(filters: 4, kernel: 1, stride: 2),
      Conv2D(filters: 9, kernel: 3, padding: 1), Conv2D(filters: 3, kernel: 1, padding: 1),
    ])

  /// Channels by themselves: with and without borders, of two, three and more rows and columns, and what rows do not serve.
  private static let channels = Layers(
    name: "channels", input: [5, 11, 10],
    ops: [
      Conv2D(filters: 5, kernel: 3, padding: 1, groups: 5),
      Conv2D(filters: 5, kernel: 3, padding: Extent(0, 1), groups: 5),
      Conv2D(filters: 5, kernel: 3, padding: Extent(1, 0), groups: 5),
      Conv2D(filters: 5, kernel: 3, groups: 5), Conv2D(filters: 5, kernel: 5, padding: 2, groups: 5),
      Conv2D(filters: 5, kernel: 3, stride: 2, padding: 1, groups: 5),
      Conv2D(filters: 5, kernel: 3, padding: Extent(1, 0), groups: 5),
      Conv2D(filters: 5, kernel: 3, padding: 1, groups: 5),
    ])

  /// Channels by themselves with bounds of their own, where columns are few and where shifts are small.
  private static let bounded = Layers(
    name: "bounded", input: [4, 5, 3],
    ops: [
      Conv2D(filters: 4, kernel: 3, padding: 1, groups: 4), ReLU6(),
      Conv2D(filters: 4, kernel: 3, padding: Extent(0, 1), groups: 4), ReLU(),
      Conv2D(filters: 4, kernel: 3, padding: 1, groups: 4),
    ])

  /// Features: an odd number of them beside an even one.
  private static let features = Layers(
    name: "features", input: [2, 5, 5],
    ops: [Flatten(), Linear(features: 13), Linear(features: 24), Linear(features: 16), Linear(features: 3)])

  private static let all = [windows, channels, bounded, features]

  @Test(
    "Every output is the reference's, on cores with and without the instructions, and on AVR",
    arguments: all.map(\.name), Weights.allCases)
  func outputs(_ name: String, weights: Weights) async throws {
    defer { bench.remove() }
    let layers = try #require(Self.all.first { $0.name == name })
    var graph = Graph(inputs: [GraphInput(name: "image", shape: layers.input)])
    var value = "image"
    for (place, op) in layers.ops.enumerated() {
      try graph.append(op, name: "layer\(place)", inputs: [value])
      value = "layer\(place)"
    }
    graph.outputs = [value]
    graph.initializeParameters(seed: 5)
    let count = layers.input.count
    let numbers = Tensor(random: Shape([4] + layers.input.dimensions), in: -1...1, seed: 6, "images").values
    graph = try graph.quantized(calibratedOn: numbers, batch: 4, weightBits: weights == .nibbles ? 4 : 8)
    if weights == .powersOfTwo { graph = graph.onPowersOfTwo(LevelSet(termBits: 4)) }
    let classes = try #require(graph.shape(of: value)).dimensions.dropFirst().reduce(1, *)
    let model = Model(
      graph: graph, classes: (0..<classes).map(String.init),
      input: InputDescription(
        shape: layers.input, mean: Array(repeating: 0, count: layers.input[0]),
        deviation: Array(repeating: 1, count: layers.input[0])),
      split: SettingsNode(.null), provenance: SettingsNode(.null))
    // Beyond the calibrated range too: there outputs meet their bounds.
    let images = (0..<4).map { image in
      numbers[image * count..<(image + 1) * count].map { $0 * Float(image + 1) / 2 }
    }
    let program = try IntegerProgram(graph)
    let expected = images.map { image in
      program.values(of: [image.map { program.values[0].integer($0) }])[program.outputs[0]].map(Float.init)
    }
    #expect(Set(expected.flatMap { $0 }).count > 8)
    // Pixels lie with their channels together on a board.
    let shape = try #require(graph.shape(of: value)).dimensions.dropFirst()
    let pixels = shape.dropFirst().reduce(1, *)
    let channels = shape.first ?? 1
    let arranged = expected.map { image in
      (0..<image.count).map { image[$0 % channels * pixels + $0 / channels] }
    }
    for target in ["cortex-m4", "cortex-m0plus", "uno"] {
      let (reading, outputs) = try await TargetMeter(bench.runner).read(
        model, flashBytes: 1000, on: try Bench.profile(target), images: images)
      #expect(reading.bases == [.simulated] && reading.imagesUnequal == 0, "\(target): \(reading.note ?? "")")
      #expect(outputs == arranged, "\(target)")
    }
  }
}
