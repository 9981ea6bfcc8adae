/// K-means on numbers: Lloyd's iterations from centroids spread evenly between the extremes.
///
/// Even spacing keeps the few large weights, which matter most, near a centroid (Han, Mao, Dally, ICLR 2016). The numbers are
/// sorted once; a round needs one binary search and two prefix sums for each centroid, so 400,000 numbers and 256
/// centroids take tens of milliseconds. Nothing is drawn at random.
struct LinearKMeans {
  /// The most rounds; each lowers the squared error or is the last.
  static let maximumRounds = 1_000

  /// The centroids, ascending; each has members.
  let centroids: [Float]
  /// A number belongs to the first cluster whose boundary is not below it; one boundary fewer than centroids.
  private let boundaries: [Double]

  /// Clusters finite numbers, of which there must be one at least.
  init(_ values: [Float], count: Int) {
    let sorted = values.sorted()
    var sums = [0.0]
    sums.reserveCapacity(sorted.count + 1)
    for value in sorted { sums.append((sums.last ?? 0) + Double(value)) }
    var centers = Self.spread(sorted, count: count)
    var ends: [Int] = []
    for _ in 0..<Self.maximumRounds {
      let next = Self.ends(of: centers, sorted)
      if next == ends { break }
      ends = next
      for (cluster, end) in ends.enumerated() {
        let start = cluster == 0 ? 0 : ends[cluster - 1]
        if end > start { centers[cluster] = (sums[end] - sums[start]) / Double(end - start) }
      }
    }
    let used = centers.indices.filter { ends[$0] > ($0 == 0 ? 0 : ends[$0 - 1]) }
    boundaries = used.dropLast().map { Double(sorted[ends[$0] - 1]) }
    centroids = used.map { Float(centers[$0]) }
  }

  /// The index of the centroid that a number of those clustered belongs to.
  func cluster(of value: Float) -> Int {
    var low = 0
    var high = boundaries.count
    while low < high {
      let middle = (low + high) / 2
      if boundaries[middle] < Double(value) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func spread(_ sorted: [Float], count: Int) -> [Double] {
    let lowest = Double(sorted[0])
    let step = count > 1 ? (Double(sorted[sorted.count - 1]) - lowest) / Double(count - 1) : 0
    return (0..<count).map { lowest + Double($0) * step }
  }

  /// Where each cluster ends among the sorted numbers: at the middle between two centroids, which belongs to the lower.
  private static func ends(of centers: [Double], _ sorted: [Float]) -> [Int] {
    (0..<centers.count).map { cluster in
      guard cluster + 1 < centers.count else { return sorted.count }
      return firstIndex(above: (centers[cluster] + centers[cluster + 1]) / 2, sorted)
    }
  }

  private static func firstIndex(above bound: Double, _ sorted: [Float]) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if Double(sorted[middle]) <= bound { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
