import Tensors

/// K-means on vectors, with a weight for each element in the squared error and in the mean.
///
/// **Formula**: `min Σ_v Σ_t h_vt (x_vt - c_k(v),t)²` with `c_kt = Σ h_vt x_vt / Σ h_vt` over the members of
/// cluster k. Centroids begin at vectors drawn with chances that grow with the squared distance from those
/// drawn before.
///
/// **Paper**: Arthur, Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.
struct VectorKMeans {
  /// The most rounds, and the share of the error that a round must save for another one to follow.
  private static let (maximumRounds, leastSaving) = (30, 1e-4)

  /// The cluster of each vector.
  private(set) var clusters: [Int]
  /// The centroids, one after another.
  private(set) var centroids: [Float] = []
  /// The weighted squared error.
  private(set) var error = Double.infinity

  private let values: [Float]
  private let weights: [Float]
  private let width: Int

  /// The number of centroids.
  var count: Int { centroids.count / width }

  /// Clusters vectors of `width` finite numbers, one after another, into at most `count` clusters.
  ///
  /// `weights` are at least zero.
  init(_ values: [Float], weights: [Float], width: Int, count: Int, random: inout SeededRandom) {
    self.values = values
    self.weights = weights
    self.width = width
    clusters = Array(repeating: 0, count: values.count / width)
    draw(min(count, clusters.count), &random)
    for _ in 0..<Self.maximumRounds {
      let last = error
      assign()
      guard last - error > Self.leastSaving * error else { break }
      recentre()
    }
  }

  /// Draws the first centroids; fewer if there are fewer different vectors.
  private mutating func draw(_ count: Int, _ random: inout SeededRandom) {
    guard !clusters.isEmpty else { return }
    append(random.below(clusters.count))
    var distances = clusters.indices.map { Double(distance($0, 0, below: .infinity)) }
    while self.count < count {
      let total = distances.reduce(0, +)
      guard total > 0, total.isFinite else { return }
      var left = Double(random.uniform()) * total
      let next = distances.firstIndex { distance in
        left -= distance
        return left < 0
      }
      append(next ?? distances.lastIndex { $0 > 0 } ?? 0)
      let newest = self.count - 1
      for vector in clusters.indices {
        distances[vector] = min(
          distances[vector], Double(distance(vector, newest, below: Float(distances[vector]).nextUp)))
      }
    }
  }

  /// Adds a vector to the centroids.
  private mutating func append(_ vector: Int) {
    centroids += values[(vector * width)..<((vector + 1) * width)]
  }

  /// The weighted squared distance of a vector from a centroid, or any number that is not below the bound.
  private func distance(_ vector: Int, _ cluster: Int, below bound: Float) -> Float {
    let (first, other) = (vector * width, cluster * width)
    var sum: Float = 0
    for element in 0..<width {
      let difference = values[first + element] - centroids[other + element]
      sum += weights[first + element] * difference * difference
      if sum >= bound { return sum }
    }
    return sum
  }

  /// Gives each vector to its nearest centroid; of equal distances to its present one, then to the first.
  private mutating func assign() {
    let count = count
    // Coordinate by coordinate, so that the inner loop runs over all centroids and can be vectorized.
    var coordinates = Array(repeating: Float(0), count: centroids.count)
    for cluster in 0..<count {
      for element in 0..<width {
        coordinates[element * count + cluster] = centroids[cluster * width + element]
      }
    }
    var distances = Array(repeating: Float(0), count: count)
    var sum = 0.0
    for vector in clusters.indices {
      measure(vector, from: coordinates.span, into: &distances)
      var best = (cluster: clusters[vector], distance: distances[clusters[vector]])
      for cluster in 0..<count where distances[cluster] < best.distance {
        best = (cluster, distances[cluster])
      }
      clusters[vector] = best.cluster
      sum += Double(best.distance)
    }
    error = sum
  }

  /// The weighted squared distances of a vector from all centroids, which are given coordinate by coordinate.
  private func measure(_ vector: Int, from coordinates: Span<Float>, into distances: inout [Float]) {
    let count = distances.count
    var span = distances.mutableSpan
    for cluster in 0..<count { span[cluster] = 0 }
    for element in 0..<width {
      let place = vector * width + element
      Self.add(
        values[place], weights[place], coordinates.extracting(element * count..<(element + 1) * count), &span)
    }
  }

  /// Adds the weighted squared differences of a number from one coordinate of all centroids.
  @inline(never)
  private static func add(
    _ value: Float, _ weight: Float, _ coordinate: Span<Float>, _ distances: inout MutableSpan<Float>
  ) {
    let count = distances.count
    precondition(coordinate.count == count)
    for cluster in 0..<count {
      let difference = value - coordinate[cluster]
      distances[cluster] += weight * difference * difference
    }
  }

  /// Moves centroids to the means of their members; elements without weight, and centroids without members,
  /// stay.
  private mutating func recentre() {
    var products = Array(repeating: 0.0, count: centroids.count)
    var sums = products
    for (vector, cluster) in clusters.enumerated() {
      for element in 0..<width {
        let weight = Double(weights[vector * width + element])
        products[cluster * width + element] += weight * Double(values[vector * width + element])
        sums[cluster * width + element] += weight
      }
    }
    for place in centroids.indices where sums[place] > 0 {
      centroids[place] = Float(products[place] / sums[place])
    }
  }
}
