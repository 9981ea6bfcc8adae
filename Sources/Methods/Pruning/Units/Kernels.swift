public import Settings
public import Tensors

/// The rows and columns between one input and one output channel; in a linear layer a single weight.
public struct Kernels: UnitShape {
  /// The name in recipes: `kernel`.
  public static let name = "kernel"
  /// One line for `condense list`.
  public static let summary = "the weights between one input and one output channel"
  /// Creates it with its default settings.
  public init() {}
  /// There are no settings.
  public static var settings: [Setting<Kernels>] { [] }
  /// Kernels.
  public var kind: UnitKind { .kernel }
  /// 1 along the first two axes, everything along the others.
  public func extents(in shape: Shape) -> [Int] { shape.dimensions.indices.map { $0 < 2 ? 1 : shape[$0] } }
}
