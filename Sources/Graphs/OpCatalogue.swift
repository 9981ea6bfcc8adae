public import Settings

/// The kinds of op that a graph in a file may name.
///
/// It is a value and no `Catalogue`: a reader of structures is given the ops that its file may hold.
public struct OpCatalogue: Sendable {
  /// The op types, in the order of documentation.
  public let types: [any Op.Type]

  /// Makes a catalogue.
  public init(_ types: [any Op.Type]) { self.types = types }

  /// The kinds, in the order of documentation.
  public var kinds: [String] { types.map { $0.kind } }

  /// The op of a kind with settings read from a mapping; `nil` for an unknown kind.
  public func op(kind: String, settings: SettingsNode) throws(SettingsError) -> (any Op)? {
    guard let type = types.first(where: { $0.kind == kind }) else { return nil }
    return try make(type, settings)
  }

  private func make<O: Op>(_ type: O.Type, _ settings: SettingsNode) throws(SettingsError) -> any Op {
    try O(from: settings, owner: O.kind)
  }
}
