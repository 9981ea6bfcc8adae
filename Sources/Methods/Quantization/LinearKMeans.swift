public import Settings
import Tensors

/// The start of the centroids of k-means.
public enum CentroidStart: String, Sendable, SettingChoice {
  /// Evenly between the least and the greatest weight.
  case linear
  /// Evenly over the weights in order, so that there are many where weights are dense.
  case density
  /// At weights that are drawn.
  case random
}

/// K-means on numbers by Lloyd's iterations, each number weighted in the squared error and in the mean.
///
/// **Formula**: `min Σ_k Σ_{i in cluster k} h_i (w_i - c_k)²` with `c_k = Σ h_i w_i / Σ h_i`; a number
/// belongs to the nearest centroid, whatever its weight.
///
/// Even spacing keeps the few large weights, which matter most, near a centroid (Han, Mao, Dally, ICLR 2016).
/// The numbers are sorted once. A round needs one binary search and two prefix sums for each centroid, so
/// 400,000 numbers and 256 centroids take tens of milliseconds.
///
/// **Paper**: weights of numbers by the Hessian's diagonal: Choi, El-Khamy, Lee, "Towards the limit of
/// network quantization", ICLR 2017, arXiv:1612.01543.
struct LinearKMeans {
  /// The most rounds; each lowers the squared error or is the last.
  static let maximumRounds = 1_000

  /// The centroids, ascending; each has members.
  let centroids: [Float]
  /// The upper boundaries of all clusters but the last.
  ///
  /// A number belongs to the first cluster whose boundary is not below it.
  private let boundaries: [Double]

  /// Clusters finite numbers, at least one, into `count` clusters at most.
  ///
  /// `importance` has a weight of at least zero for each number; without it all count alike. `random` is used
  /// only if centroids start at random.
  init(
    _ values: [Float], importance: [Double]? = nil, count: Int, start: CentroidStart = .linear,
    random: inout SeededRandom
  ) {
    let numbers = SortedNumbers(values, importance: importance)
    var centers = Self.start(start, numbers.sorted, count: count, &random)
    var ends: [Int] = []
    for _ in 0..<Self.maximumRounds {
      let next = Self.ends(of: centers, numbers.sorted)
      if next == ends { break }
      ends = next
      for (cluster, end) in ends.enumerated() {
        let start = cluster == 0 ? 0 : ends[cluster - 1]
        if end > start { centers[cluster] = numbers.mean(start..<end) }
      }
    }
    let used = centers.indices.filter { ends[$0] > ($0 == 0 ? 0 : ends[$0 - 1]) }
    boundaries = used.dropLast().map { Double(numbers.sorted[ends[$0] - 1]) }
    centroids = used.map { Float(centers[$0]) }
  }

  /// Clusters finite numbers that count alike, from evenly spaced centroids.
  init(_ values: [Float], count: Int) {
    var random = SeededRandom(key: 0)
    self.init(values, count: count, random: &random)
  }

  /// The index of the centroid of one of the numbers that were clustered.
  func cluster(of value: Float) -> Int {
    var low = 0
    var high = boundaries.count
    while low < high {
      let middle = (low + high) / 2
      if boundaries[middle] < Double(value) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The first centroids, ascending.
  private static func start(
    _ start: CentroidStart, _ sorted: [Float], count: Int, _ random: inout SeededRandom
  ) -> [Double] {
    switch start {
    case .linear: spread(sorted, count: count)
    case .density:
      // The middles of equal shares of the numbers.
      (0..<count).map { Double(sorted[(2 * $0 + 1) * sorted.count / (2 * count)]) }
    case .random:
      (0..<count).map { _ in Double(sorted[random.below(sorted.count)]) }.sorted()
    }
  }

  /// Centroids that are spread evenly between the first and the last of sorted numbers.
  static func spread(_ sorted: [Float], count: Int) -> [Double] {
    let lowest = Double(sorted[0])
    let step = count > 1 ? (Double(sorted[sorted.count - 1]) - lowest) / Double(count - 1) : 0
    return (0..<count).map { lowest + Double($0) * step }
  }

  /// The end of each cluster among the sorted numbers: the middle between two centroids, which belongs to the
  /// lower.
  private static func ends(of centers: [Double], _ sorted: [Float]) -> [Int] {
    (0..<centers.count).map { cluster in
      guard cluster + 1 < centers.count else { return sorted.count }
      return firstIndex(above: (centers[cluster] + centers[cluster + 1]) / 2, sorted)
    }
  }

  /// The first place whose number is above a bound.
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

/// Numbers in order, with sums over all that come before.
private struct SortedNumbers {
  let sorted: [Float]
  private let isWeighted: Bool
  /// The sums of weights times numbers before each place.
  private var products = [0.0]
  /// The sums of weights before each place.
  private var weights = [0.0]

  init(_ values: [Float], importance: [Double]?) {
    isWeighted = importance != nil
    // Sorting numbers alone is several times faster than sorting their places.
    let order = importance == nil ? nil : values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    sorted = order?.map { values[$0] } ?? values.sorted()
    products.reserveCapacity(sorted.count + 1)
    weights.reserveCapacity(sorted.count + 1)
    for (place, value) in sorted.enumerated() {
      let weight = order.flatMap { importance?[$0[place]] } ?? 1
      products.append(products[place] + weight * Double(value))
      weights.append(weights[place] + weight)
    }
  }

  /// The weighted mean of the numbers at some places; the plain mean if none has a weight.
  func mean(_ places: Range<Int>) -> Double {
    let weight = weights[places.upperBound] - weights[places.lowerBound]
    guard weight > 0 else { return places.reduce(0) { $0 + Double(sorted[$1]) } / Double(places.count) }
    let mean = (products[places.upperBound] - products[places.lowerBound]) / weight
    guard isWeighted else { return mean }
    // By cancellation the difference of large sums may lie beyond the numbers, so the mean is clamped.
    return min(max(mean, Double(sorted[places.lowerBound])), Double(sorted[places.upperBound - 1]))
  }
}
