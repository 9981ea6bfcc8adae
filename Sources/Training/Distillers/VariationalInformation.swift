import Graphs
import Ops
public import Settings
public import Tasks
import Tensors

/// Teaches the student values within the teacher as means of normal distributions with learned variances
/// (VID).
///
/// A channel that the student cannot predict gets a large variance and counts less.
///
/// **Formula** `loss = base + weight·Σ_pairs mean_cp ½·((r(A_S)[c,p] - A_T[c,p])²/v[c] + log v[c])` an image.
/// r is three 1x1 convolutions without biases for images `[C, H, W]`, linear layers for features `[C]`, with
/// rectifiers between them. v are variances (`GaussianLikelihood`). All are trained beside the student and
/// left behind.
///
/// **Paper** Ahn, Hu, Damianou, Lawrence, Dai, "Variational information distillation for knowledge transfer",
/// CVPR 2019, arXiv:1904.05835; the layers, the weight and the first variance of 5 are those of RepDistiller.
/// Variances do not decay.
public struct VariationalInformation: ValueDistiller {
  /// The name in recipes: `variational`.
  public static let name = "variational"
  /// One line for `condense list`.
  public static let summary =
    "match values within the teacher through adapters, with a learned variance for each channel, beside another objective (VID)"

  /// The factor of the negative logarithm of the likelihood.
  public var weight: Float = 1
  /// The variance from which each channel starts.
  public var variance: Float = 5
  /// The objective to which it is added: `supervised`, or one on logits.
  public var base: any Distiller = Supervised()
  /// The pairs to compare; `nil` takes the last values of every resolution that both have.
  public var pairs: [ValuePair]?

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `variance`, `base`, `pairs`.
  public static var settings: [Setting<VariationalInformation>] {
    [
      Setting("weight", \.weight, in: 0...1e6, "factor of the negative log-likelihood"),
      Setting("variance", \.variance, in: 0.001...1000, "variance of each channel at the start"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "the last values of each resolution that both networks have"),
    ]
  }

  /// Adds the base, and the negative log-likelihood of each pair through three adapters.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base.build(&objective)
    for pair in try objective.pairs(pairs, ranks: [2, 4], objective: Self.name) {
      let place = "variational/" + pair.student
      let (own, its) = (try objective.studentValue(pair.student), try objective.teacherValue(pair.teacher))
      let shape = objective.teacher?.shape(of: pair.teacher) ?? []
      let layer: any Op =
        shape.rank == 4
        ? Conv2D(filters: shape[1], kernel: 1, bias: false) : Linear(features: shape[1], bias: false)
      var means = objective.append(layer, name: place + "/adapter1", inputs: [own])
      for index in 2...3 {
        let rectified = objective.append(ReLU(), name: "\(place)/rectifier\(index)", inputs: [means])
        means = objective.append(layer, name: "\(place)/adapter\(index)", inputs: [rectified])
      }
      if shape.rank == 4 { means = objective.append(Flatten(), name: place + "/means", inputs: [means]) }
      // The op takes nothing but the batch size from its input.
      let variances = objective.append(
        ChannelConstants(channels: shape[1]), name: place + "/variances",
        inputs: [try objective.head(objective.heads[0].name)])
      let known = objective.append(Concat(), name: place + "/known", inputs: [means, variances])
      let loss = objective.append(GaussianLikelihood(variance: variance), name: place, inputs: [known, its])
      objective.minimize(loss, weight: weight)
    }
  }
}
