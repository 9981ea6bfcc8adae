public import Graphs
public import Settings
public import Tensors

/// A value as it is, through which no gradient goes back.
///
/// Losses read a target through it that another part of the same training makes.
///
/// **Formula**: `y = x`.
///
/// **Shapes**: `x, y [N, …]`.
///
/// **Gradient**: 0, which is no derivative.
///
/// **Throws**: `ShapeError` for values without items.
public struct StopGradient: ItemMap {
  /// The name of the kind, which no file holds: `stop-gradient`.
  public static let kind = "stop-gradient"

  /// Makes the op.
  public init() {}

  /// No settings.
  public static var settings: [Setting<StopGradient>] { [] }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<StopGradient>] {
    [OpExample(StopGradient(), [3, 4]), OpExample(StopGradient(), [2, 2, 3, 2])]
  }

  /// False: the gradient is left out.
  public var gradientsAreDerivatives: Bool { false }

  /// The input's shape; throws for values that are not `[N, …]`.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 1)
    guard inputs[0].rank > 1 else { throw .wrongRank(op: kind, expected: "[N, …]", found: inputs[0]) }
    return inputs[0]
  }

  /// Copies an item.
  public func write(
    _ first: Span<Float>, _ second: Span<Float>, _ item: LossItem, into output: inout MutableSpan<Float>,
    at place: Int
  ) {
    for i in first.indices { output[place + i] = first[i] }
  }

  /// Writes zeros.
  public func writeGradients(
    _ first: Span<Float>, _ second: Span<Float>, _ item: LossItem, gradient: Span<Float>,
    byFirst: inout MutableSpan<Float>, bySecond: inout MutableSpan<Float>
  ) {
    for i in item.predictionRange { byFirst[i] = 0 }
  }
}
