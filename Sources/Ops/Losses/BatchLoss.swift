public import Graphs
public import Tensors

/// An op of training graphs that compares two values over a whole batch: what a network says of its images in relation to one
/// another, and what it should.
///
/// **Shapes**: prediction `[N, …]`, target `[N, …]`, output `[N]`: the loss of the batch, N times, so that the mean over items that a
/// training minimizes is the loss of the batch.
///
/// It is written once, over spans of the batch: the reference kernels and the native backend both run it, so it allocates nothing.
/// Where a training splits its batches (`accumulationSteps`), each part is a batch of its own.
public protocol BatchLoss: ObjectiveOp {
  /// Floats that a batch needs to be worked on. What `loss` leaves in them is there when `writeGradients` is called.
  func scratchCount(_ batch: LossBatch) -> Int
  /// The loss of the batch; not a number where an element that decides it is none.
  func loss(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scratch: inout MutableSpan<Float>
  ) -> Float
  /// Writes the gradients of `scale` times the loss, which was computed before; that by the target only where its span is not
  /// empty.
  func writeGradients(
    of prediction: Span<Float>, _ target: Span<Float>, _ batch: LossBatch, scale: Float,
    scratch: inout MutableSpan<Float>, byPrediction: inout MutableSpan<Float>,
    byTarget: inout MutableSpan<Float>)
}

/// The shapes of what a loss compares, for a whole batch.
public struct LossBatch: Sendable, Equatable {
  /// Items of the batch.
  public let count: Int
  /// The shape of an item's prediction.
  public let prediction: Shape
  /// The shape of an item's target.
  public let target: Shape
  /// Elements of an item's prediction.
  public let predictionCount: Int
  /// Elements of an item's target.
  public let targetCount: Int

  /// Two values whose first axis is the batch.
  public init(_ inputs: [Shape]) {
    let item = LossItem(inputs)
    count = inputs[0][0]
    (prediction, target) = (item.prediction, item.target)
    (predictionCount, targetCount) = (item.predictionCount, item.targetCount)
  }
}

extension BatchLoss {
  public func forward(_ frame: inout KernelFrame) {
    let batch = LossBatch(frame.inputs.map(\.shape))
    var scratch = [Float](repeating: 0, count: scratchCount(batch))
    var room = scratch.mutableSpan
    let (predictions, targets) = (frame.inputs[0].values, frame.inputs[1].values)
    let value = loss(of: predictions.span, targets.span, batch, scratch: &room)
    frame.output.values = Array(repeating: value, count: batch.count)
  }

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

  /// What the batch's loss is multiplied by, where each item is given it: the sum over items.
  public static func scale(_ gradients: Span<Float>) -> Float {
    var sum = 0.0
    for i in gradients.indices { sum += Double(gradients[i]) }
    return Float(sum)
  }

  /// The shape of the output, one number an item, of two values of as many items with one or more elements each.
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

  /// The shape of the output, one number an item, of scores and what they should be.
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
