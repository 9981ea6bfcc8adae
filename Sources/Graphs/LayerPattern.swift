import Settings

/// A pattern for nodes in a recipe: a name, a name with `*` and `?`, or a kind such as `kind:conv2d`.
public struct LayerPattern: Sendable, Equatable {
  /// The text of the recipe.
  public let text: String

  /// Makes a pattern.
  public init(_ text: String) { self.text = text }

  /// True if the pattern means all layers of a kind.
  private var isKind: Bool { text.hasPrefix(Self.kindPrefix) }
  /// True if the pattern is one layer's name.
  private var isExact: Bool { !isKind && Glob(text).isExact }
  /// The precedence: 0 for kinds, 1 for wildcards, 2 for names; higher ones override lower ones.
  public var precedence: Int { isKind ? 0 : isExact ? 2 : 1 }

  private static let kindPrefix = "kind:"

  /// True if the pattern matches a node.
  public func matches(_ node: Node) -> Bool {
    if isKind { return node.op.kind == text.dropFirst(Self.kindPrefix.count) }
    return Glob(text).matches(node.name)
  }
}
