import Execution
import Graphs
import Tensors

extension TrainingState {
  /// The state with which training goes on after a rewrite.
  ///
  /// Parameters are the rewritten network's. Moments and averages follow the parameters that they belong to, cut as those
  /// were; of new parameters the moments start at zero and the averages as the parameters. Averages of `frozen` parameters, which no
  /// update brings nearer to what a rewrite makes of these, are the parameters.
  func carried(by rewrite: Rewrite, frozen: Set<String> = []) throws -> TrainingState {
    var carried = TrainingState(parameters: rewrite.graph.parameters.mapValues(\.value))
    for (name, tensor) in carried.parameters.sorted(by: { $0.key < $1.key }) {
      let origin = rewrite.origin[name]
      let isKnown = origin.map { parameters[$0.parameter] != nil } ?? true
      guard isKnown else {
        throw TrainingError.origin(
          parameter: name, reason: "its origin \"\(origin?.parameter ?? "")\" was not there before")
      }
      carried.firstMoments[name] = try origin?.part(of: firstMoments, like: tensor.shape, name)
      carried.secondMoments[name] = try origin?.part(of: secondMoments, like: tensor.shape, name)
      guard !averages.isEmpty else { continue }
      let average = frozen.contains(name) ? nil : try origin?.part(of: averages, like: tensor.shape, name)
      carried.averages[name] = average ?? tensor
    }
    return carried
  }
}

extension Origin {
  /// The kept part of the tensor that belongs to the old parameter; `nil` where it has none.
  fileprivate func part(
    of tensors: [String: Tensor], like shape: Shape, _ name: String
  ) throws -> Tensor? {
    guard var tensor = tensors[parameter] else { return nil }
    for (axis, indices) in kept.sorted(by: { $0.key < $1.key }) {
      guard axis < tensor.shape.rank, indices.allSatisfy({ (0..<tensor.shape[axis]).contains($0) }) else {
        throw TrainingError.origin(
          parameter: name, reason: "\"\(parameter)\" \(tensor.shape) has no such part on axis \(axis)")
      }
      tensor = tensor.gathering(indices, axis: axis)
    }
    guard tensor.shape == shape else {
      throw TrainingError.origin(
        parameter: name, reason: "is \(shape), what was kept of \"\(parameter)\" is \(tensor.shape)")
    }
    return tensor
  }
}
