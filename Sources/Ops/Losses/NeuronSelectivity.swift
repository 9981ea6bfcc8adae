public import Graphs
public import Settings
public import Tensors

/// The squared maximum mean discrepancy of two values' channels, by a polynomial kernel.
///
/// It compares the ways in which channels are spread over the places of an image.
///
/// **Formula**: `loss[n] = 1/C² · Σ_{c,c'} ⟨x̂[c], x̂[c']⟩² + 1/D² · Σ_{d,d'} ⟨ŷ[d], ŷ[d']⟩² - 2/(C·D) ·
/// Σ_{c,d} ⟨x̂[c], ŷ[d]⟩²`, where x̂[c] is channel c over its H·W places, divided by its length; a channel of
/// zeros stays zero.
///
/// **Shapes**: `x [N, C, H, W]`, `y [N, D, H, W]`, loss `[N]`.
///
/// **Gradient**: by x̂[c] `g = 4/C²·Σ_{c'} ⟨x̂[c], x̂[c']⟩·x̂[c'] - 4/(C·D)·Σ_d ⟨x̂[c], ŷ[d]⟩·ŷ[d]`, and by
/// x[c] `(g - x̂[c]·⟨g, x̂[c]⟩)/‖x[c]‖`. The gradient by y is the same with x and y exchanged.
///
/// **Throws**: `ShapeError` for values that are not images of equal height and width.
///
/// **Paper**: Huang, Wang, "Like what you like: knowledge distill via neuron selectivity transfer", 2017,
/// arXiv:1707.01219.
public struct NeuronSelectivity: Loss {
  /// The name of the kind, which no file holds: `neuron-selectivity`.
  public static let kind = "neuron-selectivity"

  /// Makes a loss.
  public init() {}

  /// No settings.
  public static var settings: [Setting<NeuronSelectivity>] { [] }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<NeuronSelectivity>] {
    [
      OpExample(NeuronSelectivity(), [2, 3, 2, 2], [2, 2, 2, 2]),
      OpExample(NeuronSelectivity(), [1, 2, 3, 3], [1, 3, 3, 3]),
    ]
  }

  /// The shape `[N]`; throws for values that are not images of equal height and width.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try outputShape(ofPlanes: inputs) }

  /// Both values with channels of length 1, and the lengths that the channels had.
  public func scratchCount(_ item: LossItem) -> Int {
    item.predictionCount + item.targetCount + item.prediction[0] + item.target[0]
  }

  /// Normalizes the channels of both values, and adds up the kernel's three means.
  public func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scratch: inout MutableSpan<Float>
  ) -> Float {
    let (x, y) = Self.sides(item)
    Self.write(prediction, x, into: &scratch)
    Self.write(target, y, into: &scratch)
    let own = Self.kernel(x, x, scratch.span) + Self.kernel(y, y, scratch.span)
    return Float(own - 2 * Self.kernel(x, y, scratch.span))
  }

  /// Writes the gradients by the normalized channels, and carries them through the normalization.
  public func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let (x, y) = Self.sides(item)
    Self.writeGradient(x, y, scale, scratch.span, into: &byPrediction, at: item.predictionRange.lowerBound)
    guard !byTarget.isEmpty else { return }
    Self.writeGradient(y, x, scale, scratch.span, into: &byTarget, at: item.targetRange.lowerBound)
  }

  /// One of the two values, and the places of its data in the working memory.
  private struct Side {
    let channels: Int
    let area: Int
    var start = 0
    var lengths = 0
  }

  private static func sides(_ item: LossItem) -> (Side, Side) {
    let area = item.prediction[1] * item.prediction[2]
    var x = Side(channels: item.prediction[0], area: area)
    var y = Side(channels: item.target[0], area: area)
    x.lengths = item.predictionCount
    y.start = x.lengths + x.channels
    y.lengths = y.start + item.targetCount
    return (x, y)
  }

  private static func write(_ values: Span<Float>, _ side: Side, into scratch: inout MutableSpan<Float>) {
    for c in 0..<side.channels {
      let start = c * side.area
      let length = SpanSums.dot(values, start, values, start, side.area).squareRoot()
      scratch[side.lengths + c] = length
      let factor = length == 0 ? 0 : 1 / length
      for p in start..<start + side.area { scratch[side.start + p] = factor * values[p] }
    }
  }

  /// The mean of the kernel over every two channels.
  private static func kernel(_ x: Side, _ y: Side, _ scratch: Span<Float>) -> Double {
    var sum = 0.0
    for c in 0..<x.channels {
      for d in 0..<y.channels {
        let product = Double(
          SpanSums.dot(scratch, x.start + c * x.area, scratch, y.start + d * y.area, x.area))
        sum += product * product
      }
    }
    return sum / Double(x.channels * y.channels)
  }

  /// Adds each channel of a value, times `factor` and its product with the channel at `own`.
  private static func add(
    _ side: Side, _ factor: Float, _ own: Int, _ scratch: Span<Float>, to gradient: inout MutableSpan<Float>,
    at place: Int
  ) {
    for d in 0..<side.channels {
      let other = side.start + d * side.area
      let product = SpanSums.dot(scratch, own, scratch, other, side.area)
      SpanSums.add(factor * product, scratch, other, to: &gradient, place, side.area)
    }
  }

  private static func writeGradient(
    _ x: Side, _ y: Side, _ scale: Float, _ scratch: Span<Float>, into gradient: inout MutableSpan<Float>,
    at place: Int
  ) {
    for c in 0..<x.channels {
      let (own, start) = (x.start + c * x.area, place + c * x.area)
      for p in start..<start + x.area { gradient[p] = 0 }
      add(x, 4 * scale / Float(x.channels * x.channels), own, scratch, to: &gradient, at: start)
      add(y, -4 * scale / Float(x.channels * y.channels), own, scratch, to: &gradient, at: start)
      let length = scratch[x.lengths + c]
      let along = SpanSums.dot(gradient.span, start, scratch, own, x.area)
      for p in 0..<x.area {
        gradient[start + p] = length == 0 ? 0 : (gradient[start + p] - along * scratch[own + p]) / length
      }
    }
  }
}
