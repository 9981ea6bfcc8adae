public import Graphs
public import Settings
public import Tensors

/// Images as features, row-major.
///
/// **Formula**: `y[n, (c·H + i)·W + j] = x[n,c,i,j]`
///
/// **Shapes**: `x [N, C, …]`, `y [N, C·…]`.
///
/// **Gradient**: `dy` in x's shape.
///
/// **Cost**: traffic only.
///
/// **Throws**: `ShapeError` when x has no channel axis.
public struct Flatten: Op {
  public static let kind = "flatten"
  /// Makes a flatten.
  public init() {}
  public static var settings: [Setting<Flatten>] { [] }
  public static var examples: [OpExample<Flatten>] { [OpExample(Flatten(), [2, 3, 2, 4])] }

  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let input = try requireChannels(inputs)
    return [input[0], input[1] * input.spatialCount]
  }

  public func channels(_ inputs: [Shape]) -> ChannelRule { .spreading(count: inputs[0].spatialCount) }
  /// The same elements in the same order.
  public var placement: OutputPlacement { .unmoved }

  public var valueFlow: ValueFlow { .moving }

  public func forward(_ frame: inout KernelFrame) { frame.output.values = frame.inputs[0].values }

  public func backward(_ frame: inout GradientFrame) {
    frame.inputGradients[0].values = frame.outputGradient.values
  }
}
