import Encodings
import Tensors

extension Codebook: IntegerStorable {
  /// Indices into a table of bytes; plain integers where there are more than 256 of them.
  func integerWeights(of tensor: Tensor) throws(IntegerRefusal) -> (weights: IntegerWeights, scales: [Float])
  {
    guard let grid else {
      throw IntegerRefusal("its weights share real numbers, not integers; quantize this layer too")
    }
    guard grid.bits <= 8 else { throw IntegerRefusal("its weights have \(grid.bits) bits, more than 8") }
    let values = grid.integers(tensor).map { Int8($0) }
    guard count <= 256 else {
      return (IntegerWeights(values: values, storage: .dense(bits: grid.bits)), grid.scales)
    }
    let table = grid.integers(Tensor(centroids(tensor.values.span), shape: [count])).map { Int8($0) }
    let indices = assignments.map { UInt8($0) }
    return (
      IntegerWeights(values: values, storage: .codebook(indices: indices, table: table, bits: bits)),
      grid.scales
    )
  }
}
