public import Settings
public import Tensors

/// Single weights.
public struct SingleWeights: UnitShape {
  /// The name in recipes: `element`.
  public static let name = "element"
  /// One line for `condense list`.
  public static let summary = "single weights"
  /// Creates it with its default settings.
  public init() {}
  /// There are no settings.
  public static var settings: [Setting<SingleWeights>] { [] }
  /// Single weights.
  public var kind: UnitKind { .element }
  /// 1 along all axes.
  public func extents(in shape: Shape) -> [Int] { shape.dimensions.map { _ in 1 } }
}
