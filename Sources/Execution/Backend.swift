import Foundation
public import Graphs
public import Settings

/// Something that turns a graph into prepared passes: the reference kernels, oneDNN, a GPU later.
public protocol Backend: Sendable {
  /// `reference`, `onednn`.
  var name: String { get }
  /// Whether this machine computes in a precision at full speed.
  func supports(_ precision: Precision) -> Bool
  /// The instruction set that kernels use, as recorded with a model: `avx512_core_bf16`.
  var instructionSet: String { get }
  /// Channels that convolutions compute together: what a count of channels is rounded up to within kernels.
  var channelBlock: Int { get }
  /// Fixes kernels, memory, arguments and order once, for one batch size, mode and precision.
  ///
  /// Plans made with `sharing:` another plan of the same graph read and train the same weights. The graph's
  /// parameters are the start; a shared plan takes the other's present weights instead.
  func compile(_ graph: Graph, _ options: PlanOptions, sharing: (any Plan)?) throws(ExecutionError)
    -> any Plan
}

extension Backend {
  public var channelBlock: Int { 1 }

  /// Compiles a plan with weights of its own.
  public func compile(_ graph: Graph, _ options: PlanOptions) throws(ExecutionError) -> any Plan {
    try compile(graph, options, sharing: nil)
  }
}

/// The arithmetic of activations and of weights as kernels see them; masters and sums stay 32-bit.
public enum Precision: String, Sendable, SettingChoice {
  case f32, bf16
}

/// What a plan is compiled for.
public struct PlanOptions: Sendable, Equatable {
  /// Images a pass.
  public var batch: Int
  /// Training plans have a backward pass; inference plans fold batch norms and fuse.
  public var mode: ExecutionMode
  /// The arithmetic of the kernels.
  public var precision: Precision
  /// Compute threads; part of the result, since the order of float sums depends on it.
  public var threads: Int
  /// Values to be read besides the outputs, which can always be read.
  public var taps: [String]
  /// Values that take a gradient besides the outputs, which always take one in training.
  public var seeds: [String]
  /// Backward passes whose gradients are summed, in order, into one update.
  public var microBatches: Int
  /// Trainable parameters that updates leave as they are, by name.
  public var frozen: Set<String>
  /// The most bytes that the values of a batch may take; the machine's memory unless set.
  public var memoryBytes = PlanOptions.machineMemoryBytes

  /// Makes options.
  public init(
    batch: Int, mode: ExecutionMode, precision: Precision = .f32, threads: Int = 1, taps: [String] = [],
    seeds: [String] = [], microBatches: Int = 1, frozen: Set<String> = []
  ) {
    self.batch = batch
    self.mode = mode
    self.precision = precision
    self.threads = threads
    self.taps = taps
    self.seeds = seeds
    self.microBatches = microBatches
    self.frozen = frozen
  }

  /// The memory of this machine, in bytes.
  public static let machineMemoryBytes = Int(clamping: ProcessInfo.processInfo.physicalMemory)
}

/// Why a graph cannot be compiled or a state cannot be loaded.
public enum ExecutionError: Error, Sendable, Equatable, CustomStringConvertible {
  case unknownTap(String, suggestion: String?)
  case unknownInput(String, suggestion: String?)
  case missingParameter(String)
  case stateMismatch(parameter: String, reason: String)
  case unsupported(node: String, reason: String)
  case memory(batch: Int, neededBytes: Int, limitBytes: Int)
  case library(call: String, node: String, status: Int)
  case invalidGraph(GraphError)

  /// *where: what; what to do*.
  public var description: String {
    switch self {
    case .unknownTap(let name, let suggestion):
      "\(name): no value of the graph has this name" + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
    case .unknownInput(let name, let suggestion):
      "\(name): no input of the graph has this name" + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
    case .missingParameter(let name): "\(name): the graph has no such parameter"
    case .stateMismatch(let parameter, let reason): "\(parameter): \(reason)"
    case .unsupported(let node, let reason): "\(node): \(reason)"
    case .memory(let batch, let needed, let limit):
      "a batch of \(batch) takes at least \(Self.gibibytes(needed)) for its values, the limit is "
        + "\(Self.gibibytes(limit)); lower the batch or make the network's input smaller"
    case .library(let call, let node, let status): "\(node): \(call) failed with status \(status)"
    case .invalidGraph(let error): "\(error)"
    }
  }

  private static func gibibytes(_ bytes: Int) -> String {
    "\((Double(bytes) / 1_073_741_824 * 10).rounded() / 10) GiB"
  }
}
