import Graphs
public import Settings
import Tensors

/// Scores units by the second-order change of the loss without them.
public struct SecondOrderTaylor: Saliency {
  /// The name in recipes: `taylor-second-order`.
  public static let name = "taylor-second-order"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "the second-order change of the loss without the unit",
    description: """
      Estimates the change of the loss without a unit to second order: the sum, over the unit's weights, of gradient \
      times weight, minus half the weight times its row of the Hessian times all trainable weights. For a channel \
      the sum is over the weights that read it. One product of the Hessian with all weights gives every row and \
      costs two more passes over the images. Gradients are those of single batches; the curvature is that of the \
      mean loss. The changes are squared and averaged over batches. Single weights are compared across layers by \
      their scores as they are; scores of larger units are divided by the mean score of their layer first.
      """,
    formula: "score = mean over batches of (sum over the unit of g·w - w·(H·W)/2)^2, W all trainable weights",
    paper: """
      Molchanov, Mallya, Tyree, Frosio, Kautz, "Importance estimation for neural network pruning", 2019, \
      arXiv:1906.10771, equation 7
      """)

  /// Training images to look at; `nil` takes the method's number.
  public var images: Int?

  /// Looks at as many images as the method.
  public init() {}

  /// Settings: `images`.
  public static var settings: [Setting<SecondOrderTaylor>] { [SaliencyCatalogue.imagesSetting(\.images)] }

  /// Gradients and products of the Hessian.
  public var evidence: Set<EvidenceKind> { [.gradients, .hessianProducts] }

  /// The mean over batches of (Σ g·w - w·(H·W)/2)² over each unit, W all trainable weights.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let graph = context.graph
    var all: [String: Tensor] = [:]
    for (name, slot) in graph.nodes.flatMap({ graph.slots(of: $0) }) where slot.isTrainable {
      all[name] = graph.parameters[name]?.projected
    }
    let products = try context.evidence.hessianProduct(all, images: images ?? context.images)
    let curvatures = sets.map { set in
      set.sums(.reading) { name in
        guard let product = products[name], let weight = all[name] else { return nil }
        return { Double(product.values[$0]) * Double(weight.values[$0]) / 2 }
      }
    }
    return try context.meanChanges(of: sets, .reading, images: images) { set, unit, change in
      let change = change - curvatures[set][unit]
      return change * change
    }
  }
}
