public import Graphs
public import Tensors

/// An op of training graphs that compares two values over a whole batch, such as the relations among its
/// images.
///
/// **Shapes**: prediction `[N, …]`, target `[N, …]`, output `[N]`: the loss of the batch, N times. The mean
/// over items that training minimizes is then the loss of the batch.
///
/// It is written once, over spans of the batch. The reference kernels and the native backend both run it, so
/// it allocates nothing. Where training splits its batches (`accumulationSteps`), each part is a batch by
/// itself.
public protocol BatchLoss: ObjectiveOp {
  /// The working memory for a batch, in floats; `writeGradients` finds there what `loss` left.
  func scratchCount(_ batch: LossBatch) -> Int
  /// The loss of the batch; NaN if an element that decides it is NaN.
  func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scratch: inout MutableSpan<Float>
  ) -> Float
  /// Writes the gradients of `scale` times the loss, which has been computed before.
  ///
  /// The gradient by the target is written only if its span is not empty.
  func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>)
}

/// The shapes of the values that a loss compares, for a whole batch.
public struct LossBatch: Sendable, Equatable {
  /// The number of items in the batch.
  public let count: Int
  /// The shape of an item's prediction.
  public let prediction: Shape
  /// The shape of an item's target.
  public let target: Shape
  /// The number of elements of an item's prediction.
  public let predictionCount: Int
  /// The number of elements of an item's target.
  public let targetCount: Int

  /// Makes a batch of two values whose first axis is the batch.
  public init(_ inputs: [Shape]) {
    let item = LossItem(inputs)
    count = inputs[0][0]
    (prediction, target) = (item.prediction, item.target)
    (predictionCount, targetCount) = (item.predictionCount, item.targetCount)
  }
}

extension BatchLoss {
  /// Computes the loss of the batch and writes it for every item.
  public func forward(_ frame: inout KernelFrame) {
    let batch = LossBatch(frame.inputs.map(\.shape))
    var scratch = [Float](repeating: 0, count: scratchCount(batch))
    var room = scratch.mutableSpan
    let (predictions, targets) = (frame.inputs[0].values, frame.inputs[1].values)
    let value = loss(of: predictions.span, targets.span, batch, scratch: &room)
    frame.output.values = Array(repeating: value, count: batch.count)
  }

  /// Computes the loss again, then the gradients of its sum over items.
  public func backward(_ frame: inout GradientFrame) {
    let batch = LossBatch(frame.inputs.map(\.shape))
    var scratch = [Float](repeating: 0, count: scratchCount(batch))
    var room = scratch.mutableSpan
    let (predictions, targets) = (frame.inputs[0].values, frame.inputs[1].values)
    _ = loss(of: predictions.span, targets.span, batch, scratch: &room)
    var first = frame.inputGradients[0].values
    var second = frame.inputGradients[1].values
    var byPrediction = first.mutableSpan
    var byTarget = second.mutableSpan
    writeGradients(
      of: predictions.span, targets.span, batch, scale: Self.scale(frame.outputGradient.values.span),
      scratch: &room, byPrediction: &byPrediction, byTarget: &byTarget)
    frame.inputGradients[0].values = first
    frame.inputGradients[1].values = second
  }

  /// The factor of the batch's loss: the sum of the gradients that its copies for the items receive.
  public static func scale(_ gradients: Span<Float>) -> Float {
    var sum = 0.0
    for i in gradients.indices { sum += Double(gradients[i]) }
    return Float(sum)
  }

  /// The shape `[N]`, for two values of as many items with one or more elements each.
  func outputShape(ofBatches inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 2)
    for input in inputs where input.rank < 2 {
      throw .wrongRank(op: kind, expected: "[N, …]", found: input)
    }
    guard inputs[0][0] == inputs[1][0] else {
      throw .mismatch(op: kind, what: "the numbers of items differ", first: inputs[0], second: inputs[1])
    }
    return [inputs[0][0]]
  }

  /// The shape `[N]`, for predicted and wanted scores `[N, C]`.
  func outputShape(ofScoreBatches inputs: [Shape]) throws(ShapeError) -> Shape {
    let shape = try outputShape(ofBatches: inputs)
    for input in inputs where input.rank != 2 {
      throw .wrongRank(op: kind, expected: "[N, C]", found: input)
    }
    guard inputs[0] == inputs[1] else {
      throw .mismatch(op: kind, what: "the shapes differ", first: inputs[0], second: inputs[1])
    }
    return shape
  }
}
