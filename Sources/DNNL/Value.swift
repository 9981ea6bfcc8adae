import Execution
import Tensors

/// A value of the graph while a plan is built: where it lies, in which layouts, and what is known of its gradient.
final class Value {
  let name: String
  /// Its extents, the batch first.
  let shape: Shape
  /// Where it lies. The layout may have four axes where the shape has two (a flattened image).
  let operand: Operand
  /// Whether a trainable parameter or a seed is upstream, so that its gradient matters.
  var needsGradient: Bool
  /// The value in other layouts.
  var copies: [Operand] = []
  /// What its consumers and its seed add to its gradient, all in the value's own layout.
  var contributions: [Contribution] = []
  /// Whether a consumer has already zeroed the gradient where a ReLU that made this value is inactive.
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
  /// Whether nobody else reads this memory, so that it may be overwritten.
  let isOwned: Bool
}
