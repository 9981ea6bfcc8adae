import Foundation
import LinearAlgebra
import Ops
import Tensors

/// Which weights of a layer, or of a group of its channels, are to be rounded up so that its outputs come near a target.
struct RoundingProblem {
  /// What is multiplied: `[places, columns]`.
  let inputs: Tensor
  /// What is to come out: `[places, outputs]`, clamped.
  let target: Tensor
  /// Real weights, `[outputs, columns]`.
  let weights: [Float]
  /// The same rounded to the nearest: what weights stay that are zero, as masked ones are, or beyond the grid.
  let nearest: [Float]
  /// By output, the step.
  let scales: [Float]
  /// The largest integer.
  let limit: Float
  let bias: [Float]?
  let clamp: (any Activation)?

  private static let stretch: Float = 1.2
  private static let offset: Float = -0.1
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

  /// The weights on the grid: learnt, or the nearest where these have no greater error.
  func solved(_ settings: AdaptiveRounding, _ random: inout SeededRandom) throws -> [Float] {
    let power =
      target.values.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(max(target.values.count, 1))
    guard inputs.shape[0] > 0, power > 0 else { return nearest }
    let learnt = try learnt(settings, power: Float(power), &random)
    return try error(of: learnt) < error(of: nearest) ? learnt : nearest
  }

  private func learnt(
    _ settings: AdaptiveRounding, power: Float, _ random: inout SeededRandom
  ) throws -> [Float] {
    let order = random.permutation(inputs.shape[0])
    let inputs = inputs.gathering(order, axis: 0)
    let target = target.gathering(order, axis: 0)
    let count = min(settings.batch, order.count)
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

  /// The rectified sigmoid.
  private static func height(_ share: Float) -> Float {
    min(max(stretch / (1 + exp(-share)) + offset, 0), 1)
  }

  /// How flat the regularizer is in the middle: from 20 to 2 as half a cosine after the warm-up.
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

/// Adam without decay, in a row of numbers.
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
