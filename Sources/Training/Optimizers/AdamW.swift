public import Execution
import Foundation
public import Settings

/// Adam with weight decay separate from the gradient, in PyTorch's form.
///
/// **Formula** `w *= 1 - rate·decay`, `m = β₁·m + (1 - β₁)·g`, `v = β₂·v + (1 - β₂)·g²`,
/// `w -= rate/(1 - β₁ᵗ) · m / (√v/√(1 - β₂ᵗ) + ε)`, with t the number of the step from 1.
///
/// **Paper** Loshchilov, Hutter, "Decoupled weight decay regularization", ICLR 2019, arXiv:1711.05101.
public struct AdamW: Optimizer {
  /// The name in recipes: `adamw`.
  public static let name = "adamw"
  /// One line for `condense list`.
  public static let summary = "Adam with decoupled weight decay"

  /// The share of the mean of gradients that is kept from step to step, 0...0.9999.
  public var beta1: Float = 0.9
  /// The share of the mean of squared gradients that is kept from step to step, 0...0.99999.
  public var beta2: Float = 0.999
  /// The number added to the root, so that nothing is divided by zero.
  public var epsilon: Float = 1e-8

  /// Creates it with its default settings.
  public init() {}
  /// Settings: `beta1`, `beta2`, `epsilon`.
  public static var settings: [Setting<AdamW>] {
    [
      Setting("beta1", \.beta1, in: 0...0.9999, "decay of the mean of gradients, for each update"),
      Setting("beta2", \.beta2, in: 0...0.99999, "decay of the mean of squared gradients, for each update"),
      Setting(
        "epsilon", \.epsilon, in: 1e-12...1, "number added to the root of the mean of squared gradients"),
    ]
  }

  /// Two: means of gradients and of their squares.
  public var momentCount: Int { 2 }

  /// Updates weights and both moments by the formula.
  public func update(
    weights: inout MutableSpan<Float>, gradients: Span<Float>, first: inout MutableSpan<Float>,
    second: inout MutableSpan<Float>, decay: Float, _ step: StepParameters
  ) {
    let count = weights.count
    precondition(
      gradients.count == count && first.count == count && second.count == count, "spans of one length")
    let number = Double(max(step.number, 1))
    let rate = Float(Double(step.rate) / (1 - pow(Double(beta1), number)))
    let root = Float((1 - pow(Double(beta2), number)).squareRoot())
    let kept = 1 - step.rate * decay
    for i in 0..<count {
      let gradient = step.gradientScale * gradients[i]
      let mean = first[i] + (1 - beta1) * (gradient - first[i])
      let square = beta2 * second[i] + (1 - beta2) * gradient * gradient
      first[i] = mean
      second[i] = square
      weights[i] = kept * weights[i] - rate * (mean / (square.squareRoot() / root + epsilon))
    }
  }
}
