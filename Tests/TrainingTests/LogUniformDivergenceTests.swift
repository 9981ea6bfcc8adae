import Foundation
import Testing
import Training

@Suite("The divergence from the log-uniform prior")
struct LogUniformDivergenceTests {
  private func cost(_ mean: Float, _ logVariance: Float) -> (
    value: Float, byMean: Float, byLogVariance: Float
  ) {
    LogUniformDivergence.cost(mean: mean, logVariance: logVariance)
  }

  /// The mean of log|z + shift| over standard normal z, by the midpoint rule.
  private func meanLogarithm(shift: Double) -> Double {
    let width = 2e-4
    return (0..<100_000).reduce(0.0) { sum, step in
      let z = -10 + (Double(step) + 0.5) * width
      return sum + exp(-z * z / 2) * log(abs(z + shift) + 1e-300)
    } * width / (2 * Double.pi).squareRoot()
  }

  @Test(
    "It is the divergence but for a hundredth: the mean of log|z + 1/√α| over normal z, against that of log|z|"
  )
  func exact() {
    // The mean of log|z| is -(Euler's constant + log 2)/2.
    let none = -(0.5772156649 + log(2)) / 2
    #expect(abs(meanLogarithm(shift: 0.00001) - none) < 1e-3)
    for logAlpha in stride(from: -6.0, through: 6, by: 0.75) {
      let expected = meanLogarithm(shift: exp(-logAlpha / 2)) - none
      let found = Double(cost(0.1, Float(logAlpha) + log(Float(0.01))).value)
      #expect(abs(found - expected) < 0.01, "\(logAlpha): \(found), \(expected)")
    }
  }

  @Test("It equals the published formula, whatever the scale of the weight")
  func published() {
    for logAlpha in stride(from: -8.0, through: 8, by: 0.5) {
      let sigmoid = 1 / (1 + exp(-(1.87320 + 1.48695 * logAlpha)))
      let negative = 0.63576 * sigmoid - 0.5 * log(1 + exp(-logAlpha)) - 0.63576
      for mean in [0.001, -0.1, 3.0] {
        let found = cost(Float(mean), Float(logAlpha + log(mean * mean)))
        #expect(abs(Double(found.value) + negative) < 2e-5 * max(1, -negative), "\(logAlpha), \(mean)")
      }
    }
  }

  @Test("The gradients are those of the value by differences")
  func gradients() {
    func value(_ mean: Double, _ logVariance: Double) -> Double {
      let logAlpha = logVariance - log(mean * mean)
      return 0.63576 - 0.63576 / (1 + exp(-(1.87320 + 1.48695 * logAlpha))) + 0.5 * log(1 + exp(-logAlpha))
    }
    for mean in [0.02, -0.3, 1.5, -1e-3] {
      for logVariance in [-12.0, -6, -1, 1.5] {
        let found = cost(Float(mean), Float(logVariance))
        let (width, step) = (abs(mean) * 1e-4, 1e-4)
        let byMean =
          (value(mean + width, logVariance) - value(mean - width, logVariance)) / (2 * width)
        let byLogVariance =
          (value(mean, logVariance + step) - value(mean, logVariance - step)) / (2 * step)
        #expect(abs(Double(found.byMean) - byMean) < 1e-3 * abs(byMean) + 1e-5, "\(mean), \(logVariance)")
        #expect(
          abs(Double(found.byLogVariance) - byLogVariance) < 1e-3 * abs(byLogVariance) + 1e-6,
          "\(mean), \(logVariance)")
      }
    }
  }

  @Test("Weights of no size, and of hardly any, cost nothing and have no pull; extremes stay finite")
  func extremes() {
    #expect(cost(0, -3) == (0, 0, 0))
    for (mean, logVariance) in [(1e-30, 0), (1e-12, 5), (1, -60), (-100, -40)] as [(Float, Float)] {
      let found = cost(mean, logVariance)
      #expect(found.value.isFinite && found.byMean.isFinite && found.byLogVariance.isFinite)
    }
    #expect(abs(cost(1e-12, 5).value) < 1e-6 && abs(cost(1e-12, 5).byMean) < 1e-3)
  }
}
