import ArgumentParser
import CProcess
import Encodings
import Foundation
import Graphs
import Methods
import Ops
import Readings
import Settings
import Simulation
import Targets
import Tensors

/// Cycles of layers of exported C on simulated boards.
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

  /// The profile without what makes cycles of a chip of counted ones, with other optimization where that is asked for.
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
  /// Bits of its weights.
  let bits: Int
  let input: Shape
  let op: any Op

  static let all = [
    BenchLayer(name: "linear 64 to 16", bits: 8, input: [64], op: Linear(features: 16)),
    BenchLayer(
      name: "convolution 3x3, 16 to 16, 6x6", bits: 8, input: [16, 6, 6],
      op: Conv2D(filters: 16, kernel: 3, padding: 1)),
    BenchLayer(
      name: "convolution 3x3, 1 to 16, 6x6", bits: 8, input: [1, 6, 6],
      op: Conv2D(filters: 16, kernel: 3, padding: 1)),
    BenchLayer(
      name: "depthwise 3x3, 16, 6x6", bits: 8, input: [16, 6, 6],
      op: Conv2D(filters: 16, kernel: 3, padding: 1, groups: 16)),
    BenchLayer(name: "linear 64 to 16, packed", bits: 4, input: [64], op: Linear(features: 16)),
    BenchLayer(
      name: "convolution 3x3, 16 to 16, 6x6, packed", bits: 4, input: [16, 6, 6],
      op: Conv2D(filters: 16, kernel: 3, padding: 1)),
  ]

  /// The layer alone, with weights at random, on integer grids.
  func student() throws -> Model {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: input)])
    try graph.append(op, name: "layer", inputs: ["image"])
    graph.outputs = ["layer"]
    graph.initializeParameters(seed: 0)
    return try SyntheticStudent.bytes(of: graph, name: name, weightBits: bits)
  }
}

/// What a layer takes on a board.
struct KernelRow: Encodable {
  let target: String
  let layer: String
  let multiplyAdds: Int
  /// Of an image, without the calls around it.
  let cycles: Double
  let cyclesPerMultiplyAdd: Double
  /// Images whose outputs are not the integer reference's.
  let unequal: Int

  init(_ layer: BenchLayer, _ profile: TargetProfile, _ meter: TargetMeter, images: Int) throws {
    let model = try layer.student()
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
    cycles = reading.layers?.first { $0.name == "layer" }?.cycles ?? 0
    cyclesPerMultiplyAdd = cycles / Double(multiplyAdds)
    unequal = reading.imagesUnequal ?? 0
  }

  var text: String {
    String(
      format: "%@, %@: %.1f cycles a multiply-add (%.0f in all), %d outputs unequal", target, layer,
      cyclesPerMultiplyAdd, cycles, unequal)
  }
}

extension SimulatorChoice {
  /// The same without factors, and with other flags where a profile says `-O2`.
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
