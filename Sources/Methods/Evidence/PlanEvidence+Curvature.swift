import Execution
import Graphs
import Settings
public import Tensors

extension PlanEvidence {
  /// The product of the Hessian with a direction v, by central differences of gradients.
  ///
  /// **Formula**: `(∇L(w + εv) - ∇L(w - εv))/2ε` with `‖εv‖ = 2⁻⁸·‖w‖` over the direction's parameters. The
  /// third derivative causes an error of order ε², the rounding of 32-bit gradients one of order 1/ε. The
  /// kink of a rectifier adds curvature only if the step crosses it.
  public func hessianProduct(
    _ direction: [String: Tensor], images: Int
  ) throws -> [String: Tensor] {
    try located("curvature") {
      let step = try differenceStep(direction)
      guard step > 0 else {
        return graph.parameters.filter { trainable.contains($0.key) }.mapValues {
          Tensor(zeros: $0.value.shape)
        }
      }
      let above = try meanGradient(of: moved(by: step, direction), images: images)
      let below = try meanGradient(of: moved(by: -step, direction), images: images)
      var product: [String: Tensor] = [:]
      for (name, above) in above {
        guard let below = below[name] else { continue }
        let differences = zip(above, below).map { Float(($0 - $1) / (2 * step)) }
        product[name] = Tensor(differences, shape: graph.parameters[name]?.value.shape ?? [])
      }
      return product
    }
  }

  /// The names of the trainable parameters.
  private var trainable: Set<String> {
    Set(graph.nodes.flatMap { graph.slots(of: $0) }.filter(\.slot.isTrainable).map(\.name))
  }

  /// The step size ε along a direction; 0 for a direction of zeros.
  ///
  /// Throws for parameters that are not trainable and for tensors of another shape.
  private func differenceStep(_ direction: [String: Tensor]) throws -> Double {
    let trainable = trainable
    var squares = (weights: 0.0, direction: 0.0)
    for (name, tensor) in direction.sorted(by: { $0.key < $1.key }) {
      guard trainable.contains(name), let weight = graph.parameters[name]?.projected else {
        throw MethodError.evidence(
          method: name,
          reason: "is no trainable parameter; they are \(trainable.sorted().joined(separator: ", "))")
      }
      guard weight.shape == tensor.shape else {
        throw MethodError.evidence(
          method: name, reason: "the direction must have the shape \(weight.shape), found \(tensor.shape)")
      }
      squares.weights += weight.values.reduce(0) { $0 + Double($1) * Double($1) }
      squares.direction += tensor.values.reduce(0) { $0 + Double($1) * Double($1) }
    }
    guard squares.direction > 0 else { return 0 }
    let length = squares.weights > 0 ? squares.weights.squareRoot() : 1
    return length / squares.direction.squareRoot() / 256
  }

  /// The network with unencoded weights `w + step · direction`.
  private func moved(by step: Double, _ direction: [String: Tensor]) -> Graph {
    var moved = graph
    for (name, tensor) in direction {
      guard var weight = graph.parameters[name]?.projected else { continue }
      for i in weight.values.indices {
        weight.values[i] = Float(Double(weight.values[i]) + step * Double(tensor.values[i]))
      }
      moved.parameters[name] = Parameter(weight)
    }
    return moved
  }

  /// The gradient of the mean loss over all images, summed in 64 bits.
  private func meanGradient(of graph: Graph, images: Int) throws -> [String: [Double]] {
    var sums: [String: [Double]] = [:]
    var seen = 0.0
    try forEachGradient(of: graph, images: images, together: options.batch) { gradients, count in
      seen += Double(count)
      for (name, gradient) in gradients {
        var sum = sums.removeValue(forKey: name) ?? Array(repeating: 0, count: gradient.values.count)
        for i in sum.indices { sum[i] += Double(gradient.values[i]) * Double(count) }
        sums[name] = sum
      }
    }
    return sums.mapValues { sum in sum.map { $0 / seen } }
  }
}
