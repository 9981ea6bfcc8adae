import Execution
import Export
import Foundation
import Graphs
import Settings

/// The settings and steps that flows by Verilog share: the export, yosys and Verilator.
struct VerilogSettings: Sendable {
  var form = VerilogForm.folded
  var units = 16
  var levels = 1
  /// The time limit of each tool in seconds.
  var seconds = 600

  /// The settings `form`, `units`, `levels` and `seconds` of a flow that writes Verilog.
  static func settings<Owner>(_ path: WritableKeyPath<Owner, VerilogSettings>) -> [Setting<Owner>] {
    [
      Setting("form", path.appending(path: \.form), "how the network is laid out"),
      Setting(
        "units", path.appending(path: \.units), in: 1...1024, "multiply-adds at a time, of the folded form"),
      Setting(
        "levels", path.appending(path: \.levels), in: 1...16,
        "additions between registers, of the parallel form"),
      Setting("seconds", path.appending(path: \.seconds), in: 1...36_000, "seconds that each tool may take"),
    ]
  }

  /// The name of the exported network.
  private static let name = "network"

  /// The network in Verilog, with images in its numbers and the expected outputs.
  ///
  /// The images must have been made for the model's input.
  func input(of model: Model, images: [[Float]]) throws(SimulationError) -> FlowInput {
    let artifact: VerilogArtifact
    do {
      artifact = try VerilogExporter(form: form, units: units, levels: levels)
        .checkedArtifact(of: model, ExportOptions(baseName: Self.name))
    } catch {
      throw .unsuitable("\(error)")
    }
    let program = artifact.integers
    let numbers = images.map { image in image.map { program.values[program.inputs[0]].integer($0) as Int8 } }
    let expected = numbers.flatMap { program.values(of: [$0])[program.outputs[0]] }
    return FlowInput(files: artifact.sources, verilog: (artifact, numbers, expected))
  }

  /// Synthesizes the network with yosys; returns the number of cells by kind.
  func synthesized(
    _ artifact: VerilogArtifact, command: String, _ bench: Workbench
  ) async throws(SimulationError) -> [String: Int] {
    let script = "read_verilog \(artifact.name).v; \(command); tee -o stat.txt stat"
    _ = try await bench.tool(.yosys, ["-q", "-p", script], limit: .seconds(seconds)).successfulOutput()
    return try YosysReport.cells(String(decoding: try bench.read("stat.txt"), as: UTF8.self))
  }

  /// The result before placement: cycles of Verilator, or the exporter's where nothing was run.
  func result(
    _ artifact: VerilogArtifact, method: String, amounts: [FlowResult.Amount],
    run: (cycles: [Double], unequal: Int, outputs: [[Float]])?
  ) -> FlowResult {
    let cycles = run?.cycles ?? [Double(artifact.cycles)]
    return FlowResult(
      method: method, isPlaced: false,
      cycles: [
        cycles.min() ?? 0, cycles.reduce(0, +) / Double(max(1, cycles.count)), cycles.max() ?? 0,
      ], clocksMHz: [], amounts: amounts, flashBytes: (artifact.constantBits + 7) / 8,
      ramBytes: artifact.valueBytes,
      layers: artifact.passes.map { .init(name: $0.node, cycles: Double($0.cycles)) },
      imagesRun: run.map { $0.cycles.count }, imagesUnequal: run?.unequal,
      note: run == nil
        ? "outputs were not compared, as verilator is missing; apt-get install verilator" : nil,
      outputs: run?.outputs ?? [], clockInterval: [1, 1])
  }
}

/// A parser for yosys' command `stat`.
enum YosysReport {
  /// The number of cells by kind, of the last module listed, which is the whole design.
  static func cells(_ text: String) throws(SimulationError) -> [String: Int] {
    guard let start = text.range(of: "Number of cells:", options: .backwards) else {
      throw .report("yosys told no number of cells")
    }
    var cells: [String: Int] = [:]
    for line in text[start.upperBound...].split(separator: "\n").dropFirst() {
      let words = line.split(separator: " ")
      guard words.count == 2, let count = Int(words[1]), (0...1_000_000_000).contains(count) else { break }
      cells[String(words[0]).replacing("\\", with: ""), default: 0] += count
    }
    guard !cells.isEmpty else { throw .report("yosys told of no cells") }
    return cells
  }
}

extension [String: Int] {
  /// The sum over some kinds.
  func count(_ kinds: [String]) -> Int { kinds.reduce(0) { $0 + (self[$1] ?? 0) } }
}
