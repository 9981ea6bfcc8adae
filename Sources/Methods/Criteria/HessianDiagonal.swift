public import Settings
import Tensors

/// Scores units by half the squared weight times the Hessian's diagonal: optimal brain damage.
public struct HessianDiagonal: Saliency {
  /// The name in recipes: `obd`.
  public static let name = "obd"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "optimal brain damage: the second-order change of the loss, by the Hessian's diagonal",
    description: """
      At a minimum, removing a weight changes the loss by half the Hessian's diagonal element times the squared \
      weight. The diagonal is estimated from products of the Hessian with random directions of 1 and -1: the product \
      times the direction, element by element, has the diagonal as its mean. Each probe costs two passes over the \
      images; the error of a weight's curvature falls with the root of the number of probes. A larger unit has the \
      sum over its weights, a channel the sum over the weights that read it. Away from a minimum curvatures may be \
      negative; such weights go first. Scores are changes of one loss, so they are compared across layers as they \
      are.
      """,
    formula: "score = sum over the unit of h·w^2/2, h = mean over probes v of v·(H·v), v of +-1",
    paper: """
      LeCun, Denker, Solla, "Optimal brain damage", NeurIPS 1989; the estimate of the diagonal: Bekas, Kokiopoulou, Saad, \
      "An estimator for the diagonal of a matrix", 2007, doi:10.1016/j.apnum.2007.01.003
      """)

  /// Random directions, 1...4096, of two passes over the images each.
  public var probes = 16
  /// Training images to look at; `nil` takes the method's number.
  public var images: Int?

  /// Takes sixteen directions.
  public init() {}

  /// Settings: `probes`, `images`.
  public static var settings: [Setting<HessianDiagonal>] {
    [
      Setting("probes", \.probes, in: 1...4096, "random directions; each costs two passes over the images"),
      SaliencyCatalogue.imagesSetting(\.images),
    ]
  }

  /// Products of the Hessian.
  public var evidence: Set<EvidenceKind> { [.hessianProducts] }
  /// Scores are compared as they are: all are changes of one loss.
  public func scale(of kind: UnitKind) -> ScoreScale { .plain }

  /// Σ h·w²/2 over each unit, over the weights that read it for a channel; may be negative.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let weights = context.weights(of: sets, .reading)
    // Numbers are drawn in the order of the graph, for each parameter once.
    var seen: Set<String> = []
    let names = sets.flatMap { $0.parameters(.reading) }.filter {
      weights[$0] != nil && seen.insert($0).inserted
    }
    let diagonal = try context.evidence.hessianDiagonal(
      by: names, of: weights, probes: probes, images: images ?? context.images, random: &context.random)
    return sets.map { set in
      set.sums(.reading) { name in
        guard let weight = weights[name], let curvature = diagonal[name] else { return nil }
        return { element in
          let value = Double(weight.values[element])
          return value * value * curvature[element] / 2
        }
      }
    }
  }
}
