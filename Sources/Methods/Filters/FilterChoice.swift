public import Settings

/// Which layers a filter method replaces, and whether blocks are fitted.
public struct FilterChoice: Sendable {
  /// In which order layers are replaced until a budget is met.
  public enum Order: String, Sendable, SettingChoice {
    /// Those that save the most multiply-adds first.
    case largest
    /// Those that raise the loss the least by what they save first, each measured by itself on images.
    case leastHarm
  }

  /// The share of the network's multiply-adds to which layers are replaced; all that can be where none is given.
  public var budget: Double?
  /// In which order.
  public var layers = Order.largest
  /// Whether the last layers of each block are fitted to what the old layer made.
  public var reconstruct = false
  /// How they are fitted.
  public var fit = OutputFit()

  /// All layers, and no fit.
  public init() {}

  var evidence: Set<EvidenceKind> {
    var kinds: Set<EvidenceKind> = []
    if reconstruct { kinds.insert(.activations) }
    if budget != nil, layers == .leastHarm { kinds.insert(.losses) }
    return kinds
  }

  static func settings<Owner>(_ path: WritableKeyPath<Owner, FilterChoice>) -> [Setting<Owner>] {
    [
      Setting(
        "budget", path.appending(path: \.budget), in: 0.001...1,
        "share of the network's multiply-adds to which layers are replaced; all that can be where none is given"
      ).ofWholeStage().omittedAsDefault(),
      Setting(
        "layers", path.appending(path: \.layers),
        "which layers are replaced first for a budget: those that save the most, or that harm the least"
      ).ofWholeStage().omittedAsDefault(),
      Setting(
        "reconstruct", path.appending(path: \.reconstruct),
        "whether the last layers of blocks are fitted on images to what the old layer made"
      ).ofWholeStage().omittedAsDefault(),
    ] + OutputFit.settings(path.appending(path: \.fit))
  }
}
