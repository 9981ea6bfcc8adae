public import Graphs
public import Tensors

/// Elements that share numbers: each belongs to a cluster, whose one number is its centroid.
///
/// **Formula**: `w[i] = centroid[assignment[i]]`, where a centroid is the mean of its members' masters. If
/// cluster 0 is the fixed zero, its members are zero and stay so; pruned elements survive clustering in this
/// way. With a `grid`, a centroid is the integer nearest to that mean times the grid's one scale, so that a
/// device holds a table of integers.
///
/// **Gradient**: every member gets the mean of its cluster's gradients. This is the gradient of the weights,
/// projected onto the tied weights, so that the learning rates of untied weights stay right. Deep Compression
/// gives the centroid the *sum*, which is the same direction with the rate multiplied by the cluster's size.
/// On a grid the gradient passes straight through the rounding, and is zero where the mean lies beyond the
/// grid.
///
/// **Size**: `count` floats, or integers of the grid, and `bits = ⌈log2 count⌉` for each element.
///
/// **Paper**: Han, Mao, Dally, "Deep Compression", ICLR 2016, arXiv:1510.00149.
public struct Codebook: SharedNumbers {
  /// The name in files: `codebook`.
  public static let kind = "codebook"
  /// The most centroids; with a zero for masked elements beside them, 16 bits hold an assignment.
  public static let maximumCount = 1 << 16 - 1

  /// The cluster of every element, row-major.
  public let assignments: [UInt16]
  /// The number of clusters.
  public let count: Int
  /// True if cluster 0 is the number zero.
  public let hasZero: Bool
  /// The grid of integers to which centroids are rounded, with one scale; `nil` leaves them real.
  public let grid: Integer?

  /// Makes an encoding; every assignment must be below `count`, and a grid must have one scale.
  public init(assignments: [UInt16], count: Int, hasZero: Bool, grid: Integer? = nil) {
    precondition(grid?.scales.count ?? 1 == 1, "a codebook's grid has one scale")
    precondition((1...Self.maximumCount + 1).contains(count), "\(count) clusters")
    precondition(assignments.allSatisfy { Int($0) < count }, "an element of no cluster")
    self.assignments = assignments
    self.count = count
    self.hasZero = hasZero
    self.grid = grid
  }

  /// The same clusters, with centroids on a grid of one scale or real.
  public func onGrid(_ grid: Integer?) -> Codebook {
    Codebook(assignments: assignments, count: count, hasZero: hasZero, grid: grid)
  }

  /// The bits of an assignment, at least 1.
  public var bits: Int { max(1, Int.bitWidth - (count - 1).leadingZeroBitCount) }
  /// True without a grid; on a grid, small updates must add up between two integers.
  public var keepsProjectedMasters: Bool { grid == nil }

  /// All elements, less the members of the fixed zero.
  public func nonZeroCount(_ values: Span<Float>) -> Int {
    hasZero ? assignments.reduce(0) { $0 + ($1 == 0 ? 0 : 1) } : values.count
  }

  /// Replaces each element by the centroid of its cluster.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    replace(&values, by: centroids(values.span))
  }

  /// Gives each member the mean of its cluster's gradients.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    var gradients = means(gradient.span)
    if let grid {
      let means = means(masters)
      var span = gradients.mutableSpan
      grid.backward(&span, masters: means.span, shape: [count])
    }
    replace(&gradient, by: gradients)
  }

  /// The centroid of each cluster: the mean of its values, on the grid if there is one.
  public func centroids(_ values: Span<Float>) -> [Float] {
    var centroids = means(values)
    if let grid {
      var span = centroids.mutableSpan
      grid.project(&span, shape: [count])
    }
    return centroids
  }

  /// The mean of each cluster's values; 0 for the fixed zero and for a cluster without members.
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

  private func replace(_ values: inout MutableSpan<Float>, by centroids: [Float]) {
    for i in values.indices { values[i] = centroids[Int(assignments[i])] }
  }

  /// The assignments of the elements that are kept; all clusters remain.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Codebook {
    var indices = Tensor(assignments.map { Float($0) }, shape: shape)
    for (axis, kept) in kept.sorted(by: { $0.key < $1.key }) { indices = indices.gathering(kept, axis: axis) }
    return Codebook(
      assignments: indices.values.map { UInt16($0) }, count: count, hasZero: hasZero, grid: grid)
  }

  /// Assigns elements outside the mask to the fixed zero, which is added if there is none.
  public func masked(by mask: Mask) -> Codebook {
    guard mask.survivorCount < mask.count else { return self }
    let shift: UInt16 = hasZero ? 0 : 1
    let masked = assignments.indices.map { mask[$0] ? assignments[$0] + shift : 0 }
    return Codebook(assignments: masked, count: count + Int(shift), hasZero: true, grid: grid)
  }

  /// Dense: channels with different factors no longer share numbers.
  ///
  /// The caller keeps the weights as they are.
  public func afterChannelScaling() -> any Encoding { Dense() }
}
