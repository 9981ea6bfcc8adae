public import Settings

/// How ranks are chosen beside a layer's own energy or kept ratio, and whether layers are fitted afterwards.
public struct RankChoice: Sendable {
  /// What says how many terms a layer keeps.
  public enum Rule: String, Sendable, SettingChoice {
    /// Its kept ratio, where one is given, else its energy.
    case given
    /// Empirical variational Bayes.
    case bayesian
  }

  /// What a budget is a share of.
  public enum Measure: String, Sendable, SettingChoice {
    case parameters, multiplyAdds
    /// The time on the target.
    case latency
  }

  /// What says how many terms a layer keeps.
  public var rule = Rule.given
  /// The share of the network that is kept; rules instead of all else where given.
  public var budget: Double?
  /// What the budget is a share of.
  public var measure = Measure.multiplyAdds
  /// The target on which no layer may become slower, by name; `nil` for none.
  public var target: String?
  /// Whether the last layer of each chain is fitted to what the layer made.
  public var reconstruct = false
  /// How it is fitted.
  public var fit = OutputFit()

  var evidence: Set<EvidenceKind> {
    (reconstruct ? [.activations] : [] as Set).union(target == nil ? [] : [.latency])
  }

  /// The layer's own rule, and no fit.
  public init() {}

  static func settings<Owner>(_ path: WritableKeyPath<Owner, RankChoice>) -> [Setting<Owner>] {
    [
      Setting(
        "ranks", path.appending(path: \.rule),
        "what says how many terms a layer keeps: energy or keptRatio as given, or variational Bayes"
      ).omittedAsDefault(),
      Setting(
        "budget", path.appending(path: \.budget), in: 0.001...1,
        "share of the whole network that is kept, ranks chosen across layers; rules instead of all else where given"
      ).ofWholeStage().omittedAsDefault(),
      Setting("of", path.appending(path: \.measure), "what the budget is a share of").ofWholeStage()
        .omittedAsDefault(),
      Setting(
        "target", path.appending(path: \.target),
        "target whose cost model decides: a layer that would become slower on it is left alone, and the report says so"
      ).ofWholeStage().omittedAsDefault(),
      Setting(
        "reconstruct", path.appending(path: \.reconstruct),
        "whether the last layer of each chain is fitted on images to what the layer made before"
      ).omittedAsDefault(),
    ] + OutputFit.settings(path.appending(path: \.fit))
  }
}
