import Encodings
import Execution
import Export
import Foundation
import Graphs
import Ops
import Readings
import Settings
import Tensors
import TestSupport
import Testing

@testable import Simulation

@Suite(
  "Networks without multiplication on AVR",
  .enabled(if: Bench.mayAsk("uno"), "gcc-avr or simavr is missing: make simulators"), .serialized)
struct MultiplierFreeTests {
  let bench = Bench()

  /// The kind of weights.
  enum Numbers: CaseIterable {
    case bytes, signs, bits, powers, twoTerms

    /// The graph of bytes with such weights.
    func graph(_ bytes: Graph) -> Graph {
      switch self {
      case .bytes: bytes
      case .signs: bytes.onPowersOfTwo(nil)
      case .bits: bytes.onPowersOfTwo(nil).withBitsBetweenLayers()
      case .powers: bytes.onPowersOfTwo(LevelSet(termBits: 4))
      case .twoTerms: bytes.onPowersOfTwo(LevelSet(termBits: 3, terms: 2))
      }
    }
  }

  /// A network with layers of odd and even widths, one of them too wide for 16-bit sums, and images for it.
  private static func material(
    _ numbers: Numbers, isConvolutional: Bool
  ) throws -> (model: Model, images: [[Float]]) {
    let shape: Shape = isConvolutional ? [3, 7, 7] : [331]
    var graph = Graph(inputs: [GraphInput(name: "image", shape: shape)])
    if isConvolutional {
      try graph.append(Conv2D(filters: 5, kernel: 3, padding: 1), name: "first", inputs: ["image"])
      try graph.append(ReLU(), name: "relu", inputs: ["first"])
      try graph.append(Conv2D(filters: 4, kernel: 1), name: "second", inputs: ["relu"])
      try graph.append(Flatten(), name: "flat", inputs: ["second"])
      try graph.append(Linear(features: 5), name: "logits", inputs: ["flat"])
    } else {
      try graph.append(Linear(features: 9), name: "first", inputs: ["image"])
      try graph.append(ReLU(), name: "relu", inputs: ["first"])
      try graph.append(Linear(features: 5), name: "logits", inputs: ["relu"])
    }
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 3)
    let count = 6
    let pixels = Tensor(random: Shape([count] + shape.dimensions), in: -1...1, seed: 5, "images").values
    let bytes = try graph.quantized(calibratedOn: pixels, batch: count)
    let model = Model(
      graph: numbers.graph(bytes), classes: ["a", "b", "c", "d", "e"],
      input: InputDescription(
        shape: shape, mean: Array(repeating: 0, count: shape[0]),
        deviation: Array(repeating: 1, count: shape[0])),
      split: SettingsNode(.null), provenance: SettingsNode(.null))
    return (model, (0..<count).map { Array(pixels[$0 * shape.count..<($0 + 1) * shape.count]) })
  }

  @Test(
    "outputs are the reference's, bit for bit",
    arguments: Numbers.allCases, [false, true])
  func outputs(numbers: Numbers, isConvolutional: Bool) async throws {
    defer { bench.remove() }
    let (model, images) = try Self.material(numbers, isConvolutional: isConvolutional)
    let reading = try await TargetMeter(bench.runner).read(
      model, flashBytes: 0, on: try Bench.profile("uno"), images: images
    ).reading
    #expect(reading.bases == [.simulated], "\(reading.note ?? reading.reason ?? "")")
    #expect(reading.imagesSimulated == 6 && reading.imagesUnequal == 0)
  }

  @Test(
    "so they are on a Cortex-M4, with its dual instructions",
    .enabled(if: Bench.mayAsk("cortex-m4"), "a simulator is missing: make simulators"),
    arguments: Numbers.allCases)
  func dual(numbers: Numbers) async throws {
    defer { bench.remove() }
    for isConvolutional in [false, true] {
      let (model, images) = try Self.material(numbers, isConvolutional: isConvolutional)
      let reading = try await TargetMeter(bench.runner).read(
        model, flashBytes: 0, on: try Bench.profile("cortex-m4"), images: images
      ).reading
      #expect(reading.imagesSimulated == 6 && reading.imagesUnequal == 0)
    }
  }

  @Test("no function that a linear layer calls multiplies; with bytes for weights they do")
  func disassembly() async throws {
    defer { bench.remove() }
    for numbers in [Numbers.signs, .bits, .powers, .twoTerms] {
      let model = try Self.material(numbers, isConvolutional: false).model
      #expect(try await multiplications(model) == [], "\(numbers)")
    }
    let bytes = try Self.material(.bytes, isConvolutional: false).model
    #expect(try await !multiplications(bytes).isEmpty)
  }

  /// The multiplications in the functions of a network's steps and in all functions that these call.
  private func multiplications(_ model: Model) async throws -> [String] {
    let folder = bench.folder + "/disassembly"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let workbench = Workbench(folder: folder, toolFolder: folder, timeLimit: Workbench.buildLimit)
    let profile = try Bench.profile("uno")
    let program = try CExporter().artifact(of: model, ExportOptions(target: profile)).program
    let simulator = try #require(try SimulatorCatalogue.standard.simulator(of: profile))
    let linked = try await simulator.build(
      program, within: MemoryLimits(flashBytes: nil, ramBytes: nil), workbench)
    guard case .firmware(let firmware) = linked else {
      Issue.record("does not fit")
      return []
    }
    let listing = try await workbench.tool(
      ExternalTool("avr-objdump", package: "binutils-avr"), ["-d", firmware.file]
    ).successfulOutput()
    let instructions = Disassembly(listing).instructions
    let starts = Set(firmware.symbols.filter { !$0.key.hasPrefix(".") }.map(\.value)).sorted()
    var pending = try firmware.stepAddresses.map { try #require($0) }
    var seen: Set<UInt64> = []
    var found: [String] = []
    while let start = pending.popLast() {
      guard seen.insert(start).inserted else { continue }
      let end = starts.first { $0 > start } ?? UInt64.max
      for instruction in instructions where instruction.address >= start && instruction.address < end {
        if instruction.mnemonic.contains("mul") { found.append("\(start): \(instruction.mnemonic)") }
        guard ["call", "rcall", "jmp", "rjmp"].contains(instruction.mnemonic),
          let target = Self.target(instruction), starts.contains(target)
        else { continue }
        pending.append(target)
      }
    }
    #expect(seen.count > firmware.stepAddresses.count)
    return found
  }

  /// The target address of `call 0x1a2` or `rcall .+20 ; 0x1a2`; the listing keeps that comment with the
  /// operands.
  private static func target(_ instruction: Disassembly.Instruction) -> UInt64? {
    if let absolute = instruction.operands.firstMatch(of: /0x([0-9a-f]+)/) {
      return UInt64(absolute.output.1, radix: 16)
    }
    guard let relative = instruction.operands.firstMatch(of: /\.([+-]\d+)/),
      let offset = Int64(relative.output.1)
    else { return nil }
    return UInt64(Int64(instruction.address) + 2 + offset)
  }
}

extension Graph {
  /// The network with one bit for the values between layers: zero, or 64 of their former steps.
  fileprivate func withBitsBetweenLayers() -> Graph {
    var graph = self
    let edges = Set(inputs.map(\.name) + outputs)
    for (name, encoding) in values where !edges.contains(name) {
      guard let grid = encoding as? IntegerValue else { continue }
      graph.values[name] = IntegerValue(bits: 1, scale: grid.scale * 64, zeroPoint: -1)
    }
    for node in nodes where values[node.inputs[0]] != nil && !edges.contains(node.inputs[0]) {
      guard let grid = self[.bias, of: node.name]?.encoding as? Integer else { continue }
      graph[.bias, of: node.name]?.encoding = Integer(bits: 32, scales: grid.scales.map { $0 * 64 })
    }
    return graph
  }
}
