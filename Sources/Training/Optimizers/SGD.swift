public import Execution
public import Settings

/// Stochastic gradient descent with momentum, in PyTorch's form.
///
/// **Formula** `g = scale·gradient + decay·w`, `v = momentum·v + g`, then `w -= rate·(g + momentum·v)` with
/// Nesterov's look-ahead, `w -= rate·v` without, and `w -= rate·g` if momentum is 0.
///
/// **Paper** Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep
/// learning", ICML 2013.
public struct SGD: Optimizer {
  /// The name in recipes: `sgd`.
  public static let name = "sgd"
  /// One line for `condense list`.
  public static let summary = "stochastic gradient descent with momentum"

  /// The share of the velocity that is kept from step to step, 0...0.9999.
  public var momentum: Float = 0.9
  /// True if the step looks ahead along the velocity.
  public var nesterov = true

  /// Creates it with its default settings.
  public init() {}

  /// Makes a rule.
  public init(momentum: Float, nesterov: Bool) {
    self.momentum = momentum
    self.nesterov = nesterov
  }

  /// Settings: `momentum`, `nesterov`.
  public static var settings: [Setting<SGD>] {
    [
      Setting("momentum", \.momentum, in: 0...0.9999, "share of the velocity that each update keeps"),
      Setting("nesterov", \.nesterov, "true takes Nesterov's momentum, which looks ahead along the velocity"),
    ]
  }

  /// One: the velocity.
  public var momentCount: Int { 1 }

  /// Updates weights and velocity by the formula.
  public func update(
    weights: inout MutableSpan<Float>, gradients: Span<Float>, first: inout MutableSpan<Float>,
    second: inout MutableSpan<Float>, decay: Float, _ step: StepParameters
  ) {
    let (scale, rate, momentum) = (step.gradientScale, step.rate, momentum)
    let count = weights.count
    precondition(gradients.count == count && first.count == count, "spans of one length")
    if momentum == 0 {
      for i in 0..<count { weights[i] -= rate * (scale * gradients[i] + decay * weights[i]) }
    } else if nesterov {
      for i in 0..<count {
        let gradient = scale * gradients[i] + decay * weights[i]
        let velocity = momentum * first[i] + gradient
        first[i] = velocity
        weights[i] -= rate * (gradient + momentum * velocity)
      }
    } else {
      for i in 0..<count {
        let velocity = momentum * first[i] + (scale * gradients[i] + decay * weights[i])
        first[i] = velocity
        weights[i] -= rate * velocity
      }
    }
  }
}
