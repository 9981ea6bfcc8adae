import Encodings
import Graphs
import Tensors

extension Parameter {
  /// True for each element that is not pruned for good, row-major.
  var survivors: [Bool] {
    guard let mask = (encoding.shipped as? Sparse)?.mask else {
      return Array(repeating: true, count: value.values.count)
    }
    return (0..<mask.count).map { mask[$0] }
  }

  /// The parameter with a mask around its stored encoding, within the mask that it has; pruned elements
  /// become zero.
  func masked(by survivors: [Bool]) -> Parameter {
    let mask = Mask(survivors)
    var tensor = value
    var span = tensor.values.mutableSpan
    mask.apply(to: &span)
    return Parameter(tensor, encoding: Sparse(mask: mask, inner: encoding.shipped))
  }
}
