public import Settings
public import Tensors

/// The part of a weight tensor that is pruned as a whole.
///
/// A shape is one file in `Units/` and one line in `UnitCatalogue`. Weights are
/// `[outputs, inputs of a group, rows, columns]` in convolutions and `[outputs, inputs]` in linear layers.
public protocol UnitShape: NamedKind {
  /// The kind of its units.
  var kind: UnitKind { get }
  /// The extents of a unit, by axis; units at the far ends may be smaller.
  func extents(in shape: Shape) -> [Int]
  /// The number of neighbours along the inputs that stay; `nil` if units stand alone.
  var pattern: UnitPattern? { get }
}

extension UnitShape {
  /// No pattern.
  public var pattern: UnitPattern? { nil }
}

/// A pattern in which at least some of so many neighbours along the inputs stay.
public struct UnitPattern: Sendable, Equatable {
  /// Weights that stay of each group.
  public let kept: Int
  /// Neighbours in each group.
  public let of: Int
}

/// All units that a recipe may name.
public enum UnitCatalogue: Catalogue {
  /// The unit shapes, in the order of the documentation.
  public static let all: [any UnitShape.Type] = [
    SingleWeights.self, Kernels.self, Blocks.self, NeighbourPattern.self,
  ]
  /// The same types as named kinds.
  public static var kinds: [any NamedKind.Type] { all }

  /// The kind as a unit shape; `nil` if it is none.
  public static func cast(_ kind: any NamedKind) -> (any UnitShape)? { kind as? any UnitShape }

  /// The setting `unit` of a method: a name, `kernel`, or a name with settings, `{block: {outputs: 8}}`.
  static func setting<Owner>(_ path: WritableKeyPath<Owner, any UnitShape>) -> Setting<Owner> {
    Setting(
      "unit", expected: "one of \(names.joined(separator: ", ")), or one with its settings",
      "the unit that is pruned whole: " + all.map { "\($0.name), \($0.summary)" }.joined(separator: "; "),
      read: { (owner, node) throws(SettingsError) in
        owner[keyPath: path] = try read(node, key: "unit", present: owner[keyPath: path])
      }, write: { writeShort($0[keyPath: path]) })
  }
}
