import Readings

/// A row as a point, whose coordinates are all to be minimized.
package struct ParetoPoint: Equatable {
  package let name: String
  /// The shortfall of the accuracy, then one cost for each axis; for searches the values of the objectives.
  package let coordinates: [Double]

  package init(name: String, coordinates: [Double]) {
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
  package func dominates(_ other: ParetoPoint) -> Bool {
    let pairs = zip(coordinates, other.coordinates)
    return pairs.allSatisfy { $0 <= $1 } && pairs.contains { $0 < $1 }
  }

  /// The points that no other one dominates, in their order; O(n²) comparisons.
  package static func front(_ points: [ParetoPoint]) -> [ParetoPoint] {
    points.filter { point in !points.contains { $0.dominates(point) } }
  }
}

/// The volume that points dominate.
package enum Hypervolume {
  /// The share of the unit box that lies above at least one point, the point (1, 1, …) being the reference.
  ///
  /// **Formula**: the volume of the union of the boxes `[p, 1]`, in slices along the last axis. A slice between
  /// two neighbouring values has the volume of its thickness times the volume, in one dimension fewer, of the
  /// points below it. This takes O(n^d) operations at worst for n points on d axes.
  ///
  /// **Papers**: Zitzler, Thiele, "Multiobjective evolutionary algorithms", IEEE Transactions on Evolutionary
  /// Computation 3, 1999; for slices While, Hingston, Barone, Huband, "A faster algorithm for calculating
  /// hypervolume", IEEE Transactions on Evolutionary Computation 10, 2006.
  package static func dominatedShare(_ points: [[Double]]) -> Double {
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
