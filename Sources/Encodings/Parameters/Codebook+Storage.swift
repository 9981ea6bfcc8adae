public import Graphs
public import Tensors

extension Codebook {
  /// Streams `centroids` (floats) and `assignments`; on a grid `scale` (a float), `integers` (two's complement) and `assignments`.
  public func store(_ tensor: Tensor) -> StoredTensor {
    let centroids = centroids(tensor.values.span)
    let assignments = StoredTensor.Stream(
      name: "assignments", bits: bits, symbols: assignments.map { UInt32($0) }, isElementwise: true)
    guard let grid else {
      return StoredTensor(
        numbers: ["zero": hasZero ? 1 : 0],
        streams: [.init(name: "centroids", bits: 32, symbols: centroids.map(\.bitPattern)), assignments])
    }
    let mask = UInt32.max >> UInt32(32 - grid.bits)
    let integers = grid.integers(Tensor(centroids, shape: [count]))
    return StoredTensor(
      numbers: ["zero": hasZero ? 1 : 0, "bits": grid.bits],
      streams: [
        .init(name: "scale", bits: 32, symbols: grid.scales.map(\.bitPattern)),
        .init(name: "integers", bits: grid.bits, symbols: integers.map { UInt32(bitPattern: $0) & mask }),
        assignments,
      ])
  }

  /// Refuses centroids that are not finite or beyond their grid, a grid that makes no sense, a zero cluster that is not
  /// zero, and assignments to no cluster.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (Codebook, Tensor) {
    let (centroids, grid) = try centroids(of: stored)
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

  /// The numbers of the clusters, and the grid where they are integers.
  private static func centroids(
    of stored: StoredTensor
  ) throws(EncodingError) -> (centroids: [Float], grid: Integer?) {
    guard let bits = stored.numbers["bits"] else {
      return (try stored.stream("centroids", bits: 32, of: kind).map(Float.init(bitPattern:)), nil)
    }
    guard (2...16).contains(bits) else {
      throw .invalid(kind: kind, what: "bits", expected: "2…16", found: "\(bits)")
    }
    let scale = try stored.stream("scale", bits: 32, of: kind)
    guard scale.count == 1 else {
      throw .invalid(kind: kind, what: "scale", expected: "1 number", found: "\(scale.count)")
    }
    let integers = try stored.stream("integers", bits: bits, of: kind)
    let (grid, tensor) = try Integer.restore(
      StoredTensor(
        numbers: ["bits": bits],
        streams: [
          .init(name: "scales", bits: 32, symbols: scale),
          .init(name: "integers", bits: bits, symbols: integers),
        ]), shape: [integers.count])
    return (tensor.values, grid)
  }

  private static func check(_ centroids: [Float], hasZero: Bool) throws(EncodingError) {
    let limit = maximumCount + (hasZero ? 1 : 0)
    guard (1...limit).contains(centroids.count) else {
      throw .invalid(kind: kind, what: "centroids", expected: "1 to \(limit)", found: "\(centroids.count)")
    }
    if let bad = centroids.first(where: { !$0.isFinite }) {
      throw .invalid(kind: kind, what: "centroids", expected: "finite numbers", found: "\(bad)")
    }
    if hasZero && centroids[0] != 0 {
      throw .invalid(kind: kind, what: "centroid 0", expected: "zero", found: "\(centroids[0])")
    }
  }
}
