import Foundation
public import Graphs
public import Settings
public import Tensors

/// A contrastive loss that tells another vector of the same item from vectors of remembered items.
///
/// It is the entropy of deciding, vector by vector, if it belongs to the item or is noise.
///
/// **Formula**: `loss = 1/N · Σ_i (log(1 + e^(b - c[i]/T)) + Σ_k log(1 + e^(x̂[i]·m[k]/T - b)))`, where c[i] is
/// the cosine of x[i] and y[i] (0 for an item of zeros), x̂ is x of length 1, and m are all K remembered
/// vectors, whichever item brings them. `b = log K + 1/(2·F·T²)` is the logarithm of K times what
/// `e^(x̂·m/T)` is on average for random m of length 1.
///
/// **Shapes**: `x [N, F]`; for each item y and its share of the remembered vectors, one after another, `[N,
/// (1 + K/N)·F]`; loss `[N]`, that of the batch.
///
/// **Gradient**: with `p = σ(b - c[i]/T)` and `q[i,k] = σ(x̂[i]·m[k]/T - b)`,
/// `dx̂[i] = (Σ_k q[i,k]·m[k] - p·ŷ[i])/(N·T)`, `dŷ[i] = -p·x̂[i]/(N·T)` and
/// `dm[k] = Σ_i q[i,k]·x̂[i]/(N·T)`. By x and y, the part of these that is orthogonal to the item, divided by
/// its length.
///
/// **Settings**: temperature.
///
/// **Throws**: `ShapeError` for other shapes.
///
/// **Paper**: Gutmann, Hyvärinen, "Noise-contrastive estimation", AISTATS 2010; for a teacher and a student,
/// Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020, arXiv:1910.10699. The authors'
/// code takes the average in b from its first batch; this is what it is before anything is learned.
public struct NoiseContrast: BatchLoss {
  /// The name of the kind, which no file holds: `noise-contrast`.
  public static let kind = "noise-contrast"

  /// The divisor of cosines.
  public var temperature: Float = 0.07

  /// The paper's temperature.
  public init() {}

  /// Makes a loss.
  public init(temperature: Float) { self.temperature = temperature }

  /// Settings: `temperature`.
  public static var settings: [Setting<NoiseContrast>] {
    [Setting("temperature", \.temperature, in: 0.01...10, "what cosines are divided by")]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<NoiseContrast>] {
    [
      OpExample(NoiseContrast(temperature: 0.5), [4, 3], [4, 9]),
      OpExample(NoiseContrast(temperature: 1), [2, 5], [2, 20]),
    ]
  }

  /// Refuses a temperature outside 0.01...10.
  public func validate() throws(ShapeError) {
    guard temperature >= 0.01, temperature <= 10 else {
      throw .invalidSetting(op: kind, reason: "temperature \(temperature) is outside 0.01...10")
    }
  }

  /// The shape `[N]`; throws unless each item has vectors of one length, two or more in the second value.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let shape = try outputShape(ofBatches: inputs)
    for input in inputs where input.rank != 2 {
      throw .wrongRank(op: kind, expected: "[N, F]", found: input)
    }
    guard inputs[0][1] > 0, inputs[1][1].isMultiple(of: inputs[0][1]), inputs[1][1] >= 2 * inputs[0][1] else {
      throw .mismatch(
        op: kind, what: "the second is no vector of as many numbers with remembered ones", first: inputs[0],
        second: inputs[1])
    }
    return shape
  }

  /// The inverse lengths of both items, and the products of items and vectors over the temperature.
  public func scratchCount(_ batch: LossBatch) -> Int {
    let drawn = batch.targetCount / max(batch.predictionCount, 1) - 1
    return batch.count * (3 + batch.count * drawn)
  }

  /// The places of the parts of a batch.
  private struct Places {
    let items: Int
    let width: Int
    /// Elements of an item of the second value.
    let row: Int
    /// Remembered vectors that an item brings.
    let drawn: Int
    /// The logarithm b of the formula.
    let bias: Double

    init(_ batch: LossBatch, temperature: Float) {
      (items, width, row) = (batch.count, batch.predictionCount, batch.targetCount)
      drawn = row / width - 1
      let temperature = Double(temperature)
      bias = log(Double(items * drawn)) + 1 / (2 * Double(width) * temperature * temperature)
    }

    /// The number of remembered vectors.
    var count: Int { items * drawn }
    /// Where the inverse lengths of y begin, and the products with y.
    var others: Int { items }
    var own: Int { 2 * items }
    /// Where the products of item i with all vectors begin.
    func products(of item: Int) -> Int { 3 * items + item * count }
    /// Where vector k begins.
    func vector(_ k: Int) -> Int { k / drawn * row + (1 + k % drawn) * width }
  }

  /// Computes all products, and the entropies of all decisions.
  public func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scratch: inout MutableSpan<Float>
  ) -> Float {
    let places = Places(batch, temperature: temperature)
    let width = places.width
    var sum = 0.0
    for i in 0..<places.items {
      let (start, other) = (i * width, i * places.row)
      let factor = Self.factor(prediction, start, width)
      let otherFactor = Self.factor(target, other, width)
      (scratch[i], scratch[places.others + i]) = (factor, otherFactor)
      let cosine = SpanSums.dot(prediction, start, target, other, width) * factor * otherFactor
      scratch[places.own + i] = cosine / temperature
      sum += Self.softplus(places.bias - Double(cosine / temperature))
      let products = places.products(of: i)
      for k in 0..<places.count {
        let product =
          SpanSums.dot(prediction, start, target, places.vector(k), width) * factor / temperature
        scratch[products + k] = product
        sum += Self.softplus(Double(product) - places.bias)
      }
    }
    return Float(sum / Double(places.items))
  }

  /// Computes the slopes of all decisions, then the gradients by the vectors.
  public func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let places = Places(batch, temperature: temperature)
    let width = places.width
    let unit = Double(scale) / (Double(places.items) * Double(temperature))
    for i in 0..<places.items * width { byPrediction[i] = 0 }
    let hasTarget = !byTarget.isEmpty
    if hasTarget { for i in 0..<places.items * places.row { byTarget[i] = 0 } }
    for i in 0..<places.items {
      let (start, other) = (i * width, i * places.row)
      let (factor, otherFactor) = (scratch[i], scratch[places.others + i])
      let own = Float(-unit * Self.sigmoid(places.bias - Double(scratch[places.own + i])))
      SpanSums.add(own * otherFactor, target, other, to: &byPrediction, start, width)
      if hasTarget {
        SpanSums.add(own * factor, prediction, start, to: &byTarget, other, width)
        Self.project(&byTarget, target, other, width, factor: otherFactor)
      }
      let products = places.products(of: i)
      for k in 0..<places.count {
        let slope = Float(unit * Self.sigmoid(Double(scratch[products + k]) - places.bias))
        let vector = places.vector(k)
        SpanSums.add(slope, target, vector, to: &byPrediction, start, width)
        if hasTarget { SpanSums.add(slope * factor, prediction, start, to: &byTarget, vector, width) }
      }
      Self.project(&byPrediction, prediction, start, width, factor: factor)
    }
  }

  /// Turns the gradient by a vector of length 1 into that by the vector it was made from.
  private static func project(
    _ gradient: inout MutableSpan<Float>, _ values: Span<Float>, _ start: Int, _ width: Int, factor: Float
  ) {
    let along = SpanSums.dot(gradient.span, start, values, start, width) * factor * factor
    for k in start..<start + width { gradient[k] = factor * (gradient[k] - along * values[k]) }
  }

  /// The inverse of an item's length; 0 for zeros.
  private static func factor(_ values: Span<Float>, _ start: Int, _ width: Int) -> Float {
    let length = SpanSums.dot(values, start, values, start, width).squareRoot()
    return length == 0 ? 0 : 1 / length
  }

  /// `log(1 + eˣ)`.
  private static func softplus(_ x: Double) -> Double {
    x.isNaN ? x : max(x, 0) + log1p(exp(-x.magnitude))
  }

  /// `1/(1 + e⁻ˣ)`.
  private static func sigmoid(_ x: Double) -> Double {
    x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
  }
}
