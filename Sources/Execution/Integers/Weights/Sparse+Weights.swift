import Encodings
import Graphs
import Tensors

extension Sparse: IntegerStorable {
  /// The inner encoding's integers, of which the survivors alone are stored.
  func integerWeights(of tensor: Tensor) throws(IntegerRefusal) -> (weights: IntegerWeights, scales: [Float])
  {
    guard let inner = inner as? any IntegerStorable else {
      throw IntegerRefusal(
        "its surviving weights are stored as \(inner.kind), not as integers; quantize this layer too")
    }
    let (weights, scales) = try inner.integerWeights(of: tensor)
    guard case .dense(let bits) = weights.storage else { return (weights, scales) }
    return (IntegerWeights(values: weights.values, storage: .sparse(mask, bits: bits)), scales)
  }
}
