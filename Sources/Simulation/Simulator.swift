public import Export
public import Settings
public import Targets

/// Runs exported C as a target would, without the target.
///
/// One more simulator is one file and one line in `SimulatorCatalogue`. Its settings are those of a profile's `simulator:`
/// mapping.
public protocol Simulator: Configurable, Sendable {
  /// The name in profiles; never renamed.
  static var kind: String { get }
  /// How its latencies come about: `cycle-exact-sim`, `insn-count-x-CPI`.
  static var method: String { get }
  /// The programs and packages that it needs.
  var tools: [ExternalTool] { get }
  /// What it is off by, and the stack that interrupts are left.
  var limits: SimulatorLimits { get }
  /// Cycles of the chip by a cycle of the simulation, each factor with its source.
  var factors: [Sourced] { get }
  /// Everything beside program, settings and images that decides a result: versions of tools.
  func versions(_ bench: Workbench) async throws(SimulationError) -> [String]
  /// Compiles and links a program within the memory of a target.
  func build(
    _ program: CProgram, within memory: MemoryLimits, _ bench: Workbench
  ) async throws(SimulationError) -> LinkedProgram
  /// Runs a firmware on images, one after another.
  func run(_ firmware: Firmware, on images: ImageBytes, _ bench: Workbench) async throws(SimulationError)
    -> SimulatedRun
}

extension Simulator {
  /// The name, reachable from an existential.
  var kind: String { Self.kind }
  /// How latencies come about, reachable from an existential.
  var method: String { Self.method }
  /// The product of all factors.
  var factor: Double { factors.reduce(1) { $0 * $1.value } }

  /// The settings as sorted JSON.
  var canonicalSettings: String { node.canonicalJSON }
}

/// What a simulator is off by.
public struct SimulatorLimits: Sendable, Equatable {
  /// The latency divided by the estimate, at least and at most.
  public var latency: ClosedRange<Double>
  /// The share by which two programs on one target must differ to be told apart.
  public var relativeError: Double
  /// Bytes of stack beyond those seen, for interrupts.
  public var interruptMarginBytes: Int
}
