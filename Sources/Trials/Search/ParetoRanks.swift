import Runs

/// How observations of several objectives compare: fronts behind fronts, and how much room each has on its own.
///
/// **Paper** Deb, Pratap, Agarwal, Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE Transactions on
/// Evolutionary Computation 6, 2002: non-dominated sorting, crowding distance, and domination under constraints.
package enum ParetoRanks {
  /// For each point the number of its front: 0 for those that none dominates, 1 for those that only these dominate, and so on.
  ///
  /// A point that meets the limits dominates each that does not, and of two that do not the one that misses them by less
  /// dominates. O(n²·k) for n points of k objectives.
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

  /// For each of some points of one front the mean side of the box that its neighbours leave it, as shares of the front's extent summed
  /// over objectives; endless at the ends.
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

  /// The places of the points of lowest rank, those with most room first within a rank, then the earlier.
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
