public import Graphs
public import Tensors

extension Codebook {
  /// Stores the streams `centroids` (floats) and `assignments`.
  ///
  /// On a grid they are `scale` (a float), `integers` (two's complement) and `assignments`.
  public func store(_ tensor: Tensor) -> StoredTensor {
    var stored = StoredTensor.shared(centroids(tensor.values.span), on: grid)
    stored.numbers["zero"] = hasZero ? 1 : 0
    stored.streams.append(
      .init(name: "assignments", bits: bits, symbols: assignments.map { UInt32($0) }, isElementwise: true))
    return stored
  }

  /// Restores a codebook; throws where a file contradicts itself.
  ///
  /// It refuses centroids that are not finite or exceed their grid, an invalid grid, a zero cluster that is
  /// not zero, and assignments to no cluster.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (Codebook, Tensor) {
    let (centroids, grid) = try stored.sharedNumbers(of: kind)
    let hasZero = stored.numbers["zero"] == 1
    try check(centroids, hasZero: hasZero)
    let bits = Codebook(assignments: [], count: centroids.count, hasZero: hasZero).bits
    let symbols = try stored.stream("assignments", bits: bits, of: kind)
    guard symbols.count == shape.count else {
      throw .invalid(
        kind: kind, what: "assignments", expected: "\(shape.count) for \(shape)", found: "\(symbols.count)")
    }
    if let stray = symbols.first(where: { $0 >= centroids.count }) {
      throw .invalid(kind: kind, what: "assignments", expected: "below \(centroids.count)", found: "\(stray)")
    }
    let encoding = Codebook(
      assignments: symbols.map { UInt16($0) }, count: centroids.count, hasZero: hasZero, grid: grid)
    return (encoding, Tensor(symbols.map { centroids[Int($0)] }, shape: shape))
  }

  private static func check(_ centroids: [Float], hasZero: Bool) throws(EncodingError) {
    let limit = maximumCount + (hasZero ? 1 : 0)
    guard (1...limit).contains(centroids.count) else {
      throw .invalid(kind: kind, what: "centroids", expected: "1 to \(limit)", found: "\(centroids.count)")
    }
    if hasZero && centroids[0] != 0 {
      throw .invalid(kind: kind, what: "centroid 0", expected: "zero", found: "\(centroids[0])")
    }
  }
}
