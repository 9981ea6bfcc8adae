public import Graphs
public import Tensors

/// An op of training graphs that compares two values item by item: a prediction and a target.
///
/// **Shapes**: prediction `[N, …]`, target `[N, …]`, output `[N]`: the loss of each item. Training minimizes
/// the weighted mean over items of an objective's losses.
///
/// A loss is written once, over spans of one item. The reference kernels and the native backend both run it,
/// so it allocates nothing. Both inputs have a gradient, as layers that are trained with the student may
/// stand on either side.
public protocol Loss: ObjectiveOp {
  /// The working memory for an item, in floats; `writeGradients` finds there what `loss` left.
  func scratchCount(_ item: LossItem) -> Int
  /// The loss of one item; NaN if an element that decides it is NaN.
  func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scratch: inout MutableSpan<Float>
  ) -> Float
  /// Writes the gradients of `scale` times the loss of one item, which has been computed before.
  ///
  /// They go into those of the whole batch, from the item's start on. The gradient by the target is written
  /// only if its span is not empty.
  func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ item: LossItem, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>)
}

/// The shapes of the values that a loss compares, for one item.
public struct LossItem: Sendable, Equatable {
  /// The shape of the prediction without the batch axis.
  public let prediction: Shape
  /// The shape of the target without the batch axis.
  public let target: Shape
  /// The number of elements of a prediction.
  public let predictionCount: Int
  /// The number of elements of a target.
  public let targetCount: Int
  /// The position of the item in the batch.
  public var index = 0

  /// Makes the first item of two values whose first axis is the batch.
  public init(_ inputs: [Shape]) {
    prediction = Shape(Array(inputs[0].dimensions.dropFirst()))
    target = Shape(Array(inputs[1].dimensions.dropFirst()))
    (predictionCount, targetCount) = (prediction.count, target.count)
  }

  /// The range of the item's prediction in the batch.
  public var predictionRange: Range<Int> { index * predictionCount..<(index + 1) * predictionCount }
  /// The range of the item's target in the batch.
  public var targetRange: Range<Int> { index * targetCount..<(index + 1) * targetCount }
}

extension Loss {
  /// No working memory.
  public func scratchCount(_ item: LossItem) -> Int { 0 }

  /// Channels cannot be removed: a loss is one number for each item.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .fixed(reason: "a loss is one number an item") }

  /// Computes the loss of each item.
  public func forward(_ frame: inout KernelFrame) {
    var item = LossItem(frame.inputs.map(\.shape))
    var scratch = [Float](repeating: 0, count: scratchCount(item))
    var room = scratch.mutableSpan
    let (predictions, targets) = (frame.inputs[0].values, frame.inputs[1].values)
    for index in frame.output.values.indices {
      item.index = index
      frame.output.values[index] = loss(
        of: predictions.span.extracting(item.predictionRange), targets.span.extracting(item.targetRange),
        item,
        scratch: &room)
    }
  }

  /// Computes each item's loss again, then its gradients.
  public func backward(_ frame: inout GradientFrame) {
    var item = LossItem(frame.inputs.map(\.shape))
    var scratch = [Float](repeating: 0, count: scratchCount(item))
    var room = scratch.mutableSpan
    let (predictions, targets) = (frame.inputs[0].values, frame.inputs[1].values)
    var first = frame.inputGradients[0].values
    var second = frame.inputGradients[1].values
    var byPrediction = first.mutableSpan
    var byTarget = second.mutableSpan
    for index in frame.outputGradient.values.indices {
      item.index = index
      let (said, wanted) = (
        predictions.span.extracting(item.predictionRange), targets.span.extracting(item.targetRange)
      )
      _ = loss(of: said, wanted, item, scratch: &room)
      writeGradients(
        of: said, wanted, item,
        scale: frame.outputGradient.values[index], scratch: &room, byPrediction: &byPrediction,
        byTarget: &byTarget)
    }
    frame.inputGradients[0].values = first
    frame.inputGradients[1].values = second
  }

  /// The shape `[N]`, for two values of one shape.
  func outputShape(ofEqual inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 2)
    guard inputs[0] == inputs[1] else {
      throw .mismatch(op: kind, what: "the shapes differ", first: inputs[0], second: inputs[1])
    }
    return [inputs[0][0]]
  }

  /// The shape `[N]`, for images of equal height and width.
  func outputShape(ofPlanes inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 2)
    for input in inputs where input.rank != 4 {
      throw .wrongRank(op: kind, expected: "[N, C, H, W]", found: input)
    }
    guard inputs[0][0] == inputs[1][0], inputs[0][2] == inputs[1][2], inputs[0][3] == inputs[1][3] else {
      throw .mismatch(op: kind, what: "height and width differ", first: inputs[0], second: inputs[1])
    }
    return [inputs[0][0]]
  }
}

/// Helpers for the scores of one item.
enum Scores {
  /// The largest score; 0 for none.
  static func highest(_ scores: Span<Float>) -> Float {
    var highest = scores.isEmpty ? 0 : scores[0]
    for i in scores.indices where scores[i] > highest { highest = scores[i] }
    return highest
  }
}
