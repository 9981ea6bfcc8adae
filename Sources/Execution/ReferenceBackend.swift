public import Graphs
import Settings

/// Runs every op's reference kernel on one thread; faster backends are tested against it.
///
///     let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: 4, mode: .training))
public struct ReferenceBackend: Backend {
  /// Makes the backend.
  public init() {}

  /// The name, `reference`.
  public var name: String { "reference" }
  /// The instruction set `portable`, as the kernels are plain Swift.
  public var instructionSet: String { "portable" }
  /// True for 32-bit floats alone.
  public func supports(_ precision: Precision) -> Bool { precision == .f32 }

  /// Checks the graph and prepares its values; weights are the graph's, or those of the plan to share with.
  ///
  /// Throws `ExecutionError` for an invalid graph, another precision, unknown taps, and a shared plan of
  /// another graph or backend.
  public func compile(
    _ graph: Graph, _ options: PlanOptions, sharing other: (any Plan)?
  ) throws(ExecutionError) -> any Plan {
    do throws(GraphError) { try graph.verify() } catch { throw .invalidGraph(error) }
    guard supports(options.precision) else {
      throw .unsupported(node: name, reason: "computes in f32 only, not in \(options.precision.rawValue)")
    }
    guard options.batch >= 1, options.microBatches >= 1 else {
      throw .unsupported(node: name, reason: "batch and micro-batches must be at least 1")
    }
    for value in options.taps + options.seeds where graph.shape(of: value) == nil {
      let known = graph.inputs.map(\.name) + graph.nodes.map(\.name)
      throw .unknownTap(value, suggestion: Spelling.nearest(to: value, among: known))
    }
    try graph.requireMemory(for: options, keepsValues: true)
    let weights = try weights(of: graph, frozen: options.frozen, sharing: other)
    return ReferencePlan(graph, options, weights: weights)
  }

  private func weights(
    of graph: Graph, frozen: Set<String>, sharing other: (any Plan)?
  ) throws(ExecutionError) -> ReferenceWeights {
    guard let other else { return ReferenceWeights(graph, frozen: frozen) }
    guard let plan = other as? ReferencePlan else {
      throw .unsupported(node: name, reason: "shares weights with reference plans only")
    }
    guard plan.graph.inputs == graph.inputs, plan.graph.nodes == graph.nodes else {
      throw .unsupported(node: name, reason: "shares weights with plans of the same graph only")
    }
    for entry in plan.weights.entries {
      guard let encoding = graph.parameters[entry.name]?.encoding, encoding.isEqual(to: entry.encoding) else {
        throw .unsupported(node: entry.name, reason: "shares weights with plans of the same encodings only")
      }
    }
    return plan.weights
  }
}
