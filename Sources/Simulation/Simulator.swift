public import Export
public import Settings
public import Targets

/// A simulator that runs exported C as a target would.
///
/// One more simulator is one file and one line in `SimulatorCatalogue`. Its settings are those of a profile's
/// `simulator:` mapping.
public protocol Simulator: Configurable, Sendable {
  /// The name in profiles; never renamed.
  static var kind: String { get }
  /// The method of its latencies in readings: `cycle-exact-sim` or `insn-count-x-CPI`.
  static var method: String { get }
  /// The programs and packages that it needs.
  var tools: [ExternalTool] { get }
  /// The error of its latencies, and the stack kept for interrupts.
  var limits: SimulatorLimits { get }
  /// The factors from simulated cycles to cycles of the chip, each with its source; they are multiplied.
  var factors: [Sourced] { get }
  /// The versions of tools: everything that decides a result besides program, settings and images.
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
  /// The name, for an existential value.
  var kind: String { Self.kind }
  /// The method of its latencies, for an existential value.
  var method: String { Self.method }
  /// The product of all factors.
  var factor: Double { factors.reduce(1) { $0 * $1.value } }

  /// The settings as sorted JSON.
  var canonicalSettings: String { node.canonicalJSON }
}

/// The errors of a simulator, and the stack that it keeps for interrupts.
public struct SimulatorLimits: Sendable, Equatable {
  /// The least and the largest ratio of the true latency to the estimate.
  public var latency: ClosedRange<Double>
  /// The relative difference below which the latencies of two programs on one target are indistinguishable.
  public var relativeError: Double
  /// Bytes of stack kept for interrupts, beyond the stack that was seen.
  public var interruptMarginBytes: Int
}
