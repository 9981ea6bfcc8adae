public import Readings
public import Settings

/// A piece of hardware as a YAML file describes it: its memory, its clock, and what operations cost, each with its source.
///
///     let board = try TargetProfile.named("cortex-m4", searching: ["Recipes/targets"])
///     let estimate = try board.estimate(student, flashBytes: 81_000)
///
/// **Latency**: `Σ_layers (cycles a multiply-add · multiply-adds + cycles an element · output elements) / clock`.
/// **Energy**: nanojoules a cycle, or watts, times that, and picojoules a multiply-add and a byte where a profile has them.
/// Power hardly depends on what a processor computes, so on one target energy ranks as latency does.
/// **A day**: `86,400 · (f · E + P_sleep · (1 − f · t))` joules at f images a second, where f · t is at most 1.
public struct TargetProfile: Configurable, Sendable {
  /// No constant of a profile is larger.
  static let largestConstant = 1e12
  /// The slowest clock in megahertz: below it latencies are no finite numbers any more.
  static let slowestClock = 1e-6

  /// The name in commands: that of the file.
  public internal(set) var name = ""
  /// One line for lists.
  public var title = ""
  /// How latencies come about; a `measured` profile is given them.
  public var basis = Reading.Basis.modelled
  /// Cycles in a microsecond.
  public var clockMHz = Sourced(1, source: "none")
  /// What weights and code share; `nil` where the storage is no limit.
  public var flashBytes: Sourced?
  /// What values and the program's data share; `nil` where the memory is no limit.
  public var ramBytes: Sourced?
  /// What the program takes of the flash beside weights.
  public var codeBytes = Sourced(0, source: "none")
  /// What stack, buffers and the run time take of the RAM beside values.
  public var runtimeBytes = Sourced(0, source: "none")
  /// Whether weights lie in RAM while the network runs.
  public var weightsInRAM = false
  /// Whether kernels skip weights that are zero.
  public var skipsZeros = false
  /// Costs of multiply-adds; empty where latencies are measured.
  public var operations: [OperationCost] = []
  /// Costs of output elements.
  public var elements: [ElementCost] = []
  /// Energy of a clock cycle.
  public var nanojoulesPerCycle: Sourced?
  /// Power while the network runs, instead of energy a cycle.
  public var watts: Sourced?
  /// Energy of moving a byte of a value or weight once.
  public var picojoulesPerByte: Sourced?
  /// The latency divided by the estimate, at least.
  public var latencyLow = Sourced(1, source: "none")
  /// The latency divided by the estimate, at most.
  public var latencyHigh = Sourced(1, source: "none")
  /// The factor by which the energy may be lower or higher.
  public var energyFactor = Sourced(1, source: "none")
  /// Power while nothing runs; `nil` where it is not known.
  public var sleepMilliwatts: Sourced?
  /// Images a second, for the energy of a day; `nil` for none.
  public var framesPerSecond: Sourced?
  /// The share by which two networks' estimates must differ to be told apart: what both share drops out.
  public var relativeError = Sourced(0.2, source: "assumed")
  /// What runs exported programs as this target would; `nil` for estimates alone.
  public var simulator: SimulatorChoice?

  public init() {}

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
