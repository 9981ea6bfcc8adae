import Export
import Encodings
import Execution
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

@Suite("What models take on targets", .serialized)
struct MeterTests {
  let bench = Bench()

  /// A quantized network of two channels, with its images, `[2, 9, 9]` each.
  private static func material(_ count: Int = 4) throws -> (model: Model, images: [[Float]]) {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 9, 9])])
    try graph.append(Conv2D(filters: 4, kernel: 3), name: "conv1", inputs: ["image"])
    try graph.append(ReLU(), name: "relu1", inputs: ["conv1"])
    try graph.append(MaxPool(kernel: 2), name: "pool1", inputs: ["relu1"])
    try graph.append(Flatten(), name: "flat", inputs: ["pool1"])
    try graph.append(Linear(features: 5), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 3)
    let numbers = Tensor(random: [count, 2, 9, 9], in: -1...1, seed: 4, "images").values
    let quantized = try graph.quantized(calibratedOn: numbers, batch: count)
    let size = 2 * 9 * 9
    return (
      Self.model(quantized), (0..<count).map { Array(numbers[$0 * size..<($0 + 1) * size]) }
    )
  }

  private static func model(_ graph: Graph) -> Model {
    Model(
      graph: graph, classes: ["a", "b", "c", "d", "e"],
      input: InputDescription(shape: graph.inputs[0].shape, mean: [0, 0], deviation: [1, 1]),
      split: SettingsNode(.null), provenance: SettingsNode(.null))
  }

  @Test(
    "an exported network runs on the chip as in the reference, channels and all; its layers have their cycles",
    .enabled(
      if: ["uno", "cortex-m4", "raspberry-pi-4"].allSatisfy(Bench.mayAsk),
      "a simulator is missing: make simulators"),
    arguments: ["uno", "cortex-m4", "raspberry-pi-4"])
  func simulated(_ target: String) async throws {
    defer { bench.remove() }
    let (model, images) = try Self.material()
    let profile = try Bench.profile(target)
    let (estimate, outputs) = try await TargetMeter(bench.runner).read(
      model, flashBytes: 1000, on: profile, images: images)
    #expect(estimate.note == nil)
    #expect(estimate.bases == [.simulated])
    #expect(estimate.imagesSimulated == 4 && estimate.imagesUnequal == 0)
    let program = try IntegerProgram(model.graph)
    let expected = images.map { image in
      program.values(of: [image.map { program.values[0].integer($0) }])[program.outputs[0]]
    }
    #expect(outputs == expected.map { $0.map(Float.init) })
    let cycles = Dictionary(uniqueKeysWithValues: (estimate.layers ?? []).map { ($0.name, $0.cycles) })
    #expect((cycles["conv1"] ?? 0) > (cycles["logits"] ?? 0))
    #expect((cycles["logits"] ?? 0) > 0)
    let sum = (estimate.layers ?? []).reduce(0) { $0 + $1.cycles }
    #expect(abs(sum - (estimate[.cycles]?.value ?? 0)) < 1e-6 * sum)
    let latency = try #require(estimate[.latency]).value
    #expect(abs(latency - (estimate[.cycles]?.value ?? 0) / (profile.clockMHz.value * 1000)) < 1e-12)
    let energy = try #require(estimate[.energy])
    #expect(try #require(energy.low) < energy.value && energy.value < #require(energy.high))
  }

  @Test("a missing compiler leaves the estimate, and the note says what to install")
  func degraded() async throws {
    defer { bench.remove() }
    let (model, images) = try Self.material()
    var uno = try Bench.profile("uno")
    uno.simulator = SimulatorChoice(
      kind: "simavr", settings: SettingsNode(mapping: ["compiler": "no-such-gcc".node]))
    let estimate = try await TargetMeter(bench.runner).read(
      model, flashBytes: 1000, on: uno, images: images
    ).reading
    #expect(estimate.bases == [.modelled])
    #expect(estimate.method == "analytic")
    #expect(
      estimate.note?.hasPrefix("modelled, not simulated: no-such-gcc") == true, "\(estimate.note ?? "")")
    #expect(estimate.note?.contains("gcc-avr") == true)
    let analytic = try uno.estimate(model.graph, flashBytes: 1000)
    #expect(estimate[.latency] == analytic[.latency])
  }

  @Test(
    "a network of floats runs on the chip, with and without a floating-point unit, as in the reference",
    .enabled(
      if: ["cortex-m4", "cortex-m0plus", "uno", "raspberry-pi-4"].allSatisfy(Bench.mayAsk),
      "a simulator is missing: make simulators"),
    arguments: ["cortex-m4", "cortex-m0plus", "uno", "raspberry-pi-4"])
  func floats(_ target: String) async throws {
    defer { bench.remove() }
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 6, 6])])
    try graph.append(Conv2D(filters: 3, kernel: 3), name: "conv1", inputs: ["image"])
    try graph.append(ReLU(), name: "relu1", inputs: ["conv1"])
    try graph.append(Flatten(), name: "flat", inputs: ["relu1"])
    try graph.append(Linear(features: 5), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 3)
    let numbers = Tensor(random: [2, 2, 6, 6], in: -1...1, seed: 4, "images").values
    let (estimate, outputs) = try await TargetMeter(bench.runner).read(
      Self.model(graph), flashBytes: 1000, on: try Bench.profile(target),
      images: [Array(numbers[..<72]), Array(numbers[72...])])
    #expect(estimate.note == nil)
    #expect(estimate.bases == [.simulated])
    #expect(estimate.imagesSimulated == 2 && estimate.imagesUnequal == 0 && outputs.count == 2)
    // The convolution has 864 products and the linear layer 240, with more than one cycle each on any target.
    #expect((estimate[.cycles]?.low ?? 0) > 1104)
    // Software floats take many instructions for each product.
    #expect((estimate[.cycles]?.value ?? 0) > (target == "cortex-m0plus" || target == "uno" ? 50_000 : 0))
  }

  @Test("a network that the exporter refuses is estimated, and the note says why")
  func refused() async throws {
    defer { bench.remove() }
    var (model, images) = try Self.material()
    model.graph.parameters["conv1.weight"]?.encoding = Dense()
    let estimate = try await TargetMeter(bench.runner).read(
      model, flashBytes: 1000, on: try Bench.profile("cortex-m4"), images: images
    ).reading
    #expect(estimate.bases == [.modelled])
    #expect(
      estimate.note?.hasPrefix("modelled, not simulated, as simulators run exported C:") == true,
      "\(estimate.note ?? "")")
  }

  @Test("outputs that differ from the reference are told, and the target does not count as fitting")
  func unequal() async throws {
    defer { bench.remove() }
    let (model, images) = try Self.material()
    var uno = try Bench.profile("uno")
    uno.simulator = SimulatorChoice(kind: "wrong", settings: SettingsNode(mapping: [:]))
    let runner = SimulationRunner(
      cacheFolder: bench.folder, catalogue: SimulatorCatalogue([WrongSimulator.self]))
    let estimate = try await TargetMeter(runner).read(model, flashBytes: 1000, on: uno, images: images)
      .reading
    #expect(estimate.imagesUnequal == 4)
    #expect(!estimate.fits)
    #expect(
      estimate.reason == "the simulated outputs differ from the reference on 4 of 4 images")
  }

  @Test("an unknown simulator is refused with its line and the nearest name")
  func unknown() throws {
    var uno = try Bench.profile("uno")
    let node = try SettingsNode(yaml: "{kind: simavrr}", source: "my.yaml")
    uno.simulator = try SimulatorChoice(reading: node, key: "simulator")
    let profile = uno
    #expect(
      errorMessage { _ = try SimulatorCatalogue.standard.simulator(of: profile) }
        == "my.yaml:1: \"simavrr\" is no simulator; did you mean \"simavr\"? (simavr, qemu, qemu-user, ice40, xilinx, vela)"
    )
  }

  @Test(
    "what could run other programs than a compiler is refused",
    arguments: [
      "{kind: simavr, compiler: /bin/sh}", "{kind: simavr, flags: [-fplugin=x.so]}",
      "{kind: simavr, flags: [-wrapper]}", "{kind: simavr, flags: [\"@file\"]}",
      "{kind: qemu, machine: \"a,b\", cycles: [{instructions: [\"*\"], cycles: 1, source: s}]}",
      "{kind: qemu, cycles: [{instructions: [], cycles: 1, source: s}]}",
      "{kind: qemu, cycles: [{instructions: [\"*\"], cycles: -1, source: s}]}",
      "{kind: qemu}", "{kind: simavr, mcu: \"../x\"}", "{kind: simavr, relativeError: {value: 2, source: s}}",
    ])
  func hostile(_ yaml: String) throws {
    var uno = try Bench.profile("uno")
    uno.simulator = try SimulatorChoice(
      reading: SettingsNode(yaml: yaml, source: "my.yaml"), key: "simulator")
    let profile = uno
    let message = errorMessage { _ = try SimulatorCatalogue.standard.simulator(of: profile) }
    #expect(message.hasPrefix("my.yaml:1: "), "\(message)")
  }

  @Test("the simulators of all profiles that ship can be read, and name what they need")
  func shipped() throws {
    let simulated = ["uno", "cortex-m0plus", "cortex-m4", "cortex-m7", "cortex-m33", "raspberry-pi-4"]
    for name in simulated {
      let simulator = try #require(try SimulatorCatalogue.standard.simulator(of: try Bench.profile(name)))
      #expect(simulator.tools.count >= 4)
      #expect(simulator.limits.latency.contains(1))
    }
    #expect(try SimulatorCatalogue.standard.simulator(of: try Bench.profile("host")) == nil)
  }
}

/// A simulator whose chip returns only zeros.
private struct WrongSimulator: Simulator {
  static let kind = "wrong"
  static let method = "none"
  static var settings: [Setting<WrongSimulator>] { [] }
  var tools: [ExternalTool] { [] }
  var factors: [Sourced] { [] }
  var limits: SimulatorLimits {
    SimulatorLimits(latency: 1...1, relativeError: 0, interruptMarginBytes: 0)
  }

  func versions(_ bench: Workbench) async throws(SimulationError) -> [String] { [] }

  func build(
    _ program: CProgram, within memory: MemoryLimits, _ bench: Workbench
  ) async throws(SimulationError) -> LinkedProgram {
    .firmware(Firmware(program: program, file: "", sections: [:], symbols: [:]))
  }

  func run(
    _ firmware: Firmware, on images: ImageBytes, _ bench: Workbench
  ) async throws(SimulationError) -> SimulatedRun {
    SimulatedRun(
      outputs: Array(repeating: 0, count: images.count * firmware.program.outputCount),
      cycles: Array(repeating: 10, count: images.count), instructions: [], stepCycles: [], stackBytes: 2,
      collisionBytes: 0)
  }
}
