import Encodings
import Graphs

extension Encoding {
  /// The encoding that stores the numbers of an element in another way; masks stay as they are.
  ///
  /// Throws where the numbers have an encoding that another would undo: only plain floats and those of the same kind
  /// are replaced.
  func replacingNumbers(
    with numbers: any Encoding, _ method: String, _ node: String
  ) throws(MethodError) -> any Encoding {
    if let sparse = self as? Sparse {
      return Sparse(mask: sparse.mask, inner: try sparse.inner.replacingNumbers(with: numbers, method, node))
    }
    guard self is Dense || kind == numbers.kind else {
      throw .impossible(
        method: method, node: node,
        reason:
          "its weights are stored as \(kind) already; use one of the two methods, or leave this layer out of one"
      )
    }
    return numbers
  }
}
