import Encodings
import Execution
import Graphs
import Tensors

/// The divergence of a network's Gaussian weights on one plan: adds its gradients after the backward passes
/// of a step.
///
/// **Formula** of the part of the loss: `Σ_layers divergence/N · Σ KL`, with N the number of training images,
/// since the loss is a mean over images (`LogUniformDivergence`). Weights that are pruned for good count
/// nothing.
final class StepDivergence {
  /// The means and variances of a layer, as the plan lays them out.
  private struct Layer {
    let factor: Float
    let means: (parameter: ParameterID, order: [Int32])
    let variances: (parameter: ParameterID, order: [Int32])
  }

  private let layers: [Layer]
  /// Memory for one layer: means first, then gradients by them.
  private var scratch: [Float] = []

  /// Finds the Gaussian weights of a network in its plan.
  init(of graph: Graph, images: Int, on plan: any Plan) throws {
    layers = try graph.gaussianLayers.compactMap { layer in
      guard let encoding = graph.parameters[layer.variances]?.encoding as? LogVariance,
        encoding.divergence > 0, !plan.options.frozen.contains(layer.means)
      else { return nil }
      return Layer(
        factor: encoding.divergence / Float(max(images, 1)),
        means: (try plan.parameter(layer.means), try plan.order(of: layer.means)),
        variances: (try plan.parameter(layer.variances), try plan.order(of: layer.variances)))
    }
    scratch = Array(repeating: 0, count: layers.map(\.means.order.count).max() ?? 0)
  }

  /// Adds `scale` times the divergence's gradients to those of the plan; returns the divergence.
  func add(to plan: any Plan, scale: Float) -> Double {
    layers.reduce(0) { $0 + Double($1.factor) * add($1, scale * $1.factor, plan) }
  }

  /// Adds the gradients of one layer; returns the sum of its divergences.
  private func add(_ layer: Layer, _ scale: Float, _ plan: any Plan) -> Double {
    // Taken out of the object, so that the closures below change it in place instead of copying it.
    var numbers = scratch
    scratch = []
    defer { scratch = numbers }
    // Means and variances lie in layouts of their kernels, so elements meet by their row-major order.
    plan.withParameter(layer.means.parameter) { weights, _ in
      let order = layer.means.order.span
      var room = numbers.mutableSpan
      for i in order.indices { room[i] = weights[Int(order[i])] }
    }
    let cost = plan.withParameter(layer.variances.parameter) { logarithms, gradient in
      let order = layer.variances.order.span
      var room = numbers.mutableSpan
      var sum = 0.0
      for i in order.indices {
        let place = Int(order[i])
        let (value, byMean, byLogVariance) = LogUniformDivergence.cost(
          mean: room[i], logVariance: logarithms[place])
        sum += Double(value)
        gradient[place] += scale * byLogVariance
        room[i] = scale * byMean
      }
      return sum
    }
    plan.withParameter(layer.means.parameter) { _, gradient in
      let order = layer.means.order.span
      let room = numbers.span
      for i in order.indices { gradient[Int(order[i])] += room[i] }
    }
    return cost
  }
}
