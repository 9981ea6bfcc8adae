public import Graphs
public import Settings
public import Tensors

/// The products of two values' channels, averaged over places: the flow of the solution procedure between
/// them.
///
/// **Formula**: `f[n, c·D + d] = 1/(H·W) · Σ_p x[n,c,p]·y[n,d,p]`, where p is one of the H·W places.
///
/// **Shapes**: `x [N, C, H, W]`, `y [N, D, H, W]`, `f [N, C·D]`.
///
/// **Gradient**: `dx[c,p] = 1/(H·W) · Σ_d df[c·D + d]·y[d,p]`, `dy[d,p] = 1/(H·W) · Σ_c df[c·D + d]·x[c,p]`.
///
/// **Throws**: `ShapeError` for values that are not images of equal height and width.
///
/// **Paper**: Yim, Joo, Bae, Kim, "A gift from knowledge distillation", CVPR 2017.
public struct FlowMatrix: ItemMap {
  /// The name of the kind, which no file holds: `flow-matrix`.
  public static let kind = "flow-matrix"

  /// Makes the op.
  public init() {}

  /// No settings.
  public static var settings: [Setting<FlowMatrix>] { [] }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<FlowMatrix>] {
    [
      OpExample(FlowMatrix(), [2, 3, 2, 2], [2, 2, 2, 2]),
      OpExample(FlowMatrix(), [1, 1, 3, 4], [1, 2, 3, 4]),
    ]
  }

  /// The shape `[N, C·D]`; throws for values that are not images of equal height and width.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 2)
    for input in inputs where input.rank != 4 {
      throw .wrongRank(op: kind, expected: "[N, C, H, W]", found: input)
    }
    guard inputs[0][0] == inputs[1][0], inputs[0][2] == inputs[1][2], inputs[0][3] == inputs[1][3] else {
      throw .mismatch(op: kind, what: "height and width differ", first: inputs[0], second: inputs[1])
    }
    return [inputs[0][0], inputs[0][1] * inputs[1][1]]
  }

  /// Writes the mean product of every two channels.
  public func write(
    _ first: Span<Float>, _ second: Span<Float>, _ item: LossItem, into output: inout MutableSpan<Float>,
    at place: Int
  ) {
    let area = item.prediction[1] * item.prediction[2]
    for c in 0..<item.prediction[0] {
      for d in 0..<item.target[0] {
        let product = SpanSums.dot(first, c * area, second, d * area, area)
        output[place + c * item.target[0] + d] = product / Float(area)
      }
    }
  }

  /// Adds to each channel the other value's channels, weighted by the gradient.
  public func writeGradients(
    _ first: Span<Float>, _ second: Span<Float>, _ item: LossItem, gradient: Span<Float>,
    byFirst: inout MutableSpan<Float>, bySecond: inout MutableSpan<Float>
  ) {
    let area = item.prediction[1] * item.prediction[2]
    let (own, other) = (item.predictionRange.lowerBound, item.targetRange.lowerBound)
    for i in first.indices { byFirst[own + i] = 0 }
    if !bySecond.isEmpty { for i in second.indices { bySecond[other + i] = 0 } }
    for c in 0..<item.prediction[0] {
      for d in 0..<item.target[0] {
        let slope = gradient[c * item.target[0] + d] / Float(area)
        SpanSums.add(slope, second, d * area, to: &byFirst, own + c * area, area)
        if !bySecond.isEmpty { SpanSums.add(slope, first, c * area, to: &bySecond, other + d * area, area) }
      }
    }
  }
}
