import Foundation
public import Graphs
public import Settings
public import Tensors

/// A contrastive loss that tells each item of a batch from the others by another value of the same item, both
/// ways.
///
/// **Formula**: `loss = -1/N · Σ_i (log softmax_j(c[i,j]/T)[i] + log softmax_j(c[j,i]/T)[i])`, where c[i,j]
/// is the cosine of x[i] and y[j] over all their elements (0 for an item of zeros).
///
/// **Shapes**: `x, y [N, …]` with equally many elements for each item; loss `[N]`, that of the batch.
///
/// **Gradient**: by the cosines `g = (P + Q - 2·1)/(N·T)`, with P and Q the softmaxes of rows and columns and
/// 1 the identity. By items of length 1, `dx̂[i] = Σ_j g[i,j]·ŷ[j]` and `dŷ[j] = Σ_i g[i,j]·x̂[i]`. By x and
/// y, the part of these that is orthogonal to the item, divided by its length.
///
/// **Settings**: temperature.
///
/// **Throws**: `ShapeError` for values with different numbers of items or elements.
///
/// **Paper**: van den Oord, Li, Vinyals, "Representation learning with contrastive predictive coding", 2018,
/// arXiv:1807.03748; for a teacher and a student, Tian, Krishnan, Isola, "Contrastive representation
/// distillation", ICLR 2020, arXiv:1910.10699.
public struct ContrastiveEntropy: BatchLoss {
  /// The name of the kind, which no file holds: `contrastive-entropy`.
  public static let kind = "contrastive-entropy"

  /// The divisor of cosines before the softmax.
  public var temperature: Float = 0.07

  /// The paper's temperature.
  public init() {}

  /// Makes a loss.
  public init(temperature: Float) { self.temperature = temperature }

  /// Settings: `temperature`.
  public static var settings: [Setting<ContrastiveEntropy>] {
    [Setting("temperature", \.temperature, in: 0.01...10, "what cosines are divided by")]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<ContrastiveEntropy>] {
    [
      OpExample(ContrastiveEntropy(temperature: 0.5), [4, 3], [4, 3]),
      OpExample(ContrastiveEntropy(temperature: 1), [3, 2, 2, 1], [3, 4, 1, 1]),
    ]
  }

  /// Refuses a temperature outside 0.01...10.
  public func validate() throws(ShapeError) {
    guard temperature >= 0.01, temperature <= 10 else {
      throw .invalidSetting(op: kind, reason: "temperature \(temperature) is outside 0.01...10")
    }
  }

  /// The shape `[N]`; throws for different numbers of items or of elements.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let shape = try outputShape(ofBatches: inputs)
    guard inputs[0].count == inputs[1].count else {
      throw .mismatch(op: kind, what: "the elements of an item differ", first: inputs[0], second: inputs[1])
    }
    return shape
  }

  /// The cosines divided by the temperature, the inverse lengths of items, and the gradient by the cosines.
  public func scratchCount(_ batch: LossBatch) -> Int { 2 * batch.count * (batch.count + 1) }

  /// Computes the cosines of all pairs, and the cross-entropies of rows and columns.
  public func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scratch: inout MutableSpan<Float>
  ) -> Float {
    let (items, width) = (batch.count, batch.predictionCount)
    let factors = items * items
    for i in 0..<items {
      scratch[factors + i] = Self.factor(prediction, i * width, width)
      scratch[factors + items + i] = Self.factor(target, i * width, width)
    }
    for i in 0..<items {
      for j in 0..<items {
        let product = SpanSums.dot(prediction, i * width, target, j * width, width)
        scratch[i * items + j] =
          product * scratch[factors + i] * scratch[factors + items + j] / temperature
      }
    }
    var sum = 0.0
    for i in 0..<items {
      let own = Double(scratch[i * items + i])
      sum += Self.logarithm(scratch.span, i * items, 1, items) - own
      sum += Self.logarithm(scratch.span, i, items, items) - own
    }
    return Float(sum / Double(items))
  }

  /// Computes the gradient by the cosines, then those by the items.
  public func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let (items, width) = (batch.count, batch.predictionCount)
    let factors = items * items
    let slopes = factors + 2 * items
    let unit = Double(scale) / (Double(items) * Double(temperature))
    for i in 0..<items {
      let normalizer = Self.logarithm(scratch.span, i * items, 1, items)
      for j in 0..<items {
        scratch[slopes + i * items + j] = Float(unit * exp(Double(scratch[i * items + j]) - normalizer))
      }
    }
    for j in 0..<items {
      let normalizer = Self.logarithm(scratch.span, j, items, items)
      for i in 0..<items {
        scratch[slopes + i * items + j] += Float(unit * exp(Double(scratch[i * items + j]) - normalizer))
      }
      scratch[slopes + j * items + j] -= Float(2 * unit)
    }
    Self.writeGradient(
      of: prediction, target, items, width, factors: (factors, factors + items), slopes: slopes, (items, 1),
      scratch.span, into: &byPrediction)
    guard !byTarget.isEmpty else { return }
    Self.writeGradient(
      of: target, prediction, items, width, factors: (factors + items, factors), slopes: slopes, (1, items),
      scratch.span, into: &byTarget)
  }

  /// Writes the gradient by one of both values.
  ///
  /// The gradients by the cosines of its item i begin at `slopes` + i · `steps.own`, and lie `steps.other`
  /// apart.
  private static func writeGradient(
    of x: Span<Float>, _ y: Span<Float>, _ items: Int, _ width: Int, factors: (own: Int, other: Int),
    slopes: Int,
    _ steps: (own: Int, other: Int), _ scratch: Span<Float>, into gradient: inout MutableSpan<Float>
  ) {
    for i in 0..<items * width { gradient[i] = 0 }
    for i in 0..<items {
      let (start, factor) = (i * width, scratch[factors.own + i])
      for j in 0..<items {
        let slope = scratch[slopes + i * steps.own + j * steps.other] * scratch[factors.other + j]
        SpanSums.add(slope, y, j * width, to: &gradient, start, width)
      }
      let along = SpanSums.dot(gradient.span, start, x, start, width) * factor * factor
      for k in start..<start + width { gradient[k] = factor * (gradient[k] - along * x[k]) }
    }
  }

  /// The inverse of an item's length; 0 for zeros.
  private static func factor(_ values: Span<Float>, _ start: Int, _ width: Int) -> Float {
    let length = SpanSums.dot(values, start, values, start, width).squareRoot()
    return length == 0 ? 0 : 1 / length
  }

  /// `log Σ_k exp(v[start + k·step])` for k in 0..<count.
  private static func logarithm(_ values: Span<Float>, _ start: Int, _ step: Int, _ count: Int) -> Double {
    var highest = -Float.infinity
    for k in 0..<count { highest = max(highest, values[start + k * step]) }
    var sum = 0.0
    for k in 0..<count { sum += exp(Double(values[start + k * step]) - Double(highest)) }
    return Double(highest) + log(sum)
  }
}
