public import Readings
public import Settings

/// A hardware target described by a YAML file: its memory, its clock and the costs of operations, each with a
/// source.
///
///     let board = try TargetProfile.named("cortex-m4", searching: ["Recipes/targets"])
///     let estimate = try board.estimate(student, flashBytes: 81_000)
///
/// **Latency**
/// `Σ_layers (cycles per multiply-add · multiply-adds + cycles per element · output elements) / clock`.
///
/// **Energy** nanojoules per cycle, or watts, times that, and picojoules per multiply-add and per byte where
/// a profile has them. The power of a processor hardly depends on the computation, so on one target energy
/// ranks networks as latency does.
///
/// **A day** `86,400 · (f · E + P_sleep · (1 − f · t))` joules at f images per second, where f · t is at most
/// 1.
public struct TargetProfile: Configurable, Sendable {
  /// The largest constant of any profile.
  static let largestConstant = 1e12
  /// The slowest clock in MHz; with slower ones latencies would not be finite.
  static let slowestClock = 1e-6

  /// The name in commands, which is that of the file.
  public internal(set) var name = ""
  /// The hardware in one line, for lists.
  public var title = ""
  /// The basis of latencies; `measured` ones are given to the estimate.
  public var basis = Reading.Basis.modelled
  /// The clock in MHz: cycles in a microsecond.
  public var clockMHz = Sourced(1, source: "none")
  /// The flash in bytes, shared by weights and code; `nil` where it is no limit.
  public var flashBytes: Sourced?
  /// The RAM in bytes, shared by values and the program's data; `nil` where it is no limit.
  public var ramBytes: Sourced?
  /// The bytes of flash that the program takes besides weights.
  public var codeBytes = Sourced(0, source: "none")
  /// The bytes of RAM that stack, buffers and the runtime take besides values.
  public var runtimeBytes = Sourced(0, source: "none")
  /// True if weights lie in RAM while the network runs.
  public var weightsInRAM = false
  /// True if kernels skip weights that are zero.
  public var skipsZeros = false
  /// The costs of multiply-adds; empty where latencies are measured.
  public var operations: [OperationCost] = []
  /// The costs of output elements.
  public var elements: [ElementCost] = []
  /// The energy of a clock cycle in nJ.
  public var nanojoulesPerCycle: Sourced?
  /// The power while the network runs, in place of the energy per cycle.
  public var watts: Sourced?
  /// The energy in pJ of moving a byte of a value or weight once.
  public var picojoulesPerByte: Sourced?
  /// The least ratio of the true latency to the estimate.
  public var latencyLow = Sourced(1, source: "none")
  /// The largest ratio of the true latency to the estimate.
  public var latencyHigh = Sourced(1, source: "none")
  /// The factor by which the true energy may be lower or higher.
  public var energyFactor = Sourced(1, source: "none")
  /// The power in mW while nothing runs; `nil` where it is unknown.
  public var sleepMilliwatts: Sourced?
  /// Images per second, for the energy of a day; `nil` for none.
  public var framesPerSecond: Sourced?
  /// The relative difference below which two networks' latencies are indistinguishable.
  ///
  /// It is smaller than the interval of one latency, as errors that both share cancel.
  public var relativeError = Sourced(0.2, source: "assumed")
  /// The simulator of exported programs; `nil` for estimates alone.
  public var simulator: SimulatorChoice?

  /// Makes an empty profile.
  public init() {}

  /// Settings: `title`, `basis`, `clockMHz`, the sizes of memories, the costs, their intervals, and
  /// `simulator`.
  public static var settings: [Setting<TargetProfile>] {
    [
      Setting("title", \.title, required: true, "what hardware it is"),
      Setting("basis", \.basis, "how latencies come about"),
      .constant("clockMHz", \.clockMHz, required: true, "clock in megahertz"),
      .limit("flashBytes", \.flashBytes, "storage that weights and code share, or null"),
      .limit("ramBytes", \.ramBytes, "memory that values and the program share, or null"),
      .constant("codeBytes", \.codeBytes, "flash of the program beside weights"),
      .constant("runtimeBytes", \.runtimeBytes, "RAM of the program beside values"),
      Setting("weightsInRAM", \.weightsInRAM, "whether weights lie in RAM while the network runs"),
      Setting("skipsZeros", \.skipsZeros, "whether kernels skip weights that are zero"),
      Setting("operations", \.operations, "costs of multiply-adds by layer and bits"),
      Setting("elements", \.elements, "costs of output elements by bits"),
      .limit("nanojoulesPerCycle", \.nanojoulesPerCycle, "energy of a clock cycle"),
      .limit("watts", \.watts, "power while the network runs, instead of energy a cycle"),
      .limit("picojoulesPerByte", \.picojoulesPerByte, "energy of moving a byte"),
      .constant("latencyLow", \.latencyLow, "the latency divided by the estimate, at least"),
      .constant("latencyHigh", \.latencyHigh, "the latency divided by the estimate, at most"),
      .constant("energyFactor", \.energyFactor, "the factor by which the energy may be lower or higher"),
      .limit("sleepMilliwatts", \.sleepMilliwatts, "power while nothing runs, in milliwatts"),
      .limit("framesPerSecond", \.framesPerSecond, "images a second, for the energy of a day"),
      .constant(
        "relativeError", \.relativeError, "the share by which estimates must differ to be told apart"),
      Setting("simulator", \.simulator, "what runs exported programs as this target would"),
    ]
  }
}

extension Setting where Owner == TargetProfile {
  private static var expected: String {
    "\(Sourced.expectation), the number in 0...\(TargetProfile.largestConstant)"
  }

  fileprivate static func constant(
    _ name: String, _ path: WritableKeyPath<Owner, Sourced>, required: Bool = false, _ summary: String
  ) -> Setting {
    Setting(name, path, required: required, expected: expected, summary) {
      $0.value >= 0 && $0.value <= TargetProfile.largestConstant
    }
  }

  fileprivate static func limit(
    _ name: String, _ path: WritableKeyPath<Owner, Sourced?>, _ summary: String
  ) -> Setting {
    Setting(name, path, expected: expected + ", or null", summary) { constant in
      constant.map { $0.value >= 0 && $0.value <= TargetProfile.largestConstant } ?? true
    }
  }
}
