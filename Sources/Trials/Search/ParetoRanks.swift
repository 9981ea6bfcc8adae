import Runs

/// The comparison of observations of several objectives by non-dominated fronts and crowding distance.
///
/// **Paper**: Deb, Pratap, Agarwal, Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE Transactions on
/// Evolutionary Computation 6, 2002: non-dominated sorting, crowding distance, and domination under constraints.
package enum ParetoRanks {
  /// The front of each point: 0 for non-dominated points, 1 for points that only front 0 dominates, and so on.
  ///
  /// A point that meets the limits dominates each that does not. Of two that do not, the one with the smaller miss dominates. Each
  /// front takes O(n²·k) operations for n points of k objectives.
  package static func ranks(of points: [[Double]], misses: [Double]) -> [Int] {
    let places = points.map { ParetoPoint(name: "", coordinates: $0) }
    func dominates(_ first: Int, _ second: Int) -> Bool {
      if misses[first] > 0 || misses[second] > 0 { return misses[first] < misses[second] }
      return places[first].dominates(places[second])
    }
    var ranks = Array(repeating: -1, count: points.count)
    var left = Array(points.indices)
    var rank = 0
    while !left.isEmpty {
      let front = left.filter { own in !left.contains { dominates($0, own) } }
      for index in front { ranks[index] = rank }
      left.removeAll { ranks[$0] >= 0 }
      rank += 1
    }
    return ranks
  }

  /// The crowding distance of each point of a front.
  ///
  /// It is the distance between the neighbours on both sides as a share of the front's extent, summed over objectives. It is infinite
  /// for the first and the last point of an objective.
  package static func crowding(of points: [[Double]]) -> [Double] {
    var room = Array(repeating: 0.0, count: points.count)
    for axis in points.first?.indices ?? 0..<0 {
      let order = points.indices.sorted { (points[$0][axis], $0) < (points[$1][axis], $1) }
      guard let first = order.first, let last = order.last else { continue }
      let extent = points[last][axis] - points[first][axis]
      (room[first], room[last]) = (.infinity, .infinity)
      guard extent > 0, extent.isFinite else { continue }
      for (before, (own, after)) in zip(order, zip(order.dropFirst(), order.dropFirst(2))) {
        room[own] += (points[after][axis] - points[before][axis]) / extent
      }
    }
    return room
  }

  /// The indices of all points by rising rank, then by falling crowding distance, then by index.
  package static func order(of points: [[Double]], misses: [Double]) -> [Int] {
    let ranks = ranks(of: points, misses: misses)
    var room = Array(repeating: 0.0, count: points.count)
    for members in Dictionary(grouping: points.indices, by: { ranks[$0] }).values {
      let members = members.sorted()
      for (index, own) in zip(members, crowding(of: members.map { points[$0] })) { room[index] = own }
    }
    return points.indices.sorted { (ranks[$0], -room[$0], $0) < (ranks[$1], -room[$1], $1) }
  }
}
