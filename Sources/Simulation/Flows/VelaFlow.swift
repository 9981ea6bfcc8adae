import Export
import Foundation
public import Graphs
public import Settings
public import Targets

/// Arm's Ethos-U, modelled by Vela, the compiler of these neural processors (`ethos-u-vela` of PyPI).
///
/// Vela estimates cycles layer by layer, and memories. It counts no cycles of the processor beside the NPU:
/// operators that it leaves to that processor are named in a note and cost nothing here.
public struct VelaFlow: DeviceFlow {
  /// The name in profiles: `vela`.
  public static let kind = "vela"

  /// Vela's name of the NPU.
  public var accelerator = "ethos-u55-128"
  /// Vela's name of the system configuration: its clock and memories.
  public var system = "Ethos_U55_High_End_Embedded"
  /// Vela's name of the memory mode: the memory of each kind of data.
  public var memory = "Shared_Sram"
  /// The time limit of Vela in seconds.
  public var seconds = 300
  /// The least ratio of the true latency to Vela's.
  public var latencyLow = Sourced(0.7, source: "assumed")
  /// The largest ratio of the true latency to Vela's.
  public var latencyHigh = Sourced(2, source: "assumed")

  /// Makes a flow with the default settings.
  public init() {}

  /// Settings: `accelerator`, `system`, `memory`, `seconds`, `latencyLow`, `latencyHigh`.
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

  /// Vela alone.
  public var tools: [ExternalTool] { [Self.vela] }

  /// The version of Vela.
  public func versions(_ bench: Workbench) async throws(SimulationError) -> [String] {
    [try await bench.version(of: Self.vela)]
  }

  /// The network as a TensorFlow Lite model; refuses networks whose values are floats.
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

  /// Runs Vela and reads its tables of the network and its layers.
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
    // Systems that keep weights in DRAM report no flash; the size of the encoded weights takes its place.
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

/// A table that Vela wrote: a row of column names, then rows of values.
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

  /// The operators that run on the processor beside the NPU, with Vela's reasons; `nil` where there are none.
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
  /// The setting for a name of Vela's configuration.
  fileprivate static func word(
    _ name: String, _ path: WritableKeyPath<VelaFlow, String>, _ summary: String
  ) -> Setting {
    Setting(name, path, expected: "letters, digits, underscores and dashes", summary) {
      $0.wholeMatch(of: /[A-Za-z][A-Za-z0-9_-]{0,60}/) != nil
    }
  }
}
