public import Settings
import Tensors

/// Scores units by half the squared weight times its empirical Fisher information.
///
/// This is optimal brain damage with the Fisher information as the curvature.
public struct FisherInformation: Saliency {
  /// The name in recipes: `fisher`.
  public static let name = "fisher"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "the second-order change of the loss, by the empirical Fisher information",
    description: """
      At a minimum, removing a weight changes the loss by half the Hessian's diagonal element times the squared \
      weight. The empirical Fisher information stands for that diagonal: the squared gradient of each image's own \
      loss at its label, averaged over images. A larger unit has the sum over its weights, a channel the sum over \
      the weights that read it. Scores are changes of one loss, so they are compared across layers as they are.
      """,
    formula: "score = sum over the unit of w^2·F/2 with F = mean over images of (dloss/dw)^2",
    paper: """
      LeCun, Denker, Solla, "Optimal brain damage", NeurIPS 1989; with the Fisher information: Theis, Korshunova, Tejani, \
      Huszár, "Faster gaze prediction with dense networks and Fisher pruning", 2018, arXiv:1801.05787
      """)

  /// Training images to look at; `nil` takes the method's number.
  public var images: Int?

  /// Looks at as many images as the method.
  public init() {}

  /// Settings: `images`.
  public static var settings: [Setting<FisherInformation>] { [SaliencyCatalogue.imagesSetting(\.images)] }

  /// Gradients of single images.
  public var evidence: Set<EvidenceKind> { [.imageGradients] }
  /// Scores are compared as they are: all are changes of one loss.
  public func scale(of kind: UnitKind) -> ScoreScale { .plain }

  /// Σ w²·F/2 over each unit, over the weights that read it for a channel.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let weights = context.weights(of: sets, .reading)
    let information = try context.evidence.fisherInformation(images: images ?? context.images)
    return sets.map { set in
      set.sums(.reading) { name in
        guard let weight = weights[name], let information = information[name] else { return nil }
        return { element in
          let value = Double(weight.values[element])
          return value * value * Double(information.values[element]) / 2
        }
      }
    }
  }
}
