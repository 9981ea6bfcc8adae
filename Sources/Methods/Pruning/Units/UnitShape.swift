public import Settings
public import Tensors

/// What of a weight tensor is pruned whole. One file in `Units/` and one line in `UnitCatalogue`.
///
/// Weights are `[outputs, inputs of a group, rows, columns]` in convolutions and `[outputs, inputs]` in linear layers.
public protocol UnitShape: NamedKind {
  /// What its units are.
  var kind: UnitKind { get }
  /// The extents of a unit, by axis; those at the far ends may be smaller.
  func extents(in shape: Shape) -> [Int]
  /// How many neighbours along the inputs stay; `nil` where units stand alone.
  var pattern: UnitPattern? { get }
}

extension UnitShape {
  public var pattern: UnitPattern? { nil }
}

/// Of each so many neighbours along the inputs, at least some stay.
public struct UnitPattern: Sendable, Equatable {
  /// Weights that stay.
  public let kept: Int
  /// Weights of which they stay.
  public let of: Int
}

/// Every unit that a recipe may name.
public enum UnitCatalogue: Catalogue {
  public static let all: [any UnitShape.Type] = [
    SingleWeights.self, Kernels.self, Blocks.self, NeighbourPattern.self,
  ]
  public static var kinds: [any NamedKind.Type] { all }

  public static func cast(_ kind: any NamedKind) -> (any UnitShape)? { kind as? any UnitShape }

  /// The setting `unit` of a method: `kernel`, or `{block: {outputs: 8}}`.
  static func setting<Owner>(_ path: WritableKeyPath<Owner, any UnitShape>) -> Setting<Owner> {
    Setting(
      "unit", expected: "one of \(names.joined(separator: ", ")), or one with its settings",
      "what is pruned whole: " + all.map { "\($0.name), \($0.summary)" }.joined(separator: "; "),
      read: { (owner, node) throws(SettingsError) in
        owner[keyPath: path] = try read(node, key: "unit", present: owner[keyPath: path])
      }, write: { writeShort($0[keyPath: path]) })
  }
}
