public import Execution
import Foundation
public import Settings

/// Adam with weight decay apart from the gradient, in PyTorch's form.
///
/// **Formula** `w *= 1 - rate·decay`, `m = β₁·m + (1 - β₁)·g`, `v = β₂·v + (1 - β₂)·g²`,
/// `w -= rate/(1 - β₁ᵗ) · m / (√v/√(1 - β₂ᵗ) + ε)`, t being the number of the step.
///
/// Paper: Loshchilov, Hutter, "Decoupled weight decay regularization", ICLR 2019, arXiv:1711.05101.
public struct AdamW: Optimizer {
  public static let name = "adamw"
  public static let summary = "Adam with decoupled weight decay"

  /// How slowly the mean of gradients follows.
  public var beta1: Float = 0.9
  /// How slowly the mean of squared gradients follows.
  public var beta2: Float = 0.999
  /// Added to the root, so that nothing is divided by zero.
  public var epsilon: Float = 1e-8

  public init() {}
  public static var settings: [Setting<AdamW>] {
    [
      Setting("beta1", \.beta1, in: 0...0.9999, "how slowly the mean of gradients follows"),
      Setting("beta2", \.beta2, in: 0...0.99999, "how slowly the mean of squared gradients follows"),
      Setting("epsilon", \.epsilon, in: 1e-12...1, "added to the root of the squared mean"),
    ]
  }

  public var momentCount: Int { 2 }

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
