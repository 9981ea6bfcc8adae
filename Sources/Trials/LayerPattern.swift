public import Graphs
public import Settings

/// Which layers a recipe means: a name, a name with `*` and `?`, or `kind:conv2d`.
public struct LayerPattern: Sendable, Equatable {
  /// As it is written in the recipe.
  public let text: String

  /// Makes a pattern.
  public init(_ text: String) { self.text = text }

  /// Whether the pattern means all layers of a kind.
  var isKind: Bool { text.hasPrefix(Self.kindPrefix) }
  /// Whether the pattern is one layer's name.
  var isExact: Bool { !isKind && Glob(text).isExact }
  /// How specific the pattern is: kinds come first, names last, and later overrides earlier.
  var precedence: Int { isKind ? 0 : isExact ? 2 : 1 }

  private static let kindPrefix = "kind:"

  /// Whether a node is meant.
  public func matches(_ node: Node) -> Bool {
    if isKind { return node.op.kind == text.dropFirst(Self.kindPrefix.count) }
    return Glob(text).matches(node.name)
  }
}

/// Settings of a method for some layers, or that it leaves them out.
public struct LayerOverride: Sendable, Equatable {
  /// Which layers.
  public var patterns: [LayerPattern]
  /// Whether the method leaves these layers alone.
  public var skips: Bool
  /// Settings on top of the method's, as the recipe gives them.
  public var settings: SettingsNode

  /// Reads `{layers: "fc*", skip: true}` or `{layers: [a, b], sparsity: 0.5}`; settings are checked by the method.
  init(from node: SettingsNode) throws(SettingsError) {
    let layers = try node.required("layers", of: "an override")
    patterns = try layers.list("layers", allowingSingle: true)
      .map { item throws(SettingsError) in LayerPattern(try item.string("layers")) }
    skips =
      try node["skip"].map { value throws(SettingsError) in try Bool(reading: value, key: "skip") } ?? false
    settings = SettingsNode(
      .mapping(try node.mapping("overrides").filter { $0.key != "layers" && $0.key != "skip" }),
      mark: node.mark)
  }

  /// What a trial's specification holds.
  var node: SettingsNode {
    var entries = [
      SettingsNode.Entry(key: "layers", mark: settings.mark, value: patterns.map(\.text).node),
      SettingsNode.Entry(key: "skip", mark: settings.mark, value: skips.node),
    ]
    if case .mapping(let given) = settings.content { entries += given }
    return SettingsNode(.mapping(entries), mark: settings.mark)
  }
}
