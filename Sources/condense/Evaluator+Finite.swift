import Training

extension Evaluator {
  /// Ends the command where the network said what is no number: nothing that is made of it would mean anything.
  func requireFinite(model: String, on images: String) throws {
    guard !isFinite else { return }
    throw CommandFailure(
      .badInput,
      "\(model): its outputs on \(images) are not finite numbers; look at its weights, and at the normalization of pixels "
        + "(mean, std)")
  }
}
