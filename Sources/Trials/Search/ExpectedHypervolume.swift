import Foundation

/// The hypervolume that a point of two uncertain objectives is expected to add to a front.
///
/// Both objectives are minimized, and independent normal variables. The front and the reference r cut the
/// plane into strips. A point y adds to strip i what lies above y₂, below the front, and right of y₁:
///
///     EHVI = Σ_i (ψ₁(a_i) - ψ₁(a_{i-1})) · ψ₂(b_{i-1}),   i = 1…n + 1
///     ψ(c) = E[max(c - Y, 0)] = (c - μ) Φ(z) + σ φ(z),   z = (c - μ) / σ
///
/// (a_i, b_i) are the points of the front by rising a, a_{n+1} = r₁, b_0 = r₂ and ψ₁(a_0) = 0.
///
/// **Papers** Emmerich, Giannakoglou, Naujoks, "Single- and multiobjective evolutionary optimization assisted
/// by Gaussian random field metamodels", IEEE Transactions on Evolutionary Computation 10, 2006; Yang,
/// Emmerich, Deutz, Bäck, "Efficient computation of expected hypervolume improvement using box decomposition
/// algorithms", 2019, arXiv:1904.12672.
struct ExpectedHypervolume {
  /// A normal variable.
  typealias Normal = (mean: Double, deviation: Double)

  /// The front within the reference, by rising first and falling second objective.
  private let front: [(first: Double, second: Double)]
  private let reference: (first: Double, second: Double)

  /// Takes the points that count; dominated ones and those beyond the reference are left out.
  init(_ points: [(first: Double, second: Double)], reference: (first: Double, second: Double)) {
    self.reference = reference
    var front: [(first: Double, second: Double)] = []
    for point in points.sorted(by: { ($0.first, $0.second) < ($1.first, $1.second) })
    where point.first < reference.first && point.second < front.last?.second ?? reference.second {
      front.append(point)
    }
    self.front = front
  }

  /// The expected improvement, in units of both objectives; deviations must be above 0.
  func improvement(_ first: Normal, _ second: Normal) -> Double {
    var (sum, before, height) = (0.0, 0.0, reference.second)
    for end in front + [(reference.first, reference.second)] {
      let reached = Self.shortfall(below: end.first, first)
      sum += (reached - before) * Self.shortfall(below: height, second)
      (before, height) = (reached, end.second)
    }
    return sum
  }

  /// How far a normal variable is expected to lie below a limit, 0 where it lies above.
  private static func shortfall(below limit: Double, _ variable: Normal) -> Double {
    let distance = (limit - variable.mean) / variable.deviation
    let density = Foundation.exp(-distance * distance / 2) / (2 * Double.pi).squareRoot()
    let share = 0.5 * Foundation.erfc(-distance / 2.squareRoot())
    return (limit - variable.mean) * share + variable.deviation * density
  }
}
