import CDNNL
public import Execution
public import Graphs
import Ops
import Tensors

/// The backend that computes with oneDNN on this machine's processor.
///
///     let plan = try DNNLBackend().compile(graph, PlanOptions(batch: 128, mode: .training, threads: 2))
public struct DNNLBackend: Backend {
  /// Makes the backend; nothing is allocated before a plan is compiled.
  public init() {}

  /// The name, `onednn`.
  public var name: String { "onednn" }

  /// True for 32-bit floats, and for bfloat16 if the processor has instructions for it.
  public func supports(_ precision: Precision) -> Bool { precision == .f32 || condense_has_bf16() != 0 }

  /// oneDNN's name of the instruction set, such as `avx512_core_bf16`.
  public var instructionSet: String { unsafe String(cString: condense_instruction_set()) }

  /// The channels of a block: the floats of a vector register, or of two for SSE4.1.
  public var channelBlock: Int {
    let set = instructionSet
    return set.hasPrefix("avx512") ? 16 : set.hasPrefix("avx") || set == "sse41" ? 8 : 1
  }

  /// The library's version, such as `2.6.3`.
  public var version: String {
    guard let version = unsafe dnnl_version() else { return "unknown" }
    return unsafe "\(version.pointee.major).\(version.pointee.minor).\(version.pointee.patch)"
  }

  /// Lowers the graph, chooses kernels and layouts, and places all memory.
  ///
  /// Throws `ExecutionError` for a precision that the machine lacks, for an invalid graph, if the values do
  /// not fit into memory, and for a plan to share with of another graph, encoding or backend.
  public func compile(
    _ graph: Graph, _ options: PlanOptions, sharing: (any Plan)?
  ) throws(ExecutionError) -> any Plan {
    guard supports(options.precision) else {
      throw .unsupported(
        node: name,
        reason:
          "does not compute in \(options.precision.rawValue) on this machine (\(instructionSet)); use f32")
    }
    do throws(GraphError) { try graph.verify() } catch { throw .invalidGraph(error) }
    try graph.requireMemory(for: options, keepsValues: false)
    Device.useTeam(of: options.threads)
    var shared: WeightStore?
    if let sharing {
      guard let plan = sharing as? DNNLPlan else {
        throw .unsupported(node: "sharing", reason: "the other plan is not one of oneDNN's")
      }
      guard plan.graphInputs == graph.inputs, plan.graphNodes == graph.nodes else {
        throw .unsupported(node: name, reason: "shares weights with plans of the same graph only")
      }
      if let other = graph.parameterEncodedOtherwise(than: plan.encodings) {
        throw .unsupported(node: other, reason: "shares weights with plans of the same encodings only")
      }
      shared = plan.store
    }
    let device: Device
    if let shared { device = shared.device } else { device = try Device() }
    let projected = try ProjectedGraph(graph)
    if options.mode == .inference { return try inferencePlan(graph, projected, options, device, shared) }
    let builder = try PlanBuilder(projected.graph, projected.renaming(options), device, store: shared)
    try builder.build()
    let store = shared ?? WeightStore(builder.parameters, device, frozen: options.frozen)
    let plan = DNNLPlan(try PlanParts(builder, store), of: graph, projected, options)
    if shared == nil { try store.load(TrainingState(graph)) }
    return plan
  }

  /// A plan over the graph with projected weights and folded batch norms.
  ///
  /// Both are renewed when the store has changed.
  private func inferencePlan(
    _ graph: Graph, _ projected: ProjectedGraph, _ options: PlanOptions, _ device: Device,
    _ shared: WeightStore?
  ) throws(ExecutionError) -> DNNLPlan {
    let store: WeightStore
    if let shared {
      store = shared
    } else {
      store = try WeightStore(plain: graph, device)
      try store.load(TrainingState(graph))
    }
    let renamed = projected.renaming(options)
    let folding = try Folding(projected.graph, keeping: Set(renamed.taps + renamed.seeds), store, device)
    let builder = try PlanBuilder(folding.graph, renamed, device, store: folding.target)
    try builder.build()
    return DNNLPlan(
      try PlanParts(builder, folding.target), of: graph, projected, options, inferring: folding)
  }
}
