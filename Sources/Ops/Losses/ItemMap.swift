public import Graphs
public import Tensors

/// An op of objectives that makes one value from one or two, item by item.
///
/// It is written once, over spans of one item. The reference kernels and the native backend both run it, so
/// it allocates nothing.
public protocol ItemMap: ObjectiveOp {
  /// Writes an item's output from `place` on; `second` is empty if there is one input.
  func write(
    _ first: Span<Float>, _ second: Span<Float>, _ item: LossItem, into output: inout MutableSpan<Float>,
    at place: Int)
  /// Writes the gradients by an item's inputs into those of the whole batch, from the item's start on.
  ///
  /// `gradient` is that by the item's output. The gradient by the second input is written only if its span is
  /// not empty.
  func writeGradients(
    _ first: Span<Float>, _ second: Span<Float>, _ item: LossItem, gradient: Span<Float>,
    byFirst: inout MutableSpan<Float>, bySecond: inout MutableSpan<Float>)
}

extension LossItem {
  /// Makes the first item of one value or of two.
  public init(ofMap inputs: [Shape]) {
    self.init(inputs.count > 1 ? inputs : [inputs[0], [inputs[0][0], 0]])
  }
}

extension ItemMap {
  /// Runs `write` for each item.
  public func forward(_ frame: inout KernelFrame) {
    var item = LossItem(ofMap: frame.inputs.map(\.shape))
    let count = frame.output.shape.count / max(frame.output.shape[0], 1)
    let first = frame.inputs[0].values
    let second = frame.inputs.count > 1 ? frame.inputs[1].values : []
    var output = frame.output.values
    var room = output.mutableSpan
    for index in 0..<frame.output.shape[0] {
      item.index = index
      write(
        first.span.extracting(item.predictionRange), second.span.extracting(item.targetRange), item,
        into: &room, at: index * count)
    }
    frame.output.values = output
  }

  /// Runs `writeGradients` for each item.
  public func backward(_ frame: inout GradientFrame) {
    var item = LossItem(ofMap: frame.inputs.map(\.shape))
    let items = frame.output.shape[0]
    let count = frame.output.shape.count / max(items, 1)
    let first = frame.inputs[0].values
    let second = frame.inputs.count > 1 ? frame.inputs[1].values : []
    let gradient = frame.outputGradient.values
    var own = frame.inputGradients[0].values
    var other = frame.inputs.count > 1 ? frame.inputGradients[1].values : []
    var byFirst = own.mutableSpan
    var bySecond = other.mutableSpan
    for index in 0..<items {
      item.index = index
      writeGradients(
        first.span.extracting(item.predictionRange), second.span.extracting(item.targetRange), item,
        gradient: gradient.span.extracting(index * count..<(index + 1) * count), byFirst: &byFirst,
        bySecond: &bySecond)
    }
    frame.inputGradients[0].values = own
    if frame.inputs.count > 1 { frame.inputGradients[1].values = other }
  }
}
