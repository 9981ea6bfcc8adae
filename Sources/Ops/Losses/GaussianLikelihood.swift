import Foundation
public import Graphs
public import Settings
public import Tensors

/// The negative log-likelihood of a value under normal distributions with given means, and a variance for
/// each channel.
///
/// **Formula**: `loss[n] = 1/(C·P) · Σ_{c,p} ½·((m[n,c,p] - y[n,c,p])²/v[n,c] + log v[n,c])` with
/// `v = log(1 + e^(s + o)) + 1e-5`, where p is one of the P elements of a channel, and o makes s = 0 give
/// `variance`.
///
/// **Shapes**: the means m followed by the numbers s of the variances, `[N, C·P + C]`; `y [N, C, …]`; loss
/// `[N]`.
///
/// **Gradient**: `dm = (m - y)/(C·P·v)`, `dy = -dm`,
/// `ds = Σ_p ½·(1/v - (m - y)²/v²)/(C·P · (1 + e^(-s - o)))`.
///
/// **Settings**: variance.
///
/// **Throws**: `ShapeError` for other shapes.
///
/// **Paper**: Ahn, Hu, Damianou, Lawrence, Dai, "Variational information distillation for knowledge
/// transfer", CVPR 2019, arXiv:1904.05835; softplus and 1e-5 are those of the authors' implementation.
public struct GaussianLikelihood: Loss {
  /// The name of the kind, which no file holds: `gaussian-likelihood`.
  public static let kind = "gaussian-likelihood"
  private static let epsilon = 1e-5

  /// The variance for s = 0, from which training starts.
  public var variance: Float = 5

  /// A variance of 5.
  public init() {}

  /// Makes a loss.
  public init(variance: Float) { self.variance = variance }

  /// Settings: `variance`.
  public static var settings: [Setting<GaussianLikelihood>] {
    [Setting("variance", \.variance, in: 0.001...1000, "the variance that training starts from")]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<GaussianLikelihood>] {
    [
      OpExample(GaussianLikelihood(variance: 2), [2, 15], [2, 3, 2, 2]),
      OpExample(GaussianLikelihood(variance: 4), [3, 8], [3, 4]),
    ]
  }

  /// Refuses a variance outside 0.001...1000.
  public func validate() throws(ShapeError) {
    guard variance >= 0.001, variance <= 1000 else {
      throw .invalidSetting(op: kind, reason: "variance \(variance) is outside 0.001...1000")
    }
  }

  /// The shape `[N]`; throws for values that are not `[N, C·P + C]` and `[N, C, …]`.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 2)
    guard inputs[0].rank == 2, inputs[1].rank >= 2, inputs[0][0] == inputs[1][0],
      inputs[0][1] == inputs[1][1] * (inputs[1].spatialCount + 1)
    else {
      throw .mismatch(
        op: kind, what: "they are not a mean an element and a variance a channel, and the elements",
        first: inputs[0], second: inputs[1])
    }
    return [inputs[0][0]]
  }

  /// The variance of a channel, and its derivative by the number s.
  private func variance(_ number: Float) -> (value: Double, slope: Double) {
    let start = Double(variance) - Self.epsilon
    // log(e^s - 1), which does not overflow for a large s.
    let argument = Double(number) + (start > 30 ? start + log1p(-exp(-start)) : log(expm1(start)))
    // Beyond 30, log(1 + e^x) and x agree to all digits of a float.
    let value = argument > 30 ? argument : log1p(exp(argument))
    return (value + Self.epsilon, 1 / (1 + exp(-argument)))
  }

  /// Averages the squared differences over the variances, and the variances' logarithms.
  public func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scratch: inout MutableSpan<Float>
  ) -> Float {
    let area = target.count / item.target[0]
    var sum = 0.0
    for c in 0..<item.target[0] {
      let variance = variance(prediction[target.count + c]).value
      var squares = 0.0
      for i in c * area..<(c + 1) * area {
        let difference = Double(prediction[i]) - Double(target[i])
        squares += difference * difference
      }
      sum += squares / variance + Double(area) * log(variance)
    }
    return Float(sum / Double(2 * target.count))
  }

  /// Writes the gradients of means, variances and target.
  public func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let area = target.count / item.target[0]
    let (own, other) = (item.predictionRange.lowerBound, item.targetRange.lowerBound)
    let factor = Double(scale) / Double(target.count)
    for c in 0..<item.target[0] {
      let (variance, slope) = variance(prediction[target.count + c])
      var squares = 0.0
      for i in c * area..<(c + 1) * area {
        let difference = Double(prediction[i]) - Double(target[i])
        squares += difference * difference
        byPrediction[own + i] = Float(factor * difference / variance)
        if !byTarget.isEmpty { byTarget[other + i] = Float(-factor * difference / variance) }
      }
      let byVariance = 0.5 * (Double(area) / variance - squares / (variance * variance))
      byPrediction[own + target.count + c] = Float(factor * byVariance * slope)
    }
  }
}
