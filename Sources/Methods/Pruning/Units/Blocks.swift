public import Settings
public import Tensors

/// Rectangles of outputs by inputs, at each place of a kernel separately.
public struct Blocks: UnitShape {
  /// The name in recipes: `block`.
  public static let name = "block"
  /// One line for `condense list`.
  public static let summary = "rectangles of outputs by inputs"

  /// Output channels of a block, 1...1024.
  public var outputs = 1
  /// Input channels of a block, 1...1024.
  public var inputs = 4

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `outputs`, `inputs`.
  public static var settings: [Setting<Blocks>] {
    [
      Setting("outputs", \.outputs, in: 1...1024, "output channels of a block"),
      Setting("inputs", \.inputs, in: 1...1024, "input channels of a block"),
    ]
  }

  /// Blocks.
  public var kind: UnitKind { .block }

  /// `outputs` and `inputs` along the first two axes, 1 along the others.
  public func extents(in shape: Shape) -> [Int] {
    shape.dimensions.indices.map { [outputs, inputs].indices.contains($0) ? [outputs, inputs][$0] : 1 }
  }
}
