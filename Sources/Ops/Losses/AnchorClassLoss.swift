import Foundation
public import Graphs
public import Settings
public import Tensors

/// The loss of a detector's scores: the cross-entropy of the softmax over classes of each anchor that stands for a thing, and of the
/// background's that are the worst; or the focal loss of all anchors.
///
/// **Formula**: `loss = 1/P · Σ_(a counted) -Σ_c t[a,c]·log p[a,c]`, p being the softmax of an anchor's scores, class 0 the background,
/// `t = (1 - smoothing)·y + smoothing/C` and P the things' anchors of the batch, at least 1. Counted are anchors of a class above 0,
/// and of those of class 0 in each image the `negatives` times as many with the largest loss, of equal ones the first. With a `focus`
/// γ all anchors count by `-(1 - p)^γ·log p`, p being that of their class. Anchors of a class below 0 never count.
///
/// **Shapes**: scores `x [N, A·C]`, target `y [N, A·5]` with an anchor's class and four numbers for `anchor-box-loss`; loss `[N]`,
/// the batch's for each.
///
/// **Gradient**: `dx = (p - t)/P`; with a focus `(γ(1 - p)^(γ-1)·p·log p - (1 - p)^γ)·(y - p)/P`; none by y.
///
/// **Settings**: negatives, focus, smoothing.
///
/// **Throws**: `ShapeError` for values that are not `[N, A·C]` and `[N, A·5]`, and for smoothing with a focus.
///
/// **Papers**: Liu et al., "SSD: single shot multibox detector", ECCV 2016, arXiv:1512.02325; Lin et al., "Focal loss for dense object
/// detection", ICCV 2017, arXiv:1708.02002.
public struct AnchorClassLoss: BatchLoss {
  public static let kind = "anchor-class-loss"

  /// Anchors of the background that count for each of a thing.
  public var negatives: Float = 3
  /// The exponent of the focal loss; `nil` counts the worst of the background.
  public var focus: Float?
  /// The share of the target that is spread over all classes.
  public var smoothing: Float = 0

  /// Three of the background for each of a thing.
  public init() {}

  /// Makes a loss.
  public init(negatives: Float = 3, focus: Float? = nil, smoothing: Float = 0) {
    (self.negatives, self.focus, self.smoothing) = (negatives, focus, smoothing)
  }

  public static var settings: [Setting<AnchorClassLoss>] {
    [
      Setting("negatives", \.negatives, in: 0...1000, "anchors of the background for each of a thing"),
      Setting("focus", \.focus, in: 0...10, "exponent of the focal loss; null counts the worst"),
      Setting("smoothing", \.smoothing, in: 0...0.9, "share of the target that is spread over all classes"),
    ]
  }

  public static var examples: [OpExample<AnchorClassLoss>] {
    [
      OpExample(AnchorClassLoss(), [2, 18], [2, 30]),
      OpExample(AnchorClassLoss(negatives: 1, smoothing: 0.1), [1, 12], [1, 20]),
      OpExample(AnchorClassLoss(focus: 2), [2, 15], [2, 25]),
    ]
  }

  public func validate() throws(ShapeError) {
    guard focus == nil || smoothing == 0 else {
      throw .invalidSetting(op: kind, reason: "targets of a focal loss are not smoothed")
    }
  }

  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try outputShape(ofAnchors: inputs) { $0 >= 2 }
  }

  /// Of every anchor its loss and whether it counts, and what the batch's sum is divided by.
  public func scratchCount(_ batch: LossBatch) -> Int { 2 * batch.count * batch.anchors + 1 }

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

  /// Computes the losses of an image's anchors and lets those of things count; gives back how many these are.
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
      // The background's loss decides by itself which anchors count, so it is never below 0.
      scratch[row] = Float(loss.isNaN ? .infinity : max(loss, 0))
      scratch[counts + row] = label > 0 || (label == 0 && focus != nil) ? 1 : 0
      if label > 0 { positives += 1 }
    }
    return positives
  }

  /// Lets the background's anchors with the largest losses count, of equal ones the first.
  private static func choose(
    _ rows: Range<Int>, most: Int, _ target: Span<Float>, _ classes: Int, _ scratch: inout MutableSpan<Float>,
    counts: Int
  ) {
    guard most > 0 else { return }
    // Floats from 0 up are in the order of their bits: the largest bits that at least so many anchors have.
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

  /// `γ(1 - p)^(γ-1)·p·log p - (1 - p)^γ` of `p = e^-loss`.
  private static func focalSlope(_ loss: Double, _ focus: Double) -> Double {
    let share = exp(-loss)
    let rest = max(1 - share, 0)
    guard focus > 0 else { return -1 }
    // Where nothing is left to learn the power of a focus below 1 has no bound, and the product with the logarithm none either.
    let inner = rest > 0 ? focus * pow(rest, focus - 1) * share * -loss : 0
    return inner - pow(rest, focus)
  }

  /// The largest score, and the logarithm of the sum of the powers of what others are below it.
  private static func normalizer(_ scores: Span<Float>) -> (highest: Float, normalizer: Double) {
    let highest = Scores.highest(scores)
    var sum = 0.0
    for i in scores.indices { sum += exp(Double(scores[i] - highest)) }
    return (highest, log(sum))
  }
}

/// What a target says of an anchor: five numbers, the class first.
enum Anchor {
  /// Numbers an anchor.
  static let count = 5

  /// The class of an anchor, 0 for the background; -1 for one that does not count, as one of a class that is not there.
  static func label(_ target: Span<Float>, _ row: Int, _ classes: Int) -> Int {
    let value = target[row * count].rounded()
    return value >= 0 && value < Float(classes) ? Int(value) : -1
  }
}

extension LossBatch {
  /// Anchors of an image, five numbers each in the target.
  var anchors: Int { targetCount / Anchor.count }
}

extension BatchLoss {
  /// The shape of the output, one number an item, of as many numbers an anchor as `accepts` says and a target of five an anchor.
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
