public import Settings
public import Tensors

/// The rows and columns between one input and one output channel; of a linear layer a single weight.
public struct Kernels: UnitShape {
  public static let name = "kernel"
  public static let summary = "the weights between one input and one output channel"
  public init() {}
  public static var settings: [Setting<Kernels>] { [] }
  public var kind: UnitKind { .kernel }
  public func extents(in shape: Shape) -> [Int] { shape.dimensions.indices.map { $0 < 2 ? 1 : shape[$0] } }
}
