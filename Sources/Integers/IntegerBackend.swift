import CIntegers
public import Execution
public import Graphs
import Settings

/// The backend that runs integer programs on this machine's processor, for inference.
///
///     let plan = try IntegerBackend().compile(student.graph, PlanOptions(batch: 128, mode: .inference, threads: 2))
///
/// Images arrive as floats and are quantized as the program says. Taps return the floats of their integers,
/// and a softmax at the end is computed from these. Every instruction set and every number of threads gives
/// the same bytes as the reference kernels.
public struct IntegerBackend: Backend {
  /// An instruction set with its own kernels.
  enum Instructions: Int32, CaseIterable, Sendable {
    case portable = 0
    case avx2 = 1
    case vnni = 2

    /// The best set that this machine has.
    static var best: Instructions { Instructions(rawValue: condense_integer_level()) ?? .portable }
  }

  /// The instructions that compute products.
  let instructions: Instructions

  /// Makes the backend.
  public init() { self.init(.best) }

  init(_ instructions: Instructions) { self.instructions = instructions }

  /// The name, `integer`.
  public var name: String { "integer" }
  /// The instruction set: `vnni`, `avx2` or `portable`; none changes a byte.
  public var instructionSet: String { "\(instructions)" }
  /// True for f32 alone: integers take the place of floats, so other precisions mean nothing.
  public func supports(_ precision: Precision) -> Bool { precision == .f32 }

  /// Lowers the graph and prepares its kernels.
  ///
  /// Throws `ExecutionError` for training, for a graph that is no integer program, and for taps that no
  /// integer device stores. Weights are constants of a plan, so `sharing` has no effect.
  public func compile(
    _ graph: Graph, _ options: PlanOptions, sharing: (any Plan)?
  ) throws(ExecutionError) -> any Plan {
    guard options.mode == .inference else {
      throw .unsupported(node: name, reason: "integers are for inference; train with another backend")
    }
    guard options.precision == .f32 else {
      throw .unsupported(node: name, reason: "computes in integers, not in \(options.precision.rawValue)")
    }
    guard options.batch >= 1 else { throw .unsupported(node: name, reason: "the batch must be at least 1") }
    let program = try IntegerProgram(graph)
    try graph.requireMemory(for: options, keepsValues: false)
    return try IntegerPlan(program, of: graph, options, instructions)
  }
}
