public import Settings
public import Tensors

/// Single weights.
public struct SingleWeights: UnitShape {
  public static let name = "element"
  public static let summary = "single weights"
  public init() {}
  public static var settings: [Setting<SingleWeights>] { [] }
  public var kind: UnitKind { .element }
  public func extents(in shape: Shape) -> [Int] { shape.dimensions.map { _ in 1 } }
}
