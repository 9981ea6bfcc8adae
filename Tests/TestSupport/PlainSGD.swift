public import Execution

/// Stochastic gradient descent with momentum: `m ← momentum·m + scale·g + decay·w`, `w ← w - rate·m`.
public struct PlainSGD: UpdateRule {
  /// The factor on the last step's moment.
  public let momentum: Float

  /// Creates a rule.
  public init(momentum: Float = 0.9) { self.momentum = momentum }

  /// One moment for each weight.
  public var momentCount: Int { 1 }

  /// Updates weights and moments: `m ← momentum·m + scale·g + decay·w`, `w ← w - rate·m`.
  public func update(
    weights: inout MutableSpan<Float>, gradients: Span<Float>, first: inout MutableSpan<Float>,
    second: inout MutableSpan<Float>, decay: Float, _ step: StepParameters
  ) {
    for i in 0..<weights.count {
      first[i] = momentum * first[i] + step.gradientScale * gradients[i] + decay * weights[i]
      weights[i] -= step.rate * first[i]
    }
  }
}
