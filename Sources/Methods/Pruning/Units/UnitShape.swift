import Settings
public import Tensors
public import Training

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
public enum UnitCatalogue {
  /// The types, in the order in which they are documented.
  public static let all: [any UnitShape.Type] = [
    SingleWeights.self, Kernels.self, Blocks.self, NeighbourPattern.self,
  ]

  /// Every name.
  public static var names: [String] { all.map { $0.name } }

  /// The setting `unit` of a method: `kernel`, or `{block: {outputs: 8}}`.
  static func setting<Owner>(_ path: WritableKeyPath<Owner, any UnitShape>) -> Setting<Owner> {
    Setting(
      "unit", expected: "one of \(names.joined(separator: ", ")), or one with its settings",
      "what is pruned whole: " + all.map { "\($0.name), \($0.summary)" }.joined(separator: "; "),
      read: { (owner, node) throws(SettingsError) in
        owner[keyPath: path] = try NamedChoice.read(
          node, key: "unit", present: owner[keyPath: path], among: all
        ) {
          $0 as? any UnitShape
        }
      }, write: { write($0[keyPath: path]) })
  }

  private static func write(_ unit: any UnitShape) -> SettingsNode {
    let name = type(of: unit).name
    return unit.node == type(of: unit).init().node ? name.node : SettingsNode(mapping: [name: unit.node])
  }
}
