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
  /// The name in files: `flatten`.
  public static let kind = "flatten"
  /// Makes a flatten.
  public init() {}
  /// No settings.
  public static var settings: [Setting<Flatten>] { [] }
  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<Flatten>] { [OpExample(Flatten(), [2, 3, 2, 4])] }

  /// The shape `[N, C·H·W]`.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let input = try requireChannels(inputs)
    return [input[0], input[1] * input.spatialCount]
  }

  /// Channel c becomes the `H·W` features from `c·H·W` on.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .spreading(count: inputs[0].spatialCount) }
  /// The output is the input: the same elements in the same order.
  public var placement: OutputPlacement { .unmoved }

  /// Moves numbers without changing them.
  public var valueFlow: ValueFlow { .moving }

  /// Copies the elements.
  public func forward(_ frame: inout KernelFrame) { frame.output.values = frame.inputs[0].values }

  /// Copies `dy`.
  public func backward(_ frame: inout GradientFrame) {
    frame.inputGradients[0].values = frame.outputGradient.values
  }
}
