import Execution

/// SGD with momentum as the peer's script runs it.
struct BenchSGD: UpdateRule {
  let momentum: Float = 0.9
  var momentCount: Int { 1 }

  func update(
    weights: inout MutableSpan<Float>, gradients: Span<Float>, first: inout MutableSpan<Float>,
    second: inout MutableSpan<Float>, decay: Float, _ step: StepParameters
  ) {
    let (scale, rate, momentum) = (step.gradientScale, step.rate, momentum)
    let count = weights.count
    precondition(gradients.count == count && first.count == count, "spans of one length")
    for i in 0..<count {
      let velocity = momentum * first[i] + (scale * gradients[i] + decay * weights[i])
      first[i] = velocity
      weights[i] -= rate * velocity
    }
  }
}
