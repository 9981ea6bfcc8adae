public import Graphs
public import Tensors

/// Elements that share values: each belongs to a cluster, and a cluster has one number, its centroid.
///
/// **Formula**: `w[i] = centroid[assignment[i]]`; a centroid is the mean of its members' masters. Where cluster 0 is the
/// fixed zero, its members are zero and stay so: that is how pruned elements survive clustering.
///
/// **Gradient**: every member gets the mean of its cluster's gradients. That is the gradient in weight space projected
/// onto the tied weights, so the learning rates of untied weights stay right. Deep Compression gives the centroid the
/// *sum*, which is the same direction with a rate multiplied by the cluster's size.
///
/// **Size**: `count` floats and `bits = ⌈log2 count⌉` for each element.
///
/// **Paper**: Han, Mao, Dally, "Deep Compression", ICLR 2016, arXiv:1510.00149.
public struct Codebook: Encoding {
  public static let kind = "codebook"
  /// The most centroids: with a zero for masked elements beside them, 16 bits are enough for an assignment.
  public static let maximumCount = 1 << 16 - 1

  /// The cluster of every element, row-major.
  public let assignments: [UInt16]
  /// The number of clusters.
  public let count: Int
  /// Whether cluster 0 is the number zero.
  public let hasZero: Bool

  /// Makes an encoding; every assignment must be below `count`.
  public init(assignments: [UInt16], count: Int, hasZero: Bool) {
    precondition((1...Self.maximumCount + 1).contains(count), "\(count) clusters")
    precondition(assignments.allSatisfy { Int($0) < count }, "an element of no cluster")
    self.assignments = assignments
    self.count = count
    self.hasZero = hasZero
  }

  /// Bits of an assignment, at least 1.
  public var bits: Int { max(1, Int.bitWidth - (count - 1).leadingZeroBitCount) }
  public var keepsProjectedMasters: Bool { true }

  public func nonZeroCount(_ values: Span<Float>) -> Int {
    hasZero ? assignments.reduce(0) { $0 + ($1 == 0 ? 0 : 1) } : values.count
  }

  public func project(_ values: inout MutableSpan<Float>, shape: Shape) { replaceByMeans(&values) }

  public func passGradient(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    replaceByMeans(&gradient)
  }

  /// The mean of each cluster's values; the fixed zero's is 0, and so is that of a cluster without members.
  public func means(_ values: Span<Float>) -> [Float] {
    precondition(
      values.count == assignments.count, "\(values.count) values, \(assignments.count) assignments")
    var sums = Array(repeating: 0.0, count: count)
    var members = Array(repeating: 0, count: count)
    for i in values.indices {
      let cluster = Int(assignments[i])
      sums[cluster] += Double(values[i])
      members[cluster] += 1
    }
    var means = zip(sums, members).map { Float($1 == 0 ? 0 : $0 / Double($1)) }
    if hasZero { means[0] = 0 }
    return means
  }

  private func replaceByMeans(_ values: inout MutableSpan<Float>) {
    let means = means(values.span)
    for i in values.indices { values[i] = means[Int(assignments[i])] }
  }

  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Codebook {
    var indices = Tensor(assignments.map { Float($0) }, shape: shape)
    for (axis, kept) in kept.sorted(by: { $0.key < $1.key }) { indices = indices.gathering(kept, axis: axis) }
    return Codebook(assignments: indices.values.map { UInt16($0) }, count: count, hasZero: hasZero)
  }

  /// What is outside of the mask belongs to the fixed zero, which is added where there is none.
  public func masked(by mask: Mask) -> Codebook {
    guard mask.survivorCount < mask.count else { return self }
    let shift: UInt16 = hasZero ? 0 : 1
    let masked = assignments.indices.map { mask[$0] ? assignments[$0] + shift : 0 }
    return Codebook(assignments: masked, count: count + Int(shift), hasZero: true)
  }

  /// Channels that are multiplied by different numbers share values no more; the caller keeps the weights as they are.
  public func afterChannelScaling() -> any Encoding { Dense() }

  /// Streams `centroids` (floats) and `assignments`.
  public func store(_ tensor: Tensor) -> StoredTensor {
    StoredTensor(
      numbers: ["zero": hasZero ? 1 : 0],
      streams: [
        .init(name: "centroids", bits: 32, symbols: means(tensor.values.span).map(\.bitPattern)),
        .init(
          name: "assignments", bits: bits, symbols: assignments.map { UInt32($0) }, isElementwise: true),
      ])
  }

  /// Refuses centroids that are not finite, a zero cluster that is not zero, and assignments to no cluster.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (Codebook, Tensor) {
    let centroids = try stored.stream("centroids", bits: 32, of: kind).map(Float.init(bitPattern:))
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
      assignments: symbols.map { UInt16($0) }, count: centroids.count, hasZero: hasZero)
    return (encoding, Tensor(symbols.map { centroids[Int($0)] }, shape: shape))
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
