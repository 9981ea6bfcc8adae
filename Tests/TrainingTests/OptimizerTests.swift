import Execution
import Settings
import Testing

@testable import Training

/// Optimizers compared with golden numbers, in 64 bits, by the update rules that PyTorch documents for SGD
/// and AdamW.
///
///     w0 = [0.5, -1.25, 2.0]; grads = [[0.1, -0.2, 0.3], [-0.4, 0.5, 0.6], [0.7, 0.8, -0.9]]
///     def sgd(nesterov, lr=0.1, m=0.9, wd=0.01):
///         w = w0.copy(); buf = None
///         for g in grads:
///             g = g + wd * w
///             buf = g.copy() if buf is None else m * buf + g
///             w = w - lr * (g + m * buf if nesterov else buf)
///     def adamw(lr=0.01, b1=0.9, b2=0.999, eps=1e-8, wd=0.1):
///         w = w0.copy(); m = zeros(3); v = zeros(3)
///         for t, g in enumerate(grads, 1):
///             w = w * (1 - lr * wd); m = m + (1 - b1) * (g - m); v = b2 * v + (1 - b2) * g * g
///             w = w - lr / (1 - b1**t) * m / (sqrt(v) / sqrt(1 - b2**t) + eps)
@Suite("Optimizers")
struct OptimizerTests {
  private static let start: [Float] = [0.5, -1.25, 2]
  private static let gradients: [[Float]] = [[0.1, -0.2, 0.3], [-0.4, 0.5, 0.6], [0.7, 0.8, -0.9]]

  private static func run(_ rule: any UpdateRule, rate: Float, decay: Float, scale: Float = 1) -> [Float] {
    var (weights, first, second) = (start, [Float](repeating: 0, count: 3), [Float](repeating: 0, count: 3))
    for (index, gradient) in gradients.enumerated() {
      var w = weights.mutableSpan
      var f = first.mutableSpan
      var s = second.mutableSpan
      let scaled = gradient.map { $0 / scale }
      rule.update(
        weights: &w, gradients: scaled.span, first: &f, second: &s, decay: decay,
        StepParameters(rate: rate, decay: decay, gradientScale: scale, number: index + 1))
    }
    return weights
  }

  private static func expectClose(_ found: [Float], _ expected: [Float], _ tolerance: Float = 2e-6) {
    for (a, b) in zip(found, expected) {
      #expect(abs(a - b) <= tolerance * max(1, abs(b)), "\(found) \(expected)")
    }
  }

  @Test("SGD with Nesterov momentum follows PyTorch's formula")
  func nesterov() {
    let expected: [Float] = [0.43695096198049993, -1.45870144924625, 1.889685136512]
    Self.expectClose(Self.run(SGD(momentum: 0.9, nesterov: true), rate: 0.1, decay: 0.01), expected)
  }

  @Test("SGD with plain momentum follows PyTorch's formula")
  func plainMomentum() {
    let expected: [Float] = [0.47609538949999997, -1.3638194787500002, 1.883663568]
    Self.expectClose(Self.run(SGD(momentum: 0.9, nesterov: false), rate: 0.1, decay: 0.01), expected)
  }

  @Test("SGD without momentum sums rate times gradient")
  func plain() {
    Self.expectClose(
      Self.run(SGD(momentum: 0, nesterov: false), rate: 0.5, decay: 0), [0.5 - 0.2, -1.25 - 0.55, 2])
  }

  @Test("AdamW follows PyTorch's formula with bias correction")
  func adamW() {
    let expected: [Float] = [0.49080004976795, -1.2478998653844546, 1.9750498102434686]
    Self.expectClose(Self.run(AdamW(), rate: 0.01, decay: 0.1), expected)
  }

  @Test("Every optimizer multiplies gradients by the step's scale", arguments: OptimizerCatalogue.names)
  func scale(name: String) throws {
    let rule = try OptimizerCatalogue.read(
      SettingsNode(yaml: name, source: "test"), key: "optimizer", present: SGD())
    Self.expectClose(
      Self.run(rule, rate: 0.01, decay: 0.1, scale: 4), Self.run(rule, rate: 0.01, decay: 0.1), 1e-6)
  }

  @Test("Every optimizer keeps zeros at zero, which layouts pad with", arguments: OptimizerCatalogue.names)
  func padding(name: String) throws {
    let rule = try OptimizerCatalogue.read(
      SettingsNode(yaml: name, source: "test"), key: "optimizer", present: SGD())
    var (weights, first, second): ([Float], [Float], [Float]) = ([0, 0], [0, 0], [0, 0])
    var w = weights.mutableSpan
    var f = first.mutableSpan
    var s = second.mutableSpan
    let gradients: [Float] = [0, 0]
    rule.update(
      weights: &w, gradients: gradients.span, first: &f, second: &s, decay: 0.1,
      StepParameters(rate: 0.1, decay: 0.1, number: 1))
    #expect(weights == [0, 0] && first == [0, 0] && second == [0, 0])
  }
}
