import Encodings
import Graphs
import Tensors

/// An encoding whose numbers are integers times a scale.
protocol IntegerStorable: Encoding {
  /// The integers of a projected tensor with their storage, and one scale for all or for each output channel.
  ///
  /// Refuses integers of more than eight bits.
  func integerWeights(of tensor: Tensor) throws(IntegerRefusal) -> (weights: IntegerWeights, scales: [Float])
}

extension Integer: IntegerStorable {
  func integerWeights(of tensor: Tensor) throws(IntegerRefusal) -> (weights: IntegerWeights, scales: [Float])
  {
    guard bits <= 8 else { throw IntegerRefusal("its weights have \(bits) bits, more than 8") }
    let values = integers(tensor).map { Int8($0) }
    return (IntegerWeights(values: values, storage: .dense(bits: bits)), scales)
  }
}

extension Sparse: IntegerStorable {
  /// The inner encoding's integers, of which only survivors are stored.
  func integerWeights(of tensor: Tensor) throws(IntegerRefusal) -> (weights: IntegerWeights, scales: [Float])
  {
    guard let inner = inner as? any IntegerStorable else {
      throw IntegerRefusal(
        "its surviving weights are stored as \(inner.kind), not as integers; quantize this layer too")
    }
    let (weights, scales) = try inner.integerWeights(of: tensor)
    let bits: Int
    switch weights.storage {
    case .dense(let width): bits = width
    // Masked zeros are in no sub-vector, so the numbers are written out.
    case .vectors(let vectors): bits = vectors.bits
    // A masked weight is neither of the two numbers, so it takes a second bit.
    case .signs: bits = 2
    case .codebook, .levels, .sparse: return (weights, scales)
    }
    return (IntegerWeights(values: weights.values, storage: .sparse(mask, bits: bits)), scales)
  }
}

extension Codebook: IntegerStorable {
  /// Indices into a table of bytes; plain integers if there are more than 256 numbers.
  func integerWeights(of tensor: Tensor) throws(IntegerRefusal) -> (weights: IntegerWeights, scales: [Float])
  {
    let (values, grid) = try tiedIntegers(of: tensor)
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

extension ProductCodebook: IntegerStorable {
  /// Indices of a byte into tables of sub-vectors; plain integers if a table has more than 256.
  func integerWeights(of tensor: Tensor) throws(IntegerRefusal) -> (weights: IntegerWeights, scales: [Float])
  {
    let (values, grid) = try tiedIntegers(of: tensor)
    guard count <= 256 else {
      return (IntegerWeights(values: values, storage: .dense(bits: grid.bits)), grid.scales)
    }
    let shared = centroids(tensor.values.span)
    let vectors = IntegerWeights.SubVectors(
      indices: assignments.map { UInt8($0) },
      table: grid.integers(Tensor(shared, shape: [shared.count])).map { Int8($0) }, width: width,
      books: books, bits: grid.bits)
    return (IntegerWeights(values: values, storage: .vectors(vectors)), grid.scales)
  }
}

extension Hashed: IntegerStorable {
  /// The integers written out, as no kernel computes hashes.
  func integerWeights(of tensor: Tensor) throws(IntegerRefusal) -> (weights: IntegerWeights, scales: [Float])
  {
    let (values, grid) = try tiedIntegers(of: tensor)
    return (IntegerWeights(values: values, storage: .dense(bits: grid.bits)), grid.scales)
  }
}

extension SharedNumbers {
  /// The integers of a tensor whose numbers lie on a grid of bytes, and that grid.
  fileprivate func tiedIntegers(of tensor: Tensor) throws(IntegerRefusal) -> (values: [Int8], grid: Integer) {
    guard let grid else {
      throw IntegerRefusal("its weights share real numbers, not integers; quantize this layer too")
    }
    guard grid.bits <= 8 else { throw IntegerRefusal("its weights have \(grid.bits) bits, more than 8") }
    return (grid.integers(tensor).map { Int8($0) }, grid)
  }
}

extension PowersOfTwo: IntegerStorable {
  /// The numbers of the set as bytes, stored by their symbols.
  func integerWeights(of tensor: Tensor) throws(IntegerRefusal) -> (weights: IntegerWeights, scales: [Float])
  {
    let storage = IntegerWeights.Storage.levels(
      symbols: symbols(tensor), magnitudes: levels.magnitudes.map { Int8($0) }, bits: levels.bits)
    return (IntegerWeights(values: grid.integers(tensor).map { Int8($0) }, storage: storage), scales)
  }
}

extension Binary: IntegerStorable {
  /// Ones with the sign of each weight, and zeros where a mask leaves none.
  func integerWeights(of tensor: Tensor) throws(IntegerRefusal) -> (weights: IntegerWeights, scales: [Float])
  {
    (IntegerWeights(values: tensor.values.map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }, storage: .signs), scales)
  }
}
