public import Graphs
public import Settings
public import Targets
import Export
import Foundation

/// Lattice's iCE40, placed and routed by open tools: yosys, nextpnr-ice40, and icetime for a second estimate
/// of the clock.
///
/// **Clock**: the lower of the static timing estimates of nextpnr and icetime; the latency's interval spans
/// both.
public struct IceFlow: DeviceFlow {
  /// The name in profiles: `ice40`.
  public static let kind = "ice40"

  /// The supported chips.
  public enum Device: String, Sendable, SettingChoice {
    /// The HX8K, with 7,680 logic cells, and the UP5K, with 5,280.
    case hx8k, up5k
  }

  /// The chip.
  public var device = Device.hx8k
  /// The chip's package, in nextpnr's spelling.
  public var package = "ct256"
  var verilog = VerilogSettings()
  /// The number of logic cells of the chip.
  public var logicCells = Sourced(7680, source: "none")
  /// The number of block RAMs of 4 kbit.
  public var blockRAMs = Sourced(32, source: "none")
  /// The number of multipliers.
  public var multipliers = Sourced(0, source: "none")

  /// Makes a flow with the default settings.
  public init() {}

  /// Settings: `device`, `package`, those of Verilog, `logicCells`, `blockRAMs`, `multipliers`.
  public static var settings: [Setting<IceFlow>] {
    [
      Setting("device", \.device, "the chip"),
      Setting("package", \.package, expected: "a package's name", "the chip's package") {
        $0.wholeMatch(of: /[a-z0-9]+(:[a-z0-9]+)?/) != nil
      },
    ] + VerilogSettings.settings(\.verilog) + [
      .limit("logicCells", \.logicCells, "logic cells that there are"),
      .limit("blockRAMs", \.blockRAMs, "block RAMs that there are"),
      .limit("multipliers", \.multipliers, "multipliers that there are"),
    ]
  }

  /// yosys, nextpnr-ice40 and icetime; Verilator is used where it is installed.
  public var tools: [ExternalTool] { [.yosys, .placer, .timer] }

  /// The versions of yosys and nextpnr.
  public func versions(_ bench: Workbench) async throws(SimulationError) -> [String] {
    [
      try await bench.tool(.yosys, ["-V"]).successfulOutput(),
      try await bench.tool(.placer, ["--version"]).successfulOutput(),
    ]
  }

  /// The network in Verilog, with the images in its numbers.
  public func input(of model: Model, images: [[Float]]) throws(SimulationError) -> FlowInput {
    try verilog.input(of: model, images: images)
  }

  /// Synthesizes, places and routes the network, and runs its images in Verilator.
  public func run(_ input: FlowInput, _ bench: Workbench) async throws(SimulationError) -> FlowResult {
    guard let (artifact, _, _) = input.verilog else { throw .unsuitable("the network has no Verilog") }
    let multiplies = multipliers.value > 0 ? " -dsp" : ""
    let cells = try await verilog.synthesized(
      artifact, command: "synth_ice40 -top \(artifact.topModule)\(multiplies) -json net.json", bench)
    let run = try await bench.verilated(input.verilog, seconds: verilog.seconds)
    var amounts = [
      // A cell has a table of four inputs, a carry and a flip-flop, so the largest of the three counts is the
      // least number of cells.
      FlowResult.Amount(
        name: "logicCells", title: "logic cells",
        value: max(
          cells["SB_LUT4"] ?? 0, cells.filter { $0.key.hasPrefix("SB_DFF") }.values.reduce(0, +),
          cells["SB_CARRY"] ?? 0),
        limit: Int(logicCells.value)),
      FlowResult.Amount(
        name: "blockRAMs", title: "block RAMs",
        value: cells.filter { $0.key.hasPrefix("SB_RAM40") }.values.reduce(0, +),
        limit: Int(blockRAMs.value)),
      FlowResult.Amount(
        name: "multipliers", title: "multipliers", value: cells["SB_MAC16"] ?? 0,
        limit: Int(multipliers.value)),
    ]
    var result = verilog.result(artifact, method: "yosys", amounts: amounts, run: run)
    guard amounts.allSatisfy({ $0.overflow == nil }) else { return result }
    let placed = try await bench.tool(
      .placer,
      [
        "--\(device.rawValue)", "--package", package, "--json", "net.json", "--asc", "net.asc", "--seed", "1",
        "--freq",
        "200", "--timing-allow-fail",
      ], limit: .seconds(verilog.seconds)
    ).output()
    guard let used = PlacementReport.logicCells(placed.text) else {
      throw .report(
        placed.isSuccess ? "nextpnr told no number of logic cells" : PlacementReport.error(placed.text))
    }
    amounts[0].value = used
    result.amounts = amounts
    guard amounts[0].overflow == nil else { return result }
    guard placed.isSuccess, let clock = PlacementReport.clockMHz(placed.text) else {
      throw .report(placed.isSuccess ? "nextpnr told no clock" : PlacementReport.error(placed.text))
    }
    let timed = try await bench.tool(
      .timer, ["-d", device.rawValue, "-P", package, "-t", "net.asc"], limit: .seconds(verilog.seconds)
    ).successfulOutput()
    guard let second = PlacementReport.icetimeMHz(timed) else { throw .report("icetime told no clock") }
    result.isPlaced = true
    result.method = "yosys, nextpnr-ice40, icetime"
    result.clocksMHz = [clock, second]
    return result
  }
}

/// Parsers for the output of nextpnr and icetime.
enum PlacementReport {
  /// The range of plausible clocks in MHz.
  private static let clocks = 0.01...2000.0

  /// The logic cells, from `Info: ICESTORM_LC:  1203/ 7680    15%`.
  static func logicCells(_ text: String) -> Int? {
    text.firstMatch(of: /ICESTORM_LC:\s*([0-9]{1,9})\s*\//).flatMap { Int($0.1) }
  }

  /// The clock in MHz after routing, from the last `Max frequency for clock 'clk': 93.14 MHz`.
  static func clockMHz(_ text: String) -> Double? {
    text.matches(of: /Max frequency for clock\s+'[^']*':\s*([0-9.]{1,12}) MHz/).last
      .flatMap { Double($0.1) }.flatMap { clocks.contains($0) ? $0 : nil }
  }

  /// The clock in MHz, from `Total path delay: 10.69 ns (93.53 MHz)`.
  static func icetimeMHz(_ text: String) -> Double? {
    text.firstMatch(of: /Total path delay:\s*[0-9.]+ ns \(([0-9.]{1,12}) MHz\)/)
      .flatMap { Double($0.1) }.flatMap { clocks.contains($0) ? $0 : nil }
  }

  /// The first error, in one line.
  static func error(_ text: String) -> String {
    let line = text.split(separator: "\n").first { $0.hasPrefix("ERROR") } ?? text.split(separator: "\n").last
    return "nextpnr-ice40: "
      + String((line ?? "ended without a word").prefix(300).filter { $0.isASCII && $0 >= " " })
  }
}
