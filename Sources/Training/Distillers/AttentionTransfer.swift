import Ops
public import Settings
public import Tasks

/// Learning where a teacher looks: the maps of how strongly each place of a value responds, made equal.
///
/// **Formula** `loss = base + weight·Σ_pairs mean_p (Q_S[p] - Q_T[p])²` an image, with `Q = m / ‖m‖₂` and
/// `m[p] = mean_c A[c, p]²`, A being a value `[C, H, W]` and p one of its H·W places. `base` is the plain loss or
/// soft targets.
///
/// **Paper** Zagoruyko, Komodakis, "Paying more attention to attention", ICLR 2017, arXiv:1612.03928; the mean over
/// places and the weight of 1000 are those of the authors' implementation.
public struct AttentionTransfer: ValueDistiller {
  public static let name = "attention"
  public static let summary = "match the teacher's attention maps, beside another objective"

  /// The factor on the maps' squared difference.
  public var weight: Float = 1000
  /// What it is added to: `supervised`, or one of logits.
  public var base: any Distiller = Supervised()
  /// What is compared; `nil` pairs the last values of every resolution that both have.
  public var pairs: [ValuePair]?

  public init() {}

  /// Makes an objective.
  public init(weight: Float, base: any Distiller = Supervised(), pairs: [ValuePair]? = nil) {
    self.weight = weight
    self.base = base
    self.pairs = pairs
  }

  public static var settings: [Setting<AttentionTransfer>] {
    [
      Setting("weight", \.weight, in: 0...1e6, "factor on the maps' squared difference"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(\.pairs, standard: "the last values of every resolution that both have"),
    ]
  }

  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base.build(&objective)
    for pair in try objective.pairs(pairs, ranks: [4], objective: Self.name) {
      let values = [try objective.studentValue(pair.student), try objective.teacherValue(pair.teacher)]
      let loss = objective.append(AttentionMap(), name: "attention/" + pair.student, inputs: values)
      objective.minimize(loss, weight: weight)
    }
  }
}
