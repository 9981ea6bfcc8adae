import Readings

/// A row as a point of a Pareto front; all coordinates are to be small.
struct ParetoPoint: Equatable {
  let name: String
  /// The distance of the accuracy from the best possible value, then the cost on each axis.
  let coordinates: [Double]

  init(name: String, coordinates: [Double]) {
    self.name = name
    self.coordinates = coordinates
  }

  /// The point of a row with its reading on a target; a resource that the reading lacks is infinite.
  init(name: String, shortfall: Double, _ reading: Reading, axes: [Resource]) {
    self.init(
      name: name,
      coordinates: [shortfall]
        + axes.map { axis in reading[axis].map { axis.cost($0.value) } ?? .infinity })
  }

  /// True if this point is nowhere worse than the other and somewhere better.
  func dominates(_ other: ParetoPoint) -> Bool {
    let pairs = zip(coordinates, other.coordinates)
    return pairs.allSatisfy { $0 <= $1 } && pairs.contains { $0 < $1 }
  }

  /// The points that no other one dominates, in their order; O(n²) comparisons.
  static func front(_ points: [ParetoPoint]) -> [ParetoPoint] {
    points.filter { point in !points.contains { $0.dominates(point) } }
  }
}

/// The hypervolume of a set of points: the volume that they dominate.
enum Hypervolume {
  /// The share of the unit box that at least one point dominates; the reference point is (1, 1, …).
  ///
  /// **Formula** the volume of the union of the boxes `[p, 1]`, by slices along the last axis: between two
  /// neighbouring values, the thickness times the volume, with one axis fewer, of the points below. At worst
  /// O(n^d) for n points on d axes.
  ///
  /// **Paper** Zitzler, Thiele, "Multiobjective evolutionary algorithms", IEEE Transactions on Evolutionary
  /// Computation 3, 1999; slices as in While, Hingston, Barone, Huband, "A faster algorithm for calculating
  /// hypervolume", IEEE Transactions on Evolutionary Computation 10, 2006.
  static func dominatedShare(_ points: [[Double]]) -> Double {
    let inside = points.filter { $0.allSatisfy { $0 < 1 } }.map { $0.map { max($0, 0) } }
    guard let axes = inside.first?.count, axes > 0 else { return 0 }
    if axes == 1 { return 1 - (inside.map { $0[0] }.min() ?? 1) }
    let sorted = inside.sorted { ($0[axes - 1]) < ($1[axes - 1]) }
    var volume = 0.0
    var below: [[Double]] = []
    for (index, point) in sorted.enumerated() {
      below = nonDominated(below, adding: Array(point.dropLast()))
      let next = index + 1 < sorted.count ? sorted[index + 1][axes - 1] : 1
      if next > point[axes - 1] { volume += (next - point[axes - 1]) * dominatedShare(below) }
    }
    return volume
  }

  private static func nonDominated(_ points: [[Double]], adding point: [Double]) -> [[Double]] {
    func covers(_ first: [Double], _ second: [Double]) -> Bool { zip(first, second).allSatisfy { $0 <= $1 } }
    guard !points.contains(where: { covers($0, point) }) else { return points }
    return points.filter { !covers(point, $0) } + [point]
  }
}
