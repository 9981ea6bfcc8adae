import CLAPACK
import RealModule
public import Tensors

/// A tensor as a sum of products of vectors, one for each axis: `T[i, j, …] ≈ Σ_r a_r[i]·b_r[j]·…`.
public struct CanonicalPolyadic: Sendable {
  /// The vectors of each axis, one in each column: `[extent, rank]`.
  ///
  /// The norm of a term is shared evenly between its vectors.
  public let factors: [Tensor]
  /// The share of the tensor's squared norm that the terms miss; 0 for a tensor of zeros.
  public let lost: Double
  /// The largest norm of a term divided by the tensor's norm.
  ///
  /// Far above 1, terms cancel one another and leave little but rounding.
  public let largestTerm: Double
}

extension Tensor {
  /// A sum of `rank` products of vectors that is close to this tensor of two axes or more.
  ///
  /// It is found by alternating least squares in double precision on one thread.
  ///
  /// **Formula**: it minimizes `‖T - Σ_r t_r‖² + p·Σ_r ‖t_r‖²` over the terms t_r, axis by axis:
  /// `A = T_(n)·Z·(G + p·diag(G))⁻¹`, where Z is the Khatri-Rao product of the other axes' factors and G =
  /// ZᵀZ. Some tensors have no nearest sum of a rank: without a penalty (p = 0), terms then grow without
  /// bound and cancel one another. With a penalty norms are bounded, and a tensor that has the rank loses a
  /// share of about p² of its squared norm. The penalty begins at 0.01 and falls to p, which keeps the first
  /// steps out of swamps.
  ///
  /// Of `starts` starts from random vectors, the one that ends best is kept. A start ends after `iterations`
  /// rounds, or when two rounds in a row change the missed share by less than `tolerance` times itself.
  ///
  /// Throws `LinearAlgebraError` for fewer than two axes, for empty ones, and for elements that are not
  /// finite.
  ///
  /// **Paper**: Carroll, Chang, "Analysis of individual differences in multidimensional scaling", 1970; de
  /// Silva, Lim, "Tensor rank and the ill-posedness of the best low-rank approximation problem", 2008,
  /// arXiv:math/0607647.
  public func canonicalPolyadic(
    rank: Int, penalty: Double = 1e-5, iterations: Int = 200, starts: Int = 1, tolerance: Double = 1e-7,
    random: inout SeededRandom
  ) throws(LinearAlgebraError) -> CanonicalPolyadic {
    precondition(rank > 0 && starts > 0, "a rank of \(rank), \(starts) starts")
    let problem = try AlternatingLeastSquares(self)
    var best: CanonicalPolyadic?
    for _ in 0..<starts {
      var state = AlternatingLeastSquares.State(problem, rank: rank, random: &random)
      try state.solve(problem, penalty: penalty, iterations: iterations, tolerance: tolerance)
      if best.map({ state.lost < $0.lost }) ?? true { best = state.result }
    }
    return best ?? CanonicalPolyadic(factors: [], lost: 1, largestTerm: 0)
  }
}

/// A tensor scaled to a norm of 1, unfolded along each of its axes.
private struct AlternatingLeastSquares {
  let extents: [Int]
  let norm: Double
  /// The matrix of each axis by all other axes, which keep their order.
  let unfoldings: [DoubleMatrix]

  init(_ tensor: Tensor) throws(LinearAlgebraError) {
    let shape = tensor.shape
    guard shape.rank >= 2, shape.count > 0 else {
      throw .shape(operation: "canonical polyadic", expected: "two axes or more, none empty", found: shape)
    }
    let flat = try DoubleMatrix(
      tensor.reshaped([shape[0], shape.count / shape[0]]), operation: "canonical polyadic")
    let norm = flat.elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let scale = norm > 0 ? 1 / norm : 0
    let extents = shape.dimensions
    self.norm = norm
    self.extents = extents
    unfoldings = extents.indices.map { axis in
      let inner = extents[(axis + 1)...].reduce(1, *)
      let extent = extents[axis]
      var matrix = DoubleMatrix(rows: extent, columns: flat.elements.count / extent)
      for (place, element) in flat.elements.enumerated() {
        let column = place / (inner * extent) * inner + place % inner
        matrix[place / inner % extent, column] = element * scale
      }
      return matrix
    }
  }

  /// The factors of a rank, as the rounds improve them.
  struct State {
    private var factors: [DoubleMatrix]
    private let extents: [Int]
    private let rank: Int
    private let norm: Double
    private(set) var lost = 1.0

    init(_ problem: AlternatingLeastSquares, rank: Int, random: inout SeededRandom) {
      (extents, norm) = (problem.extents, problem.norm)
      self.rank = rank
      factors = []
      for extent in extents {
        var factor = DoubleMatrix(rows: extent, columns: rank)
        for i in factor.elements.indices { factor.elements[i] = Double(random.normal()) }
        factors.append(factor)
      }
      balance()
    }

    mutating func solve(
      _ problem: AlternatingLeastSquares, penalty: Double, iterations: Int, tolerance: Double
    ) throws(LinearAlgebraError) {
      guard problem.norm > 0 else {
        for axis in factors.indices { factors[axis] = DoubleMatrix(rows: extents[axis], columns: rank) }
        lost = 0
        return
      }
      var present = penalty > 0 ? max(penalty, 1e-2) : 0
      var quiet = 0
      for _ in 0..<iterations {
        let before = lost
        for axis in factors.indices { try update(axis, problem.unfoldings[axis], penalty: present) }
        balance()
        quiet = present == penalty && abs(before - lost) <= tolerance * lost ? quiet + 1 : 0
        if quiet == 2 || lost <= 1e-14 && present == penalty { break }
        present = max(penalty, present * 0.8)
      }
    }

    /// Sets the factor of an axis to the best one for the factors of the other axes.
    private mutating func update(
      _ axis: Int, _ unfolding: DoubleMatrix, penalty: Double
    ) throws(LinearAlgebraError) {
      let others = extents.indices.filter { $0 != axis }.map { factors[$0] }
      let products = others.dropFirst().reduce(others[0], Self.khatriRao)
      let target = unfolding.multiplied(by: products)
      var gram = others[0].gram
      for other in others.dropFirst() {
        let next = other.gram
        for i in gram.elements.indices { gram.elements[i] *= next.elements[i] }
      }
      let solution = try Self.solved(gram, target, penalty: penalty)
      factors[axis] = solution
      // ‖T - S‖² = 1 - 2⟨T, S⟩ + ‖S‖².
      let inner = zip(target.elements, solution.elements).reduce(0) { $0 + $1.0 * $1.1 }
      let own = solution.gram
      let square = zip(gram.elements, own.elements).reduce(0) { $0 + $1.0 * $1.1 }
      lost = max(0, 1 - 2 * inner + square)
    }

    /// `target · (gram + penalty·diag(gram))⁻¹`.
    ///
    /// If the matrix is singular in double precision, a little more of its diagonal is added.
    private static func solved(
      _ gram: DoubleMatrix, _ target: DoubleMatrix, penalty: Double
    ) throws(LinearAlgebraError) -> DoubleMatrix {
      let order = gram.rows
      let trace = (0..<order).reduce(0) { $0 + gram[$1, $1] }
      guard trace > 0, trace.isFinite else { throw .noConvergence(operation: "canonical polyadic") }
      var extra = 0.0
      while extra < 1 {
        var matrix = gram
        for i in 0..<order { matrix[i, i] += penalty * gram[i, i] + extra * trace / Double(order) }
        var right = target.transposed
        let status = unsafe LAPACKE_dposv(
          LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "L")), Int32(order), Int32(right.columns), &matrix.elements,
          Int32(order), &right.elements, Int32(right.columns))
        if status == 0, right.elements.allSatisfy(\.isFinite) { return right.transposed }
        extra = max(extra * 100, 1e-14)
      }
      throw .noConvergence(operation: "canonical polyadic")
    }

    /// The Khatri-Rao product: its row (i, j) is the product of rows i and j, column by column.
    private static func khatriRao(_ a: DoubleMatrix, _ b: DoubleMatrix) -> DoubleMatrix {
      let rank = a.columns
      var product = DoubleMatrix(rows: a.rows * b.rows, columns: rank)
      for i in 0..<a.rows {
        for j in 0..<b.rows {
          let start = (i * b.rows + j) * rank
          for r in 0..<rank {
            product.elements[start + r] = a.elements[i * rank + r] * b.elements[j * rank + r]
          }
        }
      }
      return product
    }

    /// The norms of a term's vectors.
    private func norms(_ term: Int) -> [Double] {
      factors.map { factor in
        (0..<factor.rows).reduce(0) { $0 + factor[$1, term] * factor[$1, term] }.squareRoot()
      }
    }

    /// Shares the norm of each term evenly between its vectors.
    private mutating func balance() {
      for term in 0..<rank {
        let norms = norms(term)
        guard norms.allSatisfy({ $0 > 0 }) else { continue }
        let mean = Double.exp(norms.reduce(0) { $0 + .log($1) } / Double(norms.count))
        for axis in factors.indices {
          for row in 0..<factors[axis].rows { factors[axis][row, term] *= mean / norms[axis] }
        }
      }
    }

    /// The factors of the tensor before it was scaled.
    ///
    /// In each term, the largest element of every vector but the last is positive.
    var result: CanonicalPolyadic {
      var scaled = factors
      let root = norm > 0 ? Double.exp(.log(norm) / Double(factors.count)) : 0
      for term in 0..<rank {
        for axis in scaled.indices.dropLast() {
          var largest = 0.0
          for row in 0..<scaled[axis].rows where abs(scaled[axis][row, term]) > abs(largest) {
            largest = scaled[axis][row, term]
          }
          guard largest < 0, let last = scaled.indices.last else { continue }
          for turned in [axis, last] {
            for row in 0..<scaled[turned].rows { scaled[turned][row, term].negate() }
          }
        }
      }
      for axis in scaled.indices {
        for i in scaled[axis].elements.indices { scaled[axis].elements[i] *= root }
      }
      let largest = (0..<rank).map { norms($0).reduce(1, *) }.max() ?? 0
      return CanonicalPolyadic(factors: scaled.map(\.tensor), lost: lost, largestTerm: largest)
    }
  }
}

extension DoubleMatrix {
  /// The transpose.
  fileprivate var transposed: DoubleMatrix {
    var result = DoubleMatrix(rows: columns, columns: rows)
    for row in 0..<rows { for column in 0..<columns { result[column, row] = self[row, column] } }
    return result
  }

  fileprivate func multiplied(by other: DoubleMatrix) -> DoubleMatrix {
    var product = DoubleMatrix(rows: rows, columns: other.columns)
    unsafe cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(other.columns), Int32(columns), 1,
      elements, Int32(columns), other.elements, Int32(other.columns), 0, &product.elements,
      Int32(other.columns))
    return product
  }

  /// `AᵀA`.
  fileprivate var gram: DoubleMatrix { transposed.multiplied(by: self) }
}
