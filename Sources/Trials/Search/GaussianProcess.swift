import LinearAlgebra
import RealModule
import Tensors

/// A Gaussian process over the unit cube, with a Matérn kernel of smoothness 5/2 and a length scale for each
/// axis.
///
///     k(x, y) = (1 + √5·r + 5/3·r²) · exp(-√5·r),   r² = Σ_d ((x_d - y_d) / ℓ_d)²
///     y ~ N(0, K + noise · I), for standardized values
///
/// The length scales and the noise are those of a fixed grid that maximize the marginal likelihood, axis
/// after axis.
///
/// **Paper** Rasmussen, Williams, "Gaussian processes for machine learning", MIT Press 2006, algorithm 2.1.
struct GaussianProcess {
  private let points: [[Double]]
  private let mean: Double
  private let deviation: Double
  private(set) var lengths: [Double]
  private(set) var noise: Double
  private let factor: Cholesky
  private let weights: [Double]

  private static let lengthGrid = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2]
  private static let noiseGrid = [1e-4, 1e-3, 1e-2, 1e-1]
  /// The largest number of points that the length scales are fitted to: more hardly change them, and the cost
  /// is cubic.
  private static let mostPoints = 128

  /// Fits a process to values at points; `nil` without points, and where the matrix cannot be factorized.
  init?(_ points: [[Double]], _ values: [Double]) {
    guard let first = points.first else { return nil }
    self.points = points
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let spread = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    let deviation = spread > 0 ? spread : 1
    let standard = values.map { ($0 - mean) / deviation }
    (self.mean, self.deviation) = (mean, deviation)
    let seen = Array(points.suffix(Self.mostPoints))
    let told = Array(standard.suffix(Self.mostPoints))
    var lengths = Array(repeating: 0.4, count: first.count)
    var noise = 1e-2
    var best = Self.likelihood(seen, told, lengths, noise)
    func improve(_ lengths: inout [Double], _ noise: inout Double, _ tried: [Double], _ level: Double) {
      let likelihood = Self.likelihood(seen, told, tried, level)
      if likelihood > best { (best, lengths, noise) = (likelihood, tried, level) }
    }
    for _ in 0..<2 {
      for axis in lengths.indices {
        for length in Self.lengthGrid where length != lengths[axis] {
          var tried = lengths
          tried[axis] = length
          improve(&lengths, &noise, tried, noise)
        }
      }
      for level in Self.noiseGrid where level != noise { improve(&lengths, &noise, lengths, level) }
    }
    (self.lengths, self.noise) = (lengths, noise)
    guard let (factor, weights) = Self.solved(points, standard, lengths, noise) else { return nil }
    (self.factor, self.weights) = (factor, weights)
  }

  /// The means and standard deviations at places, in the unit of the values.
  func predictions(at places: [[Double]]) -> [(mean: Double, deviation: Double)]? {
    let kernels = places.map { place in points.map { Self.kernel(place, $0, lengths) } }
    let columns = Tensor(
      points.indices.flatMap { point in kernels.map { Float($0[point]) } },
      shape: [points.count, places.count])
    guard let solved = try? factor.solve(columns) else { return nil }
    return kernels.enumerated().map { index, kernel in
      var (middle, explained) = (0.0, 0.0)
      for (point, value) in kernel.enumerated() {
        middle += value * weights[point]
        explained += value * Double(solved.values[point * places.count + index])
      }
      let variance = max(1e-12, 1 - explained)
      return (mean + deviation * middle, deviation * variance.squareRoot())
    }
  }

  /// The logarithm of the marginal likelihood up to a constant: -½ yᵀK⁻¹y - Σ log L_ii.
  private static func likelihood(
    _ points: [[Double]], _ values: [Double], _ lengths: [Double], _ noise: Double
  ) -> Double {
    guard let (factor, weights) = solved(points, values, lengths, noise) else { return -.infinity }
    let lower = factor.lower.values
    let count = points.count
    let logarithms = (0..<count).reduce(0.0) { $0 + Double.log(Double(lower[$1 * count + $1])) }
    return -0.5 * zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } - logarithms
  }

  private static func solved(
    _ points: [[Double]], _ values: [Double], _ lengths: [Double], _ noise: Double
  ) -> (factor: Cholesky, weights: [Double])? {
    let count = points.count
    var elements = Array(repeating: Float(0), count: count * count)
    for row in 0..<count {
      for column in 0...row {
        let value = Float(kernel(points[row], points[column], lengths) + (row == column ? noise : 0))
        elements[row * count + column] = value
        elements[column * count + row] = value
      }
    }
    guard let factor = try? Tensor(elements, shape: [count, count]).cholesky(),
      let solution = try? factor.solve(Tensor(values.map { Float($0) }, shape: [count, 1]))
    else { return nil }
    return (factor, solution.values.map { Double($0) })
  }

  private static func kernel(_ first: [Double], _ second: [Double], _ lengths: [Double]) -> Double {
    var square = 0.0
    for axis in lengths.indices {
      let step = (first[axis] - second[axis]) / lengths[axis]
      square += step * step
    }
    let scaled = (5 * square).squareRoot()
    return (1 + scaled + 5 / 3 * square) * Double.exp(-scaled)
  }
}
