import Encodings
import Graphs

extension Encoding {
  /// True if elements share numbers, so that these have one scale for all.
  var sharesNumbers: Bool { (shipped as? Sparse)?.inner.sharesNumbers ?? (shipped is any SharedNumbers) }

  /// The integer grid of the numbers, alone or under a mask; `nil` if there is none.
  var integers: Integer? { (shipped as? Sparse)?.inner.integers ?? shipped as? Integer }

  /// The scales of integers or signs, alone or under a mask; `nil` for other numbers.
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

  /// The encoding that stores an element's numbers in another way.
  ///
  /// Masks stay as they are, and shared numbers are put on the grid. Only plain floats, numbers of the same
  /// kind and shared floats are replaced; other encodings throw.
  func replacingNumbers(
    with numbers: any Encoding, _ method: String, _ node: String
  ) throws -> any Encoding {
    if let sparse = self as? Sparse {
      return Sparse(mask: sparse.mask, inner: try sparse.inner.replacingNumbers(with: numbers, method, node))
    }
    if let shared = self as? any SharedNumbers, let grid = numbers as? Integer { return shared.onGrid(grid) }
    guard self is Dense || kind == numbers.kind else { throw storedAlready(method, node) }
    return numbers
  }

  /// Throws for weights that are not plain floats, alone or under a mask.
  func requireRealNumbers(_ method: String, _ node: String) throws {
    if let sparse = self as? Sparse { return try sparse.inner.requireRealNumbers(method, node) }
    guard self is Dense else { throw storedAlready(method, node) }
  }

  /// The error that a layer's weights have an encoding that the method would replace.
  private func storedAlready(_ method: String, _ node: String) -> MethodError {
    .impossible(
      method: method, node: node,
      reason:
        "its weights are stored as \(kind) already; use one of the two methods, or leave this layer out of one of them"
    )
  }
}
