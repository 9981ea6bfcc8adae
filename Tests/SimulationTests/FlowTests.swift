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

/// A flow that needs a missing tool.
private struct MissingFlow: DeviceFlow {
  static let kind = "missing-flow"
  static var settings: [Setting<MissingFlow>] { [] }
  var tools: [ExternalTool] { [ExternalTool("no-such-synthesis", package: "no-such-package")] }
  func versions(_ bench: Workbench) async throws(SimulationError) -> [String] { [] }
  func input(of model: Model, images: [[Float]]) throws(SimulationError) -> FlowInput { FlowInput(files: []) }
  func run(_ input: FlowInput, _ bench: Workbench) async throws(SimulationError) -> FlowResult {
    throw .report("must not be run")
  }
}

/// A flow whose program hangs.
private struct HangingFlow: DeviceFlow {
  static let kind = "hanging-flow"
  static var settings: [Setting<HangingFlow>] { [] }
  var tools: [ExternalTool] { [ExternalTool("sleep", package: "coreutils")] }
  func versions(_ bench: Workbench) async throws(SimulationError) -> [String] { [] }
  func input(of model: Model, images: [[Float]]) throws(SimulationError) -> FlowInput { FlowInput(files: []) }
  func run(_ input: FlowInput, _ bench: Workbench) async throws(SimulationError) -> FlowResult {
    _ = try await bench.tool(tools[0], ["600"], limit: .seconds(1)).successfulOutput()
    throw .report("did not hang")
  }
}

@Suite("What programs for FPGAs and NPUs say", .serialized)
struct FlowTests {
  let bench = Bench()

  private static func isHere(_ name: String) -> Bool {
    if ProcessInfo.processInfo.environment["CONDENSE_CI"] != nil { return true }
    guard let profile = try? Bench.profile(name) else { return true }
    return (try? SimulatorCatalogue.standard.tools(of: profile))?.allSatisfy { $0.path != nil } ?? true
  }

  /// A small network of powers of two, with four images.
  private static func material() throws -> (model: Model, images: [[Float]]) {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 6, 6])])
    try graph.append(Conv2D(filters: 3, kernel: 3), name: "conv", inputs: ["image"])
    try graph.append(ReLU(), name: "relu", inputs: ["conv"])
    try graph.append(Flatten(), name: "flat", inputs: ["relu"])
    try graph.append(Linear(features: 5), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 3)
    let numbers = Tensor(random: [4, 1, 6, 6], in: -1...1, seed: 4, "images").values
    let quantized = try graph.quantized(calibratedOn: numbers, batch: 4)
      .onPowersOfTwo(LevelSet(termBits: 4, terms: 1))
    let model = Model(
      graph: quantized, classes: ["a", "b", "c", "d", "e"],
      input: InputDescription(shape: [1, 6, 6], mean: [128], deviation: [64]), split: SettingsNode(.null),
      provenance: SettingsNode(.null))
    return (model, (0..<4).map { Array(numbers[$0 * 36..<($0 + 1) * 36]) })
  }

  private func reading(_ profile: TargetProfile) async throws -> Reading {
    let (model, images) = try Self.material()
    return try await TargetMeter(bench.runner).read(model, flashBytes: 1000, on: profile, images: images)
      .reading
  }

  @Test(
    "an iCE40 is placed and routed, equal to the reference; latency is cycles by the clock",
    .enabled(if: isHere("ice40-hx8k"), "yosys, nextpnr-ice40 or icetime is missing: make simulators"))
  func placed() async throws {
    defer { bench.remove() }
    let reading = try await reading(try Bench.profile("ice40-hx8k"))
    #expect(reading.note == nil)
    #expect(reading.bases == [.placed] && reading.fits)
    #expect(reading.imagesSimulated == 4 && reading.imagesUnequal == 0)
    let figures = Dictionary(uniqueKeysWithValues: reading.figures.map { ($0.key.name, $0.value) })
    let (cells, clock) = (try #require(figures["logicCells"]).value, try #require(figures["clockMHz"]).value)
    #expect((300...3000).contains(cells) && (30...200).contains(clock))
    #expect(figures["multipliers"]?.value == 0)
    let (latency, cycles) = (try #require(reading[.latency]).value, try #require(reading[.cycles]).value)
    #expect(abs(latency - cycles / clock / 1000) < 1e-9)
    #expect(reading.layers?.map(\.name) == ["conv", "logits"])
  }

  @Test(
    "what does not fit says by how much, and stays modelled",
    .enabled(if: isHere("ice40-hx8k"), "yosys, nextpnr-ice40 or icetime is missing: make simulators"))
  func tooLarge() async throws {
    defer { bench.remove() }
    var profile = try Bench.profile("ice40-hx8k")
    let limit = SettingsNode(mapping: ["value": 100.node, "source": "a test".node])
    profile.simulator = SimulatorChoice(kind: "ice40", settings: SettingsNode(mapping: ["logicCells": limit]))
    let reading = try await reading(profile)
    #expect(!reading.fits && reading.bases == [.modelled])
    let reason = try #require(reading.reason)
    let match = try #require(
      reason.wholeMatch(of: /logic cells: (\d+) too many: needs (\d+), has 100/), "\(reason)")
    #expect(Int(match.1).map { $0 + 100 } == Int(match.2))
  }

  @Test(
    "a Zynq's logic is counted; its clock is assumed, and marked so",
    .enabled(if: isHere("zynq-7020"), "yosys is missing: make simulators"))
  func synthesized() async throws {
    defer { bench.remove() }
    let reading = try await reading(try Bench.profile("zynq-7020"))
    #expect(reading.bases == [.modelled] && reading.method == "yosys synth_xilinx, clock assumed")
    #expect(reading.imagesUnequal == 0 && reading.fits)
    let figures = Dictionary(uniqueKeysWithValues: reading.figures.map { ($0.key.name, $0.value.value) })
    #expect((200...3000).contains(figures["LUTs"] ?? 0) && (figures["flipFlops"] ?? 0) > 100)
    #expect(figures["DSPs"] == 0)
    let latency = try #require(reading[.latency])
    #expect(try #require(latency.low) < latency.value && latency.value < #require(latency.high))
  }

  @Test(
    "Vela's cycles, memories and layers",
    .enabled(if: isHere("ethos-u55-128"), "vela is missing: make simulators"),
    arguments: ["ethos-u55-128", "ethos-u85-256"])
  func vela(_ target: String) async throws {
    defer { bench.remove() }
    let reading = try await reading(try Bench.profile(target))
    #expect(reading.method?.hasPrefix("Vela") == true, "\(reading.note ?? "")")
    #expect(reading.bases == [.modelled])
    #expect((reading[.cycles]?.value ?? 0) > 100 && (reading[.flash]?.value ?? 0) > 100)
    let layers = reading.layers ?? []
    #expect(layers.count >= 2 && layers.reduce(0) { $0 + $1.cycles } <= (reading[.cycles]?.value ?? 0) * 1.5)
  }

  @Test("a program that is missing or hangs leaves the estimate, and the note says what happened")
  func degraded() async throws {
    defer { bench.remove() }
    let (model, images) = try Self.material()
    let catalogue = SimulatorCatalogue([], flows: [MissingFlow.self, HangingFlow.self])
    for (kind, note) in [
      (
        "missing-flow",
        "modelled, not simulated: no-such-synthesis is missing; apt-get install no-such-package"
      ),
      ("hanging-flow", "modelled, as the simulation failed: sleep: stopped after 1 seconds"),
    ] {
      var profile = try Bench.profile("ice40-hx8k")
      profile.simulator = SimulatorChoice(kind: kind, settings: SettingsNode(mapping: [:]))
      let meter = TargetMeter(SimulationRunner(cacheFolder: bench.folder, catalogue: catalogue))
      let reading = try await meter.read(model, flashBytes: 1000, on: profile, images: images).reading
      #expect(reading.note == note)
      #expect(reading.bases == [.modelled] && reading.method == "analytic")
      #expect(reading[.latency] == (try profile.estimate(model.graph, flashBytes: 1000))[.latency])
    }
  }

  @Test("floats have no form for either, which the note says")
  func floats() async throws {
    defer { bench.remove() }
    var (model, images) = try Self.material()
    model.graph.values = [:]
    for node in model.graph.nodes {
      for name in ["\(node.name).weight", "\(node.name).bias"] {
        model.graph.parameters[name]?.encoding = Dense()
      }
    }
    for target in ["ice40-hx8k", "zynq-7020", "ethos-u55-128"] where Self.isHere(target) {
      let reading = try await TargetMeter(bench.runner).read(
        model, flashBytes: 1000, on: try Bench.profile(target), images: images
      ).reading
      #expect(reading.note?.contains("quantize") == true, "\(reading.note ?? "")")
      #expect(reading.bases == [.modelled])
    }
  }

  private static let statistics = """
    === design hierarchy ===
       network_pixels                    1
         network                         1

       Number of wires:                530
       Number of cells:               1627
         SB_CARRY                      168
         SB_DFF                        292
         SB_LUT4                       934
         SB_RAM40_4K                     1

    """

  @Test("yosys' statistics are read, and nonsense is refused")
  func statistics() throws {
    #expect(
      try YosysReport.cells(Self.statistics) == [
        "SB_CARRY": 168, "SB_DFF": 292, "SB_LUT4": 934, "SB_RAM40_4K": 1,
      ])
    for nonsense in [
      "", "Number of cells:", Self.statistics.replacing("168", with: "-1").replacing("SB_CARRY", with: ""),
      Self.statistics.replacing("168", with: "99999999999999999999"),
    ] { #expect(throws: SimulationError.self) { try YosysReport.cells(nonsense) } }
  }

  @Test("nextpnr's and icetime's words are read, and nonsense is none")
  func placement() {
    let text = """
      Info: \t         ICESTORM_LC:  1143/ 7680    14%
      Info: Max frequency for clock 'clk$SB_IO_IN_$glb_clk': 121.85 MHz (FAIL at 200.00 MHz)
      Warning: Max frequency for clock 'clk$SB_IO_IN_$glb_clk': 107.49 MHz (FAIL at 200.00 MHz)
      """
    #expect(PlacementReport.logicCells(text) == 1143)
    #expect(PlacementReport.clockMHz(text) == 107.49)
    #expect(PlacementReport.icetimeMHz("Total path delay: 9.13 ns (109.49 MHz)") == 109.49)
    #expect(PlacementReport.clockMHz("Max frequency for clock 'c': 0.00 MHz") == nil)
    #expect(PlacementReport.clockMHz("Max frequency for clock 'c': 99999.0 MHz") == nil)
    #expect(PlacementReport.icetimeMHz("Total path delay: nan ns (inf MHz)") == nil)
    #expect(PlacementReport.logicCells("ICESTORM_LC: many/ 7680") == nil)
  }

  @Test("Vela's tables are read; other columns, unequal rows and words for numbers are refused")
  func tables() throws {
    let table = try VelaReport("a,b\n1,2.5\n3,x\n", "the table")
    #expect(try table.number("b", 0) == 2.5 && table.text("b", 1) == "x")
    #expect(throws: SimulationError.self) { try table.number("b", 1) }
    #expect(throws: SimulationError.self) { try table.number("c", 0) }
    for nonsense in ["", "a,b", "a,b\n1\n"] {
      #expect(throws: SimulationError.self) { try VelaReport(nonsense, "the table") }
    }
    #expect(throws: SimulationError.self) { try VelaReport("a\nnan\n", "the table").number("a", 0) }
    #expect(VelaReport.leftToProcessor("CPU operators = 1\n   CPU: Softmax = s")?.contains("Softmax") == true)
    #expect(VelaReport.leftToProcessor("CPU operators = 0\n   NPU: Conv2D = c") == nil)
  }
}
