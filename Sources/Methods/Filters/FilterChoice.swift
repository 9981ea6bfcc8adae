public import Settings

/// The choice of the layers that a filter method replaces, and the fit of their blocks.
public struct FilterChoice: Sendable {
  /// The order in which layers are replaced until a budget is met.
  public enum Order: String, Sendable, SettingChoice {
    /// Layers that save the most multiply-adds come first.
    case largest
    /// Layers that raise the loss the least by multiply-add saved come first, each measured alone on images.
    case leastHarm
  }

  /// The share of the network's multiply-adds to reach, 0.001...1; `nil` replaces all layers that can be.
  public var budget: Double?
  /// The order in which layers are replaced for the budget.
  public var layers = Order.largest
  /// True if the last layers of each block are fitted to the old layer's outputs.
  public var reconstruct = false
  /// The settings of that fit.
  public var fit = OutputFit()

  /// Replaces all layers and fits none.
  public init() {}

  /// Activations for a fit, losses for the order of least harm under a budget.
  var evidence: Set<EvidenceKind> {
    var kinds: Set<EvidenceKind> = []
    if reconstruct { kinds.insert(.activations) }
    if budget != nil, layers == .leastHarm { kinds.insert(.losses) }
    return kinds
  }

  /// Settings: `budget`, `layers`, `reconstruct`, and those of `OutputFit`.
  static func settings<Owner>(_ path: WritableKeyPath<Owner, FilterChoice>) -> [Setting<Owner>] {
    [
      Setting(
        "budget", path.appending(path: \.budget), in: 0.001...1,
        "share of the network's multiply-adds that is left when enough layers are replaced; null replaces all that can be"
      ).ofWholeStage().omittedAsDefault(),
      Setting(
        "layers", path.appending(path: \.layers),
        "the order in which layers are replaced for a budget: those that save the most first, or those that harm the least first"
      ).ofWholeStage().omittedAsDefault(),
      Setting(
        "reconstruct", path.appending(path: \.reconstruct),
        "true fits the last layers of blocks, on images, to the outputs of the old layer"
      ).ofWholeStage().omittedAsDefault(),
    ] + OutputFit.settings(path.appending(path: \.fit))
  }
}
