public import Graphs
public import Settings
public import Targets
import Export

/// Xilinx' 7 series, synthesized by yosys for the amount of logic.
///
/// No open tool places it, so the clock is the profile's, which is assumed.
public struct XilinxFlow: DeviceFlow {
  /// The name in profiles: `xilinx`.
  public static let kind = "xilinx"

  var verilog = VerilogSettings(units: 64)
  /// The number of tables of six inputs.
  public var tables = Sourced(53_200, source: "none")
  /// The number of flip-flops.
  public var flipFlops = Sourced(106_400, source: "none")
  /// The number of DSP slices.
  public var slices = Sourced(220, source: "none")
  /// The number of block RAMs of 36 kbit.
  public var blockRAMs = Sourced(140, source: "none")
  /// The least ratio of the true latency to that at the assumed clock.
  public var latencyLow = Sourced(0.7, source: "assumed")
  /// The largest ratio of the true latency to that at the assumed clock.
  public var latencyHigh = Sourced(1.7, source: "assumed")

  /// Makes a flow with the default settings.
  public init() {}

  /// Settings: those of Verilog, `LUTs`, `flipFlops`, `DSPs`, `blockRAMs`, `latencyLow`, `latencyHigh`.
  public static var settings: [Setting<XilinxFlow>] {
    VerilogSettings.settings(\.verilog) + [
      .limit("LUTs", \.tables, "tables of six inputs that there are"),
      .limit("flipFlops", \.flipFlops, "flip-flops that there are"),
      .limit("DSPs", \.slices, "DSP slices that there are"),
      .limit("blockRAMs", \.blockRAMs, "block RAMs of 36 kbit that there are"),
      .factor(
        "latencyLow", \.latencyLow, in: 0.001...1, "the latency divided by that at the clock, at least"),
      .factor(
        "latencyHigh", \.latencyHigh, in: 1...1000, "the latency divided by that at the clock, at most"),
    ]
  }

  /// yosys; Verilator is used where it is installed.
  public var tools: [ExternalTool] { [.yosys] }

  /// The version of yosys.
  public func versions(_ bench: Workbench) async throws(SimulationError) -> [String] {
    [try await bench.tool(.yosys, ["-V"]).successfulOutput()]
  }

  /// The network in Verilog, with the images in its numbers.
  public func input(of model: Model, images: [[Float]]) throws(SimulationError) -> FlowInput {
    try verilog.input(of: model, images: images)
  }

  /// Synthesizes the network and runs its images in Verilator.
  public func run(_ input: FlowInput, _ bench: Workbench) async throws(SimulationError) -> FlowResult {
    guard let (artifact, _, _) = input.verilog else { throw .unsuitable("the network has no Verilog") }
    let cells = try await verilog.synthesized(
      artifact, command: "synth_xilinx -family xc7 -flatten -top \(artifact.topModule)", bench)
    // The primitives of RAM that are made of LUTs, and the number of LUTs of each.
    let memory = ["RAM32X1D", "RAM64X1D", "RAM128X1D", "RAM32M", "RAM64M", "RAM256X1D"]
    let sizes = [2, 2, 4, 4, 4, 8]
    let distributed = zip(memory, sizes).reduce(0) { $0 + (cells[$1.0] ?? 0) * $1.1 }
    let amounts = [
      FlowResult.Amount(
        name: "LUTs", title: "LUTs",
        value: cells.count((1...6).map { "LUT\($0)" } + ["SRL16E", "SRLC32E"]) + distributed,
        limit: Int(tables.value)),
      FlowResult.Amount(
        name: "flipFlops", title: "flip-flops", value: cells.count(["FDRE", "FDSE", "FDCE", "FDPE"]),
        limit: Int(flipFlops.value)),
      FlowResult.Amount(
        name: "DSPs", title: "DSP slices", value: cells["DSP48E1"] ?? 0, limit: Int(slices.value)),
      FlowResult.Amount(
        name: "blockRAMs", title: "block RAMs",
        value: (cells["RAMB36E1"] ?? 0) + ((cells["RAMB18E1"] ?? 0) + 1) / 2,
        limit: Int(blockRAMs.value)),
    ]
    let run = try await bench.verilated(input.verilog, seconds: verilog.seconds)
    var result = verilog.result(
      artifact, method: "yosys synth_xilinx, clock assumed", amounts: amounts, run: run)
    result.clockInterval = [latencyLow.value, latencyHigh.value]
    return result
  }
}
