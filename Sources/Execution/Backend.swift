import Foundation
public import Graphs
public import Settings

/// A maker of prepared passes over a graph: the reference kernels or oneDNN.
public protocol Backend: Sendable {
  /// The name: `reference` or `onednn`.
  var name: String { get }
  /// True if this machine computes in a precision at full speed.
  func supports(_ precision: Precision) -> Bool
  /// The instruction set that kernels use, as recorded with a model: `avx512_core_bf16`.
  var instructionSet: String { get }
  /// The number of channels that kernels of convolutions compute together; counts are rounded up to its
  /// multiples.
  var channelBlock: Int { get }
  /// Compiles a plan: fixes kernels, memory, arguments and order for one batch size, mode and precision.
  ///
  /// A plan that shares with another plan of the same graph reads and trains the same weights. The graph's
  /// parameters are the initial weights; a shared plan takes the other plan's present weights instead.
  func compile(_ graph: Graph, _ options: PlanOptions, sharing: (any Plan)?) throws(ExecutionError)
    -> any Plan
}

extension Backend {
  /// 1: kernels compute channel by channel.
  public var channelBlock: Int { 1 }

  /// Compiles a plan with its own weights.
  public func compile(_ graph: Graph, _ options: PlanOptions) throws(ExecutionError) -> any Plan {
    try compile(graph, options, sharing: nil)
  }
}

/// The arithmetic of activations and of weights as kernels see them; masters and sums stay 32-bit.
public enum Precision: String, Sendable, SettingChoice {
  /// 32-bit floats, and bfloat16.
  case f32, bf16
}

/// The purpose and limits of a plan.
public struct PlanOptions: Sendable, Equatable {
  /// The number of images in a pass.
  public var batch: Int
  /// Training plans have a backward pass; inference plans fold batch norms and fuse.
  public var mode: ExecutionMode
  /// The arithmetic of the kernels.
  public var precision: Precision
  /// Compute threads; part of the result, since the order of float sums depends on it.
  public var threads: Int
  /// The values that can be read besides the outputs, which always can.
  public var taps: [String]
  /// The values that take a gradient besides the outputs, which always do in training.
  public var seeds: [String]
  /// The number of backward passes whose gradients are summed, in order, into one update.
  public var microBatches: Int
  /// The names of trainable parameters that updates leave unchanged.
  public var frozen: Set<String>
  /// The most bytes that the values of a batch may take; by default the machine's memory.
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

/// An error in compiling a graph or loading a state.
public enum ExecutionError: Error, Sendable, Equatable, CustomStringConvertible {
  /// No value has this name.
  case unknownTap(String, suggestion: String?)
  /// No input has this name.
  case unknownInput(String, suggestion: String?)
  /// No parameter has this name.
  case missingParameter(String)
  /// A state does not fit the plan.
  case stateMismatch(parameter: String, reason: String)
  /// The backend has no form for a node or an option.
  case unsupported(node: String, reason: String)
  /// The values of a batch do not fit into memory.
  case memory(batch: Int, neededBytes: Int, limitBytes: Int)
  /// A call of a library failed.
  case library(call: String, node: String, status: Int)
  /// The graph is invalid.
  case invalidGraph(GraphError)

  /// The message in the form *where: what; what to do*.
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
