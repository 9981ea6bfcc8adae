import Encodings
import Graphs

extension Encoding {
  /// Whether elements share numbers, so that these have one scale for all.
  var sharesNumbers: Bool { (self as? Sparse)?.inner.sharesNumbers ?? (self is any SharedNumbers) }

  /// The grid of integers that numbers lie on, alone or under a mask.
  var integers: Integer? { (self as? Sparse)?.inner.integers ?? self as? Integer }

  /// The scales of the integers or signs that elements are, a mask around them or not; `nil` for other numbers.
  var scalesOfNumbers: [Float]? {
    switch self {
    case let sparse as Sparse: sparse.inner.scalesOfNumbers
    case let integer as Integer: integer.scales
    case let binary as Binary: binary.scales
    default: nil
    }
  }

  /// The encoding without the integers that its numbers are rounded to; masks and shared numbers stay.
  var withRealNumbers: any Encoding {
    switch self {
    case let sparse as Sparse: Sparse(mask: sparse.mask, inner: sparse.inner.withRealNumbers)
    case let shared as any SharedNumbers: shared.onGrid(nil)
    case is Integer, is Binary: Dense()
    default: self
    }
  }

  /// The encoding that stores the numbers of an element in another way; masks stay as they are, and shared
  /// numbers come to lie on a grid.
  ///
  /// Throws where the numbers have an encoding that another would undo: only plain floats, those of the same kind and
  /// shared floats are replaced.
  func replacingNumbers(
    with numbers: any Encoding, _ method: String, _ node: String
  ) throws -> any Encoding {
    if let sparse = self as? Sparse {
      return Sparse(mask: sparse.mask, inner: try sparse.inner.replacingNumbers(with: numbers, method, node))
    }
    if let shared = self as? any SharedNumbers, let grid = numbers as? Integer { return shared.onGrid(grid) }
    guard self is Dense || kind == numbers.kind else {
      throw MethodError.impossible(
        method: method, node: node,
        reason:
          "its weights are stored as \(kind) already; use one of the two methods, or leave this layer out of one"
      )
    }
    return numbers
  }
}
