import Foundation

/// The divergence of a Gaussian weight from a prior under which the logarithm of its size is uniform.
///
/// It makes noise cheap, and drives weights to zero that the loss does not hold.
///
/// **Formula** with `log α = log σ² - log θ²` for a weight of mean θ and variance σ²:
/// `KL = k₁ - k₁·sigmoid(k₂ + k₃·log α) + log(1 + 1/α)/2`, k₁ = 0.63576, k₂ = 1.87320, k₃ = 1.48695. This is
/// within 0.009 of the divergence, up to a constant, chosen so that it goes to 0 as α grows.
///
/// **Gradient** with s the sigmoid and `d = k₁·k₃·s·(1 - s) + 1/(2·(1 + α))`: by log σ² `-d`, by θ `2·d/θ`,
/// and 0 at θ = 0.
///
/// **Paper** Molchanov, Ashukha, Vetrov, "Variational dropout sparsifies deep neural networks", ICML 2017,
/// arXiv:1701.05369, equation 14.
public enum LogUniformDivergence {
  private static let k1: Float = 0.63576
  private static let k2: Float = 1.87320
  private static let k3: Float = 1.48695

  /// The divergence of one weight, and its derivatives by the mean and by the logarithm of the variance.
  public static func cost(
    mean: Float, logVariance: Float
  ) -> (value: Float, byMean: Float, byLogVariance: Float) {
    let square = mean * mean
    guard square > 0 else { return (0, 0, 0) }
    let variance = exp(logVariance)
    let logAlpha = logVariance - log(square)
    // This is 1 - sigmoid.
    let rest = 1 / (1 + exp(k2 + k3 * logAlpha))
    let slope = k1 * k3 * (1 - rest) * rest + square / (square + variance) / 2
    return (k1 * rest + (log(square + variance) - logVariance) / 2, 2 * slope / mean, -slope)
  }
}
