public import Settings

/// The choice of ranks beside a layer's own energy or kept ratio, and the fit of layers afterwards.
public struct RankChoice: Sendable {
  /// The rule for the number of terms that a layer keeps.
  public enum Rule: String, Sendable, SettingChoice {
    /// The layer's kept ratio if one is given, else its energy.
    case given
    /// Empirical variational Bayes, which needs no threshold.
    case bayesian
  }

  /// The quantity of which a budget is a share.
  public enum Measure: String, Sendable, SettingChoice {
    /// Trainable parameters, or multiply-adds of one image.
    case parameters, multiplyAdds
    /// The milliseconds on the target.
    case latency
  }

  /// The rule for the number of terms that a layer keeps.
  public var rule = Rule.given
  /// The share of the network to keep, 0.001...1; overrides all other rules if given.
  public var budget: Double?
  /// The quantity of which the budget is a share.
  public var measure = Measure.multiplyAdds
  /// The name of the target on which no layer may become slower; `nil` for none.
  public var target: String?
  /// True if the last layer of each chain is fitted to the old layer's outputs.
  public var reconstruct = false
  /// The settings of that fit.
  public var fit = OutputFit()

  /// Activations for a fit, latency if a target is named.
  var evidence: Set<EvidenceKind> {
    (reconstruct ? [.activations] : [] as Set).union(target == nil ? [] : [.latency])
  }

  /// Takes the layer's own rule and no fit.
  public init() {}

  /// Settings: `ranks`, `budget`, `of`, `target`, `reconstruct`, and those of `OutputFit`.
  static func settings<Owner>(_ path: WritableKeyPath<Owner, RankChoice>) -> [Setting<Owner>] {
    [
      Setting(
        "ranks", path.appending(path: \.rule),
        "the rule for a layer's rank: its energy or keptRatio (given), or variational Bayes (bayesian)"
      ).omittedAsDefault(),
      Setting(
        "budget", path.appending(path: \.budget), in: 0.001...1,
        "share of the whole network that is kept, with ranks chosen across layers; used instead of other rules where it is given"
      ).ofWholeStage().omittedAsDefault(),
      Setting("of", path.appending(path: \.measure), "measure of which the budget is a share").ofWholeStage()
        .omittedAsDefault(),
      Setting(
        "target", path.appending(path: \.target),
        "target whose cost model decides: a layer that would not become faster on it stays as it is, with a warning"
      ).ofWholeStage().omittedAsDefault(),
      Setting(
        "reconstruct", path.appending(path: \.reconstruct),
        "true fits the last layer of each chain, on images, to the outputs of the old layer"
      ).omittedAsDefault(),
    ] + OutputFit.settings(path.appending(path: \.fit))
  }
}
