/// A row as a point: what it misses and takes on a target, each to be small.
struct ParetoPoint: Equatable {
  let name: String
  /// Error rate, flash, RAM, energy.
  let coordinates: [Double]

  init(name: String, coordinates: [Double]) {
    self.name = name
    self.coordinates = coordinates
  }

  /// The point of a row's accuracy and what a target says of it.
  init(name: String, accuracy: Double, _ reading: TrialResult.TargetReading) {
    self.init(
      name: name,
      coordinates: [
        1 - accuracy, Double(reading.flashBytes), Double(reading.ramBytes), reading.energyMicrojoules,
      ])
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
