import Foundation
import LinearAlgebra
import Ops
import Tensors

/// Decides which weights of a layer, or of a group of its channels, are rounded up so that outputs come near
/// a target.
struct RoundingProblem {
  /// The inputs `[places, columns]`.
  let inputs: Tensor
  /// The wanted outputs `[places, outputs]`, clamped.
  let target: Tensor
  /// The real weights `[outputs, columns]`.
  let weights: [Float]
  /// The weights rounded to the nearest; zero weights, such as masked ones, and weights beyond the grid keep
  /// this value.
  let nearest: [Float]
  /// The step of each output.
  let scales: [Float]
  /// The largest integer.
  let limit: Float
  /// The bias of each output, if there is one.
  let bias: [Float]?
  /// The activation that is fused into the layer, if there is one.
  let clamp: (any Activation)?

  /// The width of the stretched sigmoid h(v) = clamp(1.2 · sigmoid(v) - 0.1, 0, 1).
  private static let stretch: Float = 1.2
  /// The lower end of the stretched sigmoid.
  private static let offset: Float = -0.1
  /// The share of the iterations before the regularizer sets in.
  private static let warmUp = 0.2

  private var columns: Int { inputs.shape[1] }
  private var outputs: Int { scales.count }

  /// The mean over places of the squared error, summed over outputs.
  func error(of weights: [Float]) throws -> Double {
    guard inputs.shape[0] > 0 else { return 0 }
    let made = try inputs.multiplied(
      by: Tensor(weights, shape: [outputs, columns]).exchangingLeadingAxes())
    var sum = 0.0
    for i in made.values.indices {
      let real = made.values[i] + (bias?[i % outputs] ?? 0)
      let difference = Double(clamp?.value(real) ?? real) - Double(target.values[i])
      sum += difference * difference
    }
    return sum / Double(inputs.shape[0])
  }

  /// The weights on the grid: learned, or the nearest if these have no greater error.
  func solved(_ settings: AdaptiveRounding, _ random: inout SeededRandom) throws -> [Float] {
    let power =
      target.values.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(max(target.values.count, 1))
    guard inputs.shape[0] > 0, power > 0 else { return nearest }
    let learnt = try learnt(settings, power: Float(power), &random)
    return try error(of: learnt) < error(of: nearest) ? learnt : nearest
  }

  /// The weights with rounding learned by Adam over random batches of places.
  private func learnt(
    _ settings: AdaptiveRounding, power: Float, _ random: inout SeededRandom
  ) throws -> [Float] {
    let order = random.permutation(inputs.shape[0])
    let inputs = inputs.gathering(order, axis: 0)
    let target = target.gathering(order, axis: 0)
    let count = min(settings.batch, order.count)
    // The share starts where the soft weight equals the real one.
    let floors = weights.indices.map { (weights[$0] / scales[$0 / columns]).rounded(.down) }
    let isFree = weights.indices.map { i in weights[i] != 0 && floors[i] >= -limit && floors[i] < limit }
    var share = weights.indices.map { i in
      let rest = min(max(weights[i] / scales[i / columns] - floors[i], 0.001), 0.999)
      return -log(Self.stretch / (rest - Self.offset) - 1)
    }
    var optimizer = RoundingAdam(count: weights.count, rate: Float(settings.learningRate))
    var gradient = Array(repeating: Float(0), count: weights.count)
    var soft = nearest
    for iteration in 0..<settings.iterations {
      let rows = (0..<count).map { (iteration * count + $0) % order.count }
      for i in weights.indices where isFree[i] {
        soft[i] = (floors[i] + Self.height(share[i])) * scales[i / columns]
      }
      let byWeight = try gradients(soft, inputs.gathering(rows, axis: 0), target.gathering(rows, axis: 0))
      let progress = Double(iteration) / Double(settings.iterations)
      let beta = Self.beta(progress)
      let pull = progress < Self.warmUp ? 0 : Float(settings.regularization)
      for i in weights.indices where isFree[i] {
        let sigmoid = 1 / (1 + exp(-share[i]))
        let height = Self.stretch * sigmoid + Self.offset
        guard height > 0, height < 1 else {
          gradient[i] = 0
          continue
        }
        let distance = 2 * height - 1
        let press = pull > 0 ? -2 * beta * pow(abs(distance), beta - 1) * (distance < 0 ? -1 : 1) * pull : 0
        let slope = byWeight[i] * scales[i / columns] / power + press
        gradient[i] = slope * Self.stretch * sigmoid * (1 - sigmoid)
      }
      optimizer.step(&share, gradient)
    }
    return weights.indices.map { i in
      isFree[i] ? (floors[i] + (Self.height(share[i]) >= 0.5 ? 1 : 0)) * scales[i / columns] : nearest[i]
    }
  }

  /// The rectified, stretched sigmoid.
  private static func height(_ share: Float) -> Float {
    min(max(stretch / (1 + exp(-share)) + offset, 0), 1)
  }

  /// The exponent of the regularizer: from 20 to 2 along half a cosine after the warm-up.
  private static func beta(_ progress: Double) -> Float {
    let share = max(progress - warmUp, 0) / (1 - warmUp)
    return Float(2 + 9 * (1 + cos(share * .pi)))
  }

  /// The derivative of the squared error by weight `[outputs, columns]`.
  private func gradients(_ weights: [Float], _ inputs: Tensor, _ target: Tensor) throws -> [Float] {
    var errors = try inputs.multiplied(
      by: Tensor(weights, shape: [outputs, columns]).exchangingLeadingAxes())
    let factor = 2 / Float(inputs.shape[0])
    for i in errors.values.indices {
      let sum = errors.values[i] + (bias?[i % outputs] ?? 0)
      let made = clamp?.value(sum) ?? sum
      let slope = clamp?.derivative(at: sum, output: made) ?? 1
      errors.values[i] = factor * (made - target.values[i]) * slope
    }
    return try errors.exchangingLeadingAxes().multiplied(by: inputs).values
  }
}

/// Adam without decay for a list of numbers (Kingma, Ba, 2015).
private struct RoundingAdam {
  let rate: Float
  private var first: [Float]
  private var second: [Float]
  private var powers: (first: Double, second: Double) = (1, 1)

  init(count: Int, rate: Float) {
    self.rate = rate
    first = Array(repeating: 0, count: count)
    second = first
  }

  mutating func step(_ values: inout [Float], _ gradient: [Float]) {
    powers = (powers.first * 0.9, powers.second * 0.999)
    let (scaleFirst, scaleSecond) = (Float(1 / (1 - powers.first)), Float(1 / (1 - powers.second)))
    for i in values.indices {
      first[i] = 0.9 * first[i] + 0.1 * gradient[i]
      second[i] = 0.999 * second[i] + 0.001 * gradient[i] * gradient[i]
      values[i] -= rate * (first[i] * scaleFirst) / ((second[i] * scaleSecond).squareRoot() + 1e-8)
    }
  }
}
