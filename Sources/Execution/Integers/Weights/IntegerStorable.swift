import Graphs
import Tensors

/// An encoding whose numbers are integers times a scale.
protocol IntegerStorable: Encoding {
  /// The integers of a projected tensor with the way they are stored, and one scale for all or one for each output
  /// channel; refuses integers of more than eight bits.
  func integerWeights(of tensor: Tensor) throws(IntegerRefusal) -> (weights: IntegerWeights, scales: [Float])
}
