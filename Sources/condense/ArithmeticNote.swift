import Integers

extension InferenceArithmetic {
  /// Writes to standard error the reason why values that are all on grids are computed in floats.
  func tellRefusal(of model: String) {
    guard let refusal else { return }
    Console.note("\(model): computed in floats, not in integers: \(refusal)")
  }
}
