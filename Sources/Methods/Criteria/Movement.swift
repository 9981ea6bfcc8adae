import Graphs
public import Settings
import Tensors

/// Scores weights by how far they have moved away from zero since the stage began.
public struct Movement: Saliency {
  /// The name in recipes: `movement`.
  public static let name = "movement"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "how far a weight has moved away from zero since the stage began",
    description: """
      A weight that training makes larger is wanted; a weight that training pulls to zero is not, whatever its size. \
      The present weights are compared with those at the beginning of the stage. Before any weight has moved, \
      magnitude decides. Use it with a method that acts while its stage trains: a gradual schedule, or \
      movement-pruning. Scores are compared across layers as they are.
      """,
    formula: """
      score = sum of (w^2 - w0^2)/2 over the unit, w0 from the beginning of the stage: for plain gradient descent the sum of \
      -rate·w·gradient over the updates, but for terms of the rate squared
      """,
    paper: """
      Sanh, Wolf, Rush, "Movement pruning: adaptive sparsity by fine-tuning", 2020, arXiv:2005.07683
      """)
  /// Single weights, kernels and blocks.
  public static let kinds: Set<UnitKind> = [.element, .kernel, .block]

  /// Creates it; there are no settings.
  public init() {}

  /// There are no settings.
  public static var settings: [Setting<Movement>] { [] }

  /// Scores are compared as they are.
  public func scale(of kind: UnitKind) -> ScoreScale { .plain }

  /// Σ (w² - w0²)/2 over each unit, w0 from the beginning of the stage; throws if a weight has another shape
  /// now.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let weights = context.weights(of: sets, .making)
    var before: [String: Tensor] = [:]
    for (name, weight) in weights.sorted(by: { $0.key < $1.key }) {
      guard let first = context.original.parameters[name]?.projected, first.shape == weight.shape else {
        throw MethodError.impossible(
          method: Self.name, node: name,
          reason: "its shape has changed since the stage began; choose another criterion")
      }
      before[name] = first
    }
    // Before the first update all scores would be 0, so magnitude decides.
    let hasMoved = weights.contains { $1.values != before[$0]?.values }
    return sets.map { set in
      set.sums(.making) { name in
        guard let now = weights[name], let first = before[name] else { return nil }
        return { element in
          let (w, w0) = (Double(now.values[element]), hasMoved ? Double(first.values[element]) : 0)
          return (w * w - w0 * w0) / 2
        }
      }
    }
  }
}
