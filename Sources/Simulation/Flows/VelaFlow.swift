import Export
import Foundation
public import Graphs
public import Settings
public import Targets

/// Arm's Ethos-U, modelled by Vela, the compiler of these neural processors (PyPI's `ethos-u-vela`): cycles, memories, layer by layer.
///
/// Vela calls its figures estimates; of the processor beside the NPU it counts nothing. Operators that it leaves to that processor are
/// named, and cost no cycles here.
public struct VelaFlow: DeviceFlow {
  public static let kind = "vela"

  public var accelerator = "ethos-u55-128"
  public var system = "Ethos_U55_High_End_Embedded"
  public var memory = "Shared_Sram"
  public var seconds = 300
  /// The latency divided by Vela's, at least and at most.
  public var latencyLow = Sourced(0.7, source: "assumed")
  public var latencyHigh = Sourced(2, source: "assumed")

  public init() {}

  public static var settings: [Setting<VelaFlow>] {
    [
      .word("accelerator", \.accelerator, "Vela's name of the NPU, such as ethos-u55-128"),
      .word("system", \.system, "Vela's name of clock and memories, of its configuration"),
      .word("memory", \.memory, "Vela's name of what lies in which memory"),
      Setting("seconds", \.seconds, in: 1...36_000, "seconds that Vela may take"),
      .factor("latencyLow", \.latencyLow, in: 0.001...1, "the latency divided by Vela's, at least"),
      .factor("latencyHigh", \.latencyHigh, in: 1...1000, "the latency divided by Vela's, at most"),
    ]
  }

  private static let vela = ExternalTool("vela", package: "ethos-u-vela==5.2.0", isFromPyPI: true)
  private static let name = "network"

  public var tools: [ExternalTool] { [Self.vela] }

  public func versions(_ bench: Workbench) async throws(SimulationError) -> [String] {
    [try await bench.version(of: Self.vela)]
  }

  public func input(of model: Model, images: [[Float]]) throws(SimulationError) -> FlowInput {
    guard !model.graph.values.isEmpty else {
      throw .unsuitable(
        "Ethos-U computes in bytes, and values of this network are real; quantize the whole network")
    }
    do {
      let artifact = try TFLiteExporter().checkedArtifact(of: model, ExportOptions(baseName: Self.name))
      return FlowInput(files: artifact.files)
    } catch {
      throw .unsuitable("\(error)")
    }
  }

  public func run(_ input: FlowInput, _ bench: Workbench) async throws(SimulationError) -> FlowResult {
    let version = try await bench.version(of: Self.vela)
    let text = try await bench.tool(
      Self.vela,
      [
        "\(Self.name).tflite", "--accelerator-config", accelerator, "--system-config", system,
        "--memory-mode", memory,
        "--output-dir", ".", "--verbose-performance", "--show-cpu-operations",
      ], limit: .seconds(seconds)
    ).successfulOutput()
    let summary = try VelaReport(
      String(decoding: try bench.read("\(Self.name)_summary_\(system).csv"), as: UTF8.self), "the summary")
    let layers = try VelaReport(
      String(decoding: try bench.read("\(Self.name)_per-layer.csv"), as: UTF8.self), "the table of layers")
    let cycles = try summary.number("cycles_total", 0)
    let clock = try summary.number("core_clock", 0) / 1e6
    guard (0.01...10_000).contains(clock) else { throw .report("Vela's clock is \(clock) MHz") }
    func bytes(_ columns: [String]) throws(SimulationError) -> Int {
      var sum = 0.0
      for column in columns { sum += try summary.number(column, 0) * 1024 }
      return Int(sum.rounded())
    }
    // Where a system keeps weights in DRAM, they were loaded from somewhere.
    let stored = try bytes(["on_chip_flash_memory_used", "off_chip_flash_memory_used"])
    let weights = Int(try summary.number("total_npu_encoded_weights", 0))
    var names: [String] = []
    var sums: [String: Double] = [:]
    for row in layers.rows.indices {
      let name = try layers.text("Name", row)
      if sums[name] == nil { names.append(name) }
      sums[name, default: 0] += try layers.number("Op Cycles", row)
    }
    return FlowResult(
      method: "Vela \(version)", isPlaced: false, cycles: [cycles, cycles, cycles],
      clocksMHz: [clock],
      amounts: [],
      flashBytes: stored > 0 ? stored : weights,
      ramBytes: try bytes(["sram_memory_used", "dram_memory_used"]),
      layers: names.map { .init(name: $0, cycles: sums[$0] ?? 0) }, imagesRun: nil, imagesUnequal: nil,
      note: VelaReport.leftToProcessor(text), outputs: [],
      clockInterval: [latencyLow.value, latencyHigh.value])
  }
}

/// A table that Vela wrote: names of columns, then rows.
struct VelaReport {
  private let columns: [String: Int]
  let rows: [[Substring]]
  private let what: String

  init(_ text: String, _ what: String) throws(SimulationError) {
    let lines = text.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    guard let head = lines.first, lines.count > 1, lines.allSatisfy({ $0.count == head.count }) else {
      throw .report("\(what) of Vela is no table of equal rows")
    }
    columns = Dictionary(
      head.enumerated().map { (String($0.element), $0.offset) }, uniquingKeysWith: { a, _ in a })
    rows = Array(lines.dropFirst())
    self.what = what
  }

  func text(_ column: String, _ row: Int) throws(SimulationError) -> String {
    guard let place = columns[column] else { throw .report("\(what) of Vela has no column \(column)") }
    return String(rows[row][place].prefix(200))
  }

  func number(_ column: String, _ row: Int) throws(SimulationError) -> Double {
    let text = try text(column, row)
    guard let number = Double(text), (0..<1e15).contains(number) else {
      throw .report("\(what) of Vela says \"\(text)\" of \(column)")
    }
    return number
  }

  /// The operators that the processor beside the NPU runs, with Vela's reasons; `nil` where there are none.
  static func leftToProcessor(_ text: String) -> String? {
    let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }
    let operators = lines.filter { $0.hasPrefix("CPU:") }.map { $0.dropFirst(4).drop { $0 == " " } }
    guard !operators.isEmpty else { return nil }
    let reasons =
      lines.filter { $0.hasPrefix("Warning:") && $0.contains("CPU") }
      + lines.filter { $0.hasPrefix("- ") }
    let all = operators.prefix(8) + reasons.prefix(8).map { "(\($0))" }
    return "left to the processor, whose cycles are not counted: "
      + all.joined(separator: ", ").filter { $0.isASCII && $0 >= " " }
  }
}

extension Setting where Owner == VelaFlow {
  /// A word of Vela's configuration.
  fileprivate static func word(
    _ name: String, _ path: WritableKeyPath<VelaFlow, String>, _ summary: String
  ) -> Setting {
    Setting(name, path, expected: "letters, digits, underscores and dashes", summary) {
      $0.wholeMatch(of: /[A-Za-z][A-Za-z0-9_-]{0,60}/) != nil
    }
  }
}
