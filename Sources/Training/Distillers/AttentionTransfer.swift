import Ops
public import Settings
public import Tasks

/// Teaches the student the teacher's attention: the maps of the strength with which each place of a value
/// responds.
///
/// **Formula** `loss = base + weight·Σ_pairs mean_p (Q_S[p] - Q_T[p])²` an image, with `Q = m / ‖m‖₂` and
/// `m[p] = mean_c A[c, p]²`, where A is a value `[C, H, W]` and p one of its H·W places. `base` is the plain
/// loss or an objective on logits.
///
/// **Paper** Zagoruyko, Komodakis, "Paying more attention to attention", ICLR 2017, arXiv:1612.03928; the
/// mean over places and the weight of 1000 are those of the authors' implementation.
public struct AttentionTransfer: ValueDistiller {
  /// The name in recipes: `attention`.
  public static let name = "attention"
  /// One line for `condense list`.
  public static let summary = "match the teacher's attention maps, beside another objective"

  /// The factor of the maps' squared difference.
  public var weight: Float = 1000
  /// The objective to which it is added: `supervised`, or one on logits.
  public var base: any Distiller = Supervised()
  /// The pairs to compare; `nil` takes the last values of every resolution that both have.
  public var pairs: [ValuePair]?

  /// Creates it with its default settings.
  public init() {}

  /// Makes an objective.
  public init(weight: Float, base: any Distiller = Supervised(), pairs: [ValuePair]? = nil) {
    self.weight = weight
    self.base = base
    self.pairs = pairs
  }

  /// Settings: `weight`, `base`, `pairs`.
  public static var settings: [Setting<AttentionTransfer>] {
    [
      Setting("weight", \.weight, in: 0...1e6, "factor of the squared difference of the maps"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "the last values of each resolution that both networks have"),
    ]
  }

  /// Adds the base, and the difference of the maps of each pair.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base.build(&objective)
    for pair in try objective.pairs(pairs, ranks: [4], objective: Self.name) {
      let values = [try objective.studentValue(pair.student), try objective.teacherValue(pair.teacher)]
      let loss = objective.append(AttentionMap(), name: "attention/" + pair.student, inputs: values)
      objective.minimize(loss, weight: weight)
    }
  }
}
