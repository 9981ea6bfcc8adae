import Readings

/// A row as a point: what it misses and takes on a target, each to be small.
struct ParetoPoint: Equatable {
  let name: String
  /// How far the accuracy is from the best one, then a cost an axis.
  let coordinates: [Double]

  init(name: String, coordinates: [Double]) {
    self.name = name
    self.coordinates = coordinates
  }

  /// The point of what a row misses and what a target says of it; what it says nothing of counts as endlessly much.
  init(name: String, shortfall: Double, _ reading: Reading, axes: [Resource]) {
    self.init(
      name: name,
      coordinates: [shortfall]
        + axes.map { axis in reading[axis].map { axis.cost($0.value) } ?? .infinity })
  }

  /// Whether this point is nowhere worse than another and somewhere better.
  func dominates(_ other: ParetoPoint) -> Bool {
    let pairs = zip(coordinates, other.coordinates)
    return pairs.allSatisfy { $0 <= $1 } && pairs.contains { $0 < $1 }
  }

  /// The points that no other dominates, in their order; O(n²).
  static func front(_ points: [ParetoPoint]) -> [ParetoPoint] {
    points.filter { point in !points.contains { $0.dominates(point) } }
  }
}
