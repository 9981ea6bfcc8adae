import Foundation
public import Graphs
public import Settings
public import Tensors

/// The loss of a detector's scores: hard negative mining with cross-entropy, or focal loss.
///
/// Cross-entropy counts the anchors that match an object, and those of the background with the largest
/// losses. Focal loss counts all anchors.
///
/// **Formula**: `loss = 1/P · Σ_(a counted) -Σ_c t[a,c]·log p[a,c]`, where p is the softmax of an anchor's
/// scores, class 0 is the background, and `t = (1 - smoothing)·y + smoothing/C`. P is the number of the
/// batch's anchors of a class above 0, at least 1. These count, and in each image `negatives` times as many
/// of class 0, those with the largest losses; of equal ones the first. With a `focus` γ all anchors count, by
/// `-(1 - p)^γ·log p` with the p of their class. Anchors of a class below 0 never count.
///
/// **Shapes**: scores `x [N, A·C]`; target `y [N, A·5]` with the class of each anchor and the four offsets
/// for `anchor-box-loss`; loss `[N]`, that of the batch for each image.
///
/// **Gradient**: `dx = (p - t)/P`; with a focus `(γ(1 - p)^(γ-1)·p·log p - (1 - p)^γ)·(y - p)/P`; y has none.
///
/// **Settings**: negatives, focus, smoothing.
///
/// **Throws**: `ShapeError` for values that are not `[N, A·C]` and `[N, A·5]`, and for smoothing with a
/// focus.
///
/// **Papers**: Liu et al., "SSD: single shot multibox detector", ECCV 2016, arXiv:1512.02325; Lin et al.,
/// "Focal loss for dense object detection", ICCV 2017, arXiv:1708.02002.
public struct AnchorClassLoss: BatchLoss {
  /// The name of the kind, which no file holds: `anchor-class-loss`.
  public static let kind = "anchor-class-loss"

  /// The number of background anchors that count for each anchor of an object.
  public var negatives: Float = 3
  /// The exponent of the focal loss; `nil` counts the background's worst anchors with cross-entropy.
  public var focus: Float?
  /// The share of the target that is spread over all classes.
  public var smoothing: Float = 0

  /// Three background anchors for each anchor of an object.
  public init() {}

  /// Makes a loss.
  public init(negatives: Float = 3, focus: Float? = nil, smoothing: Float = 0) {
    (self.negatives, self.focus, self.smoothing) = (negatives, focus, smoothing)
  }

  /// Settings: `negatives`, `focus`, `smoothing`.
  public static var settings: [Setting<AnchorClassLoss>] {
    [
      Setting("negatives", \.negatives, in: 0...1000, "anchors of the background for each of a thing"),
      Setting("focus", \.focus, in: 0...10, "exponent of the focal loss; null counts the worst"),
      Setting("smoothing", \.smoothing, in: 0...0.9, "share of the target that is spread over all classes"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<AnchorClassLoss>] {
    [
      OpExample(AnchorClassLoss(), [2, 18], [2, 30]),
      OpExample(AnchorClassLoss(negatives: 1, smoothing: 0.1), [1, 12], [1, 20]),
      OpExample(AnchorClassLoss(focus: 2), [2, 15], [2, 25]),
    ]
  }

  /// Refuses smoothing together with a focus.
  public func validate() throws(ShapeError) {
    guard focus == nil || smoothing == 0 else {
      throw .invalidSetting(op: kind, reason: "targets of a focal loss are not smoothed")
    }
  }

  /// The shape `[N]`; throws for values that are not `[N, A·C]` and `[N, A·5]` with two classes or more.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try outputShape(ofAnchors: inputs) { $0 >= 2 }
  }

  /// The loss of each anchor, a number above 0 if it counts, and the divisor of the batch's sum.
  public func scratchCount(_ batch: LossBatch) -> Int { 2 * batch.count * batch.anchors + 1 }

  /// Measures all anchors, chooses those of the background that count, and divides their sum.
  public func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scratch: inout MutableSpan<Float>
  ) -> Float {
    let (anchors, classes) = (batch.anchors, batch.predictionCount / max(batch.anchors, 1))
    let all = batch.count * anchors
    var (sum, things) = (0.0, 0)
    for image in 0..<batch.count {
      let rows = image * anchors..<(image + 1) * anchors
      let positives = measure(rows, prediction, target, classes, &scratch, counts: all)
      if focus == nil {
        let negatives = (Double(self.negatives) * Double(positives)).rounded(.down)
        Self.choose(rows, most: Int(min(negatives, Double(anchors))), target, classes, &scratch, counts: all)
      }
      for row in rows where scratch[all + row] > 0 { sum += Double(scratch[row]) }
      things += positives
    }
    scratch[2 * all] = Float(max(things, 1))
    return sum.isFinite ? Float(sum / Double(max(things, 1))) : .nan
  }

  /// Computes the losses of an image's anchors, and lets those of objects count; returns their number.
  private func measure(
    _ rows: Range<Int>, _ prediction: Span<Float>, _ target: Span<Float>, _ classes: Int,
    _ scratch: inout MutableSpan<Float>, counts: Int
  ) -> Int {
    var positives = 0
    for row in rows {
      let label = Anchor.label(target, row, classes)
      let scores = prediction.extracting(row * classes..<(row + 1) * classes)
      let (highest, normalizer) = Self.normalizer(scores)
      let own = normalizer - Double(scores[max(label, 0)] - highest)
      var loss = own
      if let focus {
        loss *= pow(max(1 - exp(-own), 0), Double(focus))
      } else if smoothing > 0 {
        var mean = 0.0
        for i in scores.indices { mean += normalizer - Double(scores[i] - highest) }
        loss = Double(1 - smoothing) * own + Double(smoothing) * mean / Double(classes)
      }
      // The background's loss alone decides which anchors count, so it is never below 0.
      scratch[row] = Float(loss.isNaN ? .infinity : max(loss, 0))
      scratch[counts + row] = label > 0 || (label == 0 && focus != nil) ? 1 : 0
      if label > 0 { positives += 1 }
    }
    return positives
  }

  /// Lets the background's anchors with the largest losses count; of equal ones the first.
  private static func choose(
    _ rows: Range<Int>, most: Int, _ target: Span<Float>, _ classes: Int, _ scratch: inout MutableSpan<Float>,
    counts: Int
  ) {
    guard most > 0 else { return }
    // Floats from 0 up are ordered as their bits are, so a bisection over bits finds the loss of the last
    // anchor to count.
    func reaching(_ bits: UInt32, _ scratch: borrowing MutableSpan<Float>) -> Int {
      var found = 0
      for row in rows where Anchor.label(target, row, classes) == 0 && scratch[row].bitPattern >= bits {
        found += 1
      }
      return found
    }
    var (low, high) = (UInt32(0), Float.infinity.bitPattern)
    while low < high {
      let middle = high - (high - low) / 2
      if reaching(middle, scratch) >= most { low = middle } else { high = middle - 1 }
    }
    var equal = most - reaching(low + 1, scratch)
    for row in rows where Anchor.label(target, row, classes) == 0 {
      let bits = scratch[row].bitPattern
      if bits > low {
        scratch[counts + row] = 1
      } else if bits == low, equal > 0 {
        scratch[counts + row] = 1
        equal -= 1
      }
    }
  }

  /// Writes `(p - t)/P` or the focal slope for anchors that count, and zeros for all others.
  public func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>
  ) {
    let (anchors, classes) = (batch.anchors, batch.predictionCount / max(batch.anchors, 1))
    let all = batch.count * anchors
    let factor = Double(scale) / Double(scratch[2 * all])
    for row in 0..<all {
      let start = row * classes
      guard scratch[all + row] > 0 else {
        for i in start..<start + classes { byPrediction[i] = 0 }
        continue
      }
      let label = max(Anchor.label(target, row, classes), 0)
      let scores = prediction.extracting(start..<start + classes)
      let (highest, normalizer) = Self.normalizer(scores)
      let slope = focus.map { Self.focalSlope(normalizer - Double(scores[label] - highest), Double($0)) }
      for i in 0..<classes {
        let share = exp(Double(scores[i] - highest) - normalizer)
        let own = i == label ? 1.0 : 0
        let difference =
          slope.map { $0 * (own - share) }
          ?? (share - Double(1 - smoothing) * own - Double(smoothing) / Double(classes))
        byPrediction[start + i] = Float(factor * difference)
      }
    }
    for i in byTarget.indices { byTarget[i] = 0 }
  }

  /// `γ(1 - p)^(γ-1)·p·log p - (1 - p)^γ` for `p = e^-loss`.
  private static func focalSlope(_ loss: Double, _ focus: Double) -> Double {
    let share = exp(-loss)
    let rest = max(1 - share, 0)
    guard focus > 0 else { return -1 }
    // At p = 1 the power of an exponent below 0 is infinite, but its product with log p tends to 0.
    let inner = rest > 0 ? focus * pow(rest, focus - 1) * share * -loss : 0
    return inner - pow(rest, focus)
  }

  /// The largest score, and the logarithm of `Σ_c e^(score[c] - highest)`.
  private static func normalizer(_ scores: Span<Float>) -> (highest: Float, normalizer: Double) {
    let highest = Scores.highest(scores)
    var sum = 0.0
    for i in scores.indices { sum += exp(Double(scores[i] - highest)) }
    return (highest, log(sum))
  }
}

/// The numbers of a target for one anchor: five, the class first.
enum Anchor {
  /// The number of floats for each anchor.
  static let count = 5

  /// The class of an anchor, 0 for the background; -1 if it does not count or no such class exists.
  static func label(_ target: Span<Float>, _ row: Int, _ classes: Int) -> Int {
    let value = target[row * count].rounded()
    return value >= 0 && value < Float(classes) ? Int(value) : -1
  }
}

extension LossBatch {
  /// The anchors of an image, with five numbers each in the target.
  var anchors: Int { targetCount / Anchor.count }
}

extension BatchLoss {
  /// The shape `[N]`, for predictions of so many numbers an anchor as `accepts` allows, and targets of five.
  func outputShape(ofAnchors inputs: [Shape], accepts: (Int) -> Bool) throws(ShapeError) -> Shape {
    let shape = try outputShape(ofBatches: inputs)
    for input in inputs where input.rank != 2 {
      throw .wrongRank(op: kind, expected: "[N, anchors and what is said of each]", found: input)
    }
    let anchors = inputs[1][1] / Anchor.count
    guard anchors > 0, inputs[1][1].isMultiple(of: Anchor.count), inputs[0][1].isMultiple(of: anchors),
      accepts(inputs[0][1] / anchors)
    else {
      throw .mismatch(op: kind, what: "the anchors differ", first: inputs[0], second: inputs[1])
    }
    return shape
  }
}
