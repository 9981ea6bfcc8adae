import Settings

/// Which nodes of a network a recipe means: a name, a name with `*` and `?`, or `kind:conv2d`.
public struct LayerPattern: Sendable, Equatable {
  /// As it is written in the recipe.
  public let text: String

  /// Makes a pattern.
  public init(_ text: String) { self.text = text }

  /// Whether the pattern means all layers of a kind.
  private var isKind: Bool { text.hasPrefix(Self.kindPrefix) }
  /// Whether the pattern is one layer's name.
  private var isExact: Bool { !isKind && Glob(text).isExact }
  /// How specific the pattern is: kinds come first, names last, and later overrides earlier.
  public var precedence: Int { isKind ? 0 : isExact ? 2 : 1 }

  private static let kindPrefix = "kind:"

  /// Whether a node is meant.
  public func matches(_ node: Node) -> Bool {
    if isKind { return node.op.kind == text.dropFirst(Self.kindPrefix.count) }
    return Glob(text).matches(node.name)
  }
}
