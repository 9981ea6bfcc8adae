import Execution

/// One of the two updates of a step in which the gradients of the task and of a teacher have momenta of their own.
///
/// **Formula** With the momentum μ of the rule and the gap d: `v = (μ - d)·v + g + decay·w` for the gradient g of
/// the task, `u = (μ + d)·u + h` for the gradient h of everything beside it, then `w -= rate·(v + u)`; Nesterov's
/// look-ahead is that of each velocity.
///
/// **Paper** Zhao, Cui, Song, Liang, "DOT: a distillation-oriented trainer", ICCV 2023, arXiv:2307.08436.
struct SeparateMomentum: UpdateRule {
  /// The rule with the momentum of this gradient.
  private let rule: SGD
  /// True for the gradient beside the task's, whose velocity is the second moment and which has no decay.
  private let isBeside: Bool

  /// The rules of the task's gradient and of the one beside it.
  static func pair(_ rule: SGD, gap: Float) -> (task: SeparateMomentum, beside: SeparateMomentum) {
    func part(_ momentum: Float, isBeside: Bool) -> SeparateMomentum {
      SeparateMomentum(rule: SGD(momentum: momentum, nesterov: rule.nesterov), isBeside: isBeside)
    }
    return (part(rule.momentum - gap, isBeside: false), part(rule.momentum + gap, isBeside: true))
  }

  /// Two: the velocities.
  var momentCount: Int { 2 }

  /// Updates weights and one velocity by the formula.
  func update(
    weights: inout MutableSpan<Float>, gradients: Span<Float>, first: inout MutableSpan<Float>,
    second: inout MutableSpan<Float>, decay: Float, _ step: StepParameters
  ) {
    if isBeside {
      rule.update(
        weights: &weights, gradients: gradients, first: &second, second: &first, decay: 0, step)
    } else {
      rule.update(
        weights: &weights, gradients: gradients, first: &first, second: &second, decay: decay, step)
    }
  }
}
