import Encodings
import Tensors

extension Integer: IntegerStorable {
  func integerWeights(of tensor: Tensor) throws(IntegerRefusal) -> (weights: IntegerWeights, scales: [Float])
  {
    guard bits <= 8 else { throw IntegerRefusal("its weights have \(bits) bits, more than 8") }
    let values = integers(tensor).map { Int8($0) }
    return (IntegerWeights(values: values, storage: .dense(bits: bits)), scales)
  }
}
