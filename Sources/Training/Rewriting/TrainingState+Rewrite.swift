import Execution
import Graphs
import Tensors

extension TrainingState {
  /// The state with which training goes on after a rewrite.
  ///
  /// Parameters are the rewritten network's. Moments and averages follow the parameters that they belong to,
  /// cut as those were. For new parameters the moments start at zero and the averages as the parameters.
  /// Averages of `frozen` parameters are the parameters too, because no update would move them to the
  /// rewritten values. Throws for an origin that did not exist or does not fit.
  func carried(by rewrite: Rewrite, frozen: Set<String> = []) throws -> TrainingState {
    var carried = TrainingState(parameters: rewrite.graph.parameters.mapValues(\.value))
    for (name, tensor) in carried.parameters.sorted(by: { $0.key < $1.key }) {
      let origin = rewrite.origin[name]
      // Parameters without an origin are new, which is no error.
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
  /// The kept part of the tensor of the old parameter; `nil` if there is none.
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
