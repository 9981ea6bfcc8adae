import ArgumentParser
import CProcess
import Encodings
import Export
import Foundation
import Graphs
import Methods
import Ops
import Readings
import Settings
import Simulation
import Targets
import Tensors

/// The benchmark `kernels`: cycles of layers of exported C on simulated boards.
struct KernelBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Cycles a multiply-add of exported C on simulated boards, layer by layer.",
    discussion: """
      Each layer is quantized, exported as C and run in the board's simulator: rounding and storing are counted, wait
      states are not, so that a board's factors are taken out again.
      """)

  @Option(help: "A profile's name in Recipes/targets/; repeat for several.")
  var target = ["cortex-m4"]

  @Option(
    parsing: .remaining, help: "Flags of the compiler in place of the profile's optimization, such as -O3.")
  var flags: [String] = []

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    condense_prepare_compute()
    let folder = NSTemporaryDirectory() + "condense-bench-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let meter = TargetMeter(SimulationRunner(cacheFolder: folder))
    var rows: [KernelRow] = []
    for name in target {
      let profile = try profile(name)
      for layer in BenchLayer.all {
        rows.append(try KernelRow(layer, profile, meter, images: 2))
        if !json { print(rows[rows.count - 1].text) }
      }
    }
    guard json else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    print(String(decoding: try encoder.encode(rows), as: UTF8.self))
  }

  /// The profile without the factors from counted cycles to a chip's cycles, with another optimization if
  /// requested.
  private func profile(_ name: String) throws -> TargetProfile {
    var profile = try TargetProfile.named(name, searching: ["Recipes/targets"])
    guard let simulator = profile.simulator else {
      throw ValidationError("--target \(name): has no simulator")
    }
    profile.simulator = simulator.counting(optimization: flags)
    return profile
  }
}

/// A layer that is measured.
struct BenchLayer {
  let name: String
  /// The numbers of its weights.
  var numbers = BenchNumbers.integers(8)
  /// True if weights are Huffman-coded; most of them are then near zero, as in trained layers.
  var isCoded = false
  let input: Shape
  let op: any Op

  static let all =
    [
      BenchLayer(name: "linear 64 to 16", input: [64], op: Linear(features: 16)),
      BenchLayer(
        name: "convolution 3x3, 16 to 16, 6x6", input: [16, 6, 6],
        op: Conv2D(filters: 16, kernel: 3, padding: 1)),
      BenchLayer(
        name: "convolution 3x3, 1 to 16, 6x6", input: [1, 6, 6],
        op: Conv2D(filters: 16, kernel: 3, padding: 1)),
      BenchLayer(
        name: "convolution 3x3, 3 to 16, 6x6", input: [3, 6, 6],
        op: Conv2D(filters: 16, kernel: 3, padding: 1)),
      BenchLayer(
        name: "depthwise 3x3, 16, 6x6", input: [16, 6, 6],
        op: Conv2D(filters: 16, kernel: 3, padding: 1, groups: 16)),
    ] + packed + coded

  /// Layers with weights of four bits that are decoded row by row.
  private static let coded = [
    BenchLayer(
      name: "linear 64 to 16, packed, coded", numbers: .integers(4), isCoded: true, input: [64],
      op: Linear(features: 16)),
    BenchLayer(
      name: "convolution 3x3, 16 to 16, 6x6, packed, coded", numbers: .integers(4), isCoded: true,
      input: [16, 6, 6], op: Conv2D(filters: 16, kernel: 3, padding: 1)),
  ]

  /// Layers with weights of fewer bits, one for each kind of number.
  private static let packed: [BenchLayer] = [
    ("packed", .integers(4)), ("ternary", .integers(2)), ("powers of two", .powers(LevelSet(termBits: 4))),
    ("sums of two powers", .powers(LevelSet(termBits: 3, terms: 2))), ("signs", .signs),
    ("signs and bits", .bits),
  ].flatMap { (name: String, numbers: BenchNumbers) in
    [
      BenchLayer(
        name: "linear 64 to 16, \(name)", numbers: numbers, input: [64], op: Linear(features: 16)),
      BenchLayer(
        name: "convolution 3x3, 16 to 16, 6x6, \(name)", numbers: numbers, input: [16, 6, 6],
        op: Conv2D(filters: 16, kernel: 3, padding: 1)),
    ]
  }

  /// The layer alone, with random weights, on integer grids.
  func student() throws -> Model {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: input)])
    try graph.append(op, name: "layer", inputs: ["image"])
    graph.outputs = ["layer"]
    graph.initializeParameters(seed: 0)
    if isCoded, let weight = graph[.weight, of: "layer"]?.value {
      graph[.weight, of: "layer"]?.value.values = weight.values.map { 100 * $0 * $0 * $0 }
    }
    return try SyntheticStudent.student(of: graph, name: name, numbers: numbers)
  }
}

/// The kind of numbers in a student's weights.
enum BenchNumbers {
  /// Integers of this number of bits.
  case integers(Int)
  /// Numbers of a level set, with values whose scales are powers of two.
  case powers(LevelSet)
  /// Signs, with values whose scales are powers of two.
  case signs
  /// Signs, with values of one bit.
  case bits
}

/// The measured cost of a layer on a board.
struct KernelRow: Encodable {
  let target: String
  let layer: String
  let multiplyAdds: Int
  /// The bytes of the layer's constants: weights, biases, ratios, tables.
  let constantBytes: Int
  /// The cycles of one image, without the calls around the layer.
  let cycles: Double
  let cyclesPerMultiplyAdd: Double
  /// The number of images whose outputs differ from the integer reference.
  let unequal: Int

  init(_ layer: BenchLayer, _ profile: TargetProfile, _ meter: TargetMeter, images: Int) throws {
    let model = try layer.student()
    var meter = meter
    meter.exporter = CExporter(sparse: .auto, huffman: layer.isCoded)
    var random = SeededRandom(seed: 1, purpose: "kernel images")
    let count = layer.input.count
    let reading = try meter.waitForReading(
      model, flashBytes: 0, on: profile,
      images: (0..<images).map { _ in (0..<count).map { _ in 2 * random.uniform() - 1 } }
    ).reading
    guard reading.isSimulated else {
      throw ValidationError(
        "\(profile.name), \(layer.name): \(reading.note ?? reading.reason ?? "not simulated")")
    }
    target = profile.name
    self.layer = layer.name
    multiplyAdds = model.graph.multiplyAdds
    constantBytes = try meter.exporter.artifact(of: model, ExportOptions(target: profile)).program.weightBytes
    cycles = reading.layers?.first { $0.name == "layer" }?.cycles ?? 0
    cyclesPerMultiplyAdd = cycles / Double(multiplyAdds)
    unequal = reading.imagesUnequal ?? 0
  }

  var text: String {
    String(
      format: "%@, %@: %.1f cycles a multiply-add (%.0f in all), %d bytes, %d outputs unequal", target, layer,
      cyclesPerMultiplyAdd, cycles, constantBytes, unequal)
  }
}

extension SimulatorChoice {
  /// The simulator without factors, and with other flags if the profile gives `-O2`.
  func counting(optimization flags: [String]) -> SimulatorChoice {
    guard case .mapping(let all) = settings.content else { return self }
    var entries = all.filter { $0.key != "factors" }
    if !flags.isEmpty, let index = entries.firstIndex(where: { $0.key == "flags" }) {
      let given = (try? entries[index].value.list("flags").map { try $0.string("flags") }) ?? []
      entries[index] = SettingsNode.Entry(
        key: "flags", mark: entries[index].mark, value: (given.filter { !$0.hasPrefix("-O") } + flags).node)
    }
    return SimulatorChoice(kind: kind, settings: SettingsNode(.mapping(entries), mark: settings.mark))
  }
}
