import Ops
public import Settings
public import Tasks

/// Teaches the student the teacher's correlations of the images of a batch, by a Gaussian kernel.
///
/// **Formula** `loss = base + weight·Σ_pairs 1/N²·Σ_ij (K_S[i,j] - K_T[i,j])²`. K is a series for the kernel
/// `e^(-gamma·‖f[i] - f[j]‖²)` of every two images' features f, each of length 1 (`PairwiseKernel`). Values
/// may be of any two shapes. If a training splits its batches (`accumulationSteps`), each part counts as a
/// batch.
///
/// **Paper** Peng et al., "Correlation congruence for knowledge distillation", ICCV 2019, arXiv:1904.01802,
/// with gamma 0.4 and order 2; the weight of 100 is that of the Knowledge-Distillation-Zoo, whose loss this
/// is. The paper draws batches in which classes come several times; here they are those of the training.
public struct CorrelationCongruence: ValueDistiller {
  /// The name in recipes: `correlation`.
  public static let name = "correlation"
  /// One line for `condense list`.
  public static let summary =
    "match the teacher's correlations between the images of a batch, beside another objective (CC)"

  /// The factor of the squared difference of kernels.
  public var weight: Float = 100
  /// The rate at which the kernel falls with the squared distance.
  public var gamma: Float = 0.4
  /// The order of the series that approximates the kernel.
  public var order = 2
  /// The objective to which it is added: `supervised`, or one on logits.
  public var base: any Distiller = Supervised()
  /// The pairs to compare; `nil` takes the values from which both networks make their scores.
  public var pairs: [ValuePair]?

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `gamma`, `order`, `base`, `pairs`.
  public static var settings: [Setting<CorrelationCongruence>] {
    [
      Setting("weight", \.weight, in: 0...1e6, "factor of the squared difference of kernels"),
      Setting("gamma", \.gamma, in: 0.01...10, "rate at which the kernel falls with the squared distance"),
      Setting("order", \.order, in: 1...16, "order of the Taylor series of the kernel"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "the values from which both networks make their scores"),
    ]
  }

  /// Adds the base, and the difference of the kernels of each pair.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base.build(&objective)
    for pair in try objective.relatedPairs(pairs, standard: .features, objective: Self.name) {
      let loss = objective.append(
        PairwiseKernel(gamma: gamma, order: order), name: "correlation/" + pair.student,
        inputs: try objective.values(of: pair))
      objective.minimize(loss, weight: weight)
    }
  }
}
