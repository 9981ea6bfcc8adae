public import Settings
public import Tensors

/// Rectangles of outputs by inputs, for each place of a kernel apart.
public struct Blocks: UnitShape {
  public static let name = "block"
  public static let summary = "rectangles of outputs by inputs"

  /// Output channels of a block.
  public var outputs = 1
  /// Input channels of a block.
  public var inputs = 4

  public init() {}

  public static var settings: [Setting<Blocks>] {
    [
      Setting("outputs", \.outputs, in: 1...1024, "output channels of a block"),
      Setting("inputs", \.inputs, in: 1...1024, "input channels of a block"),
    ]
  }

  public var kind: UnitKind { .block }

  public func extents(in shape: Shape) -> [Int] {
    shape.dimensions.indices.map { [outputs, inputs].indices.contains($0) ? [outputs, inputs][$0] : 1 }
  }
}
