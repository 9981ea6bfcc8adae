import Execution
import Tensors

/// A value of the graph while a plan is built: its memory, its layouts, and its gradient so far.
final class Value {
  let name: String
  /// The shape, with the batch first.
  let shape: Shape
  /// The memory and layout.
  ///
  /// The layout may have four axes where the shape has two (a flattened image).
  let operand: Operand
  /// True if the gradient is needed: a trainable parameter or a seed lies upstream.
  var needsGradient: Bool
  /// The value in other layouts.
  var copies: [Operand] = []
  /// The parts of the gradient from readers and the seed, all in the value's own layout.
  var contributions: [Contribution] = []
  /// True if a reader has already zeroed the gradient where the ReLU that made the value is inactive.
  var isMasked = false

  init(_ name: String, _ shape: Shape, _ operand: Operand, needsGradient: Bool) {
    self.name = name
    self.shape = shape
    self.operand = operand
    self.needsGradient = needsGradient
  }
}

/// A summand of a gradient.
struct Contribution {
  let operand: Operand
  /// True if nobody else reads this memory, so that it may be overwritten.
  let isOwned: Bool
}
