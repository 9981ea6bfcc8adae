public import Tensors

/// A mask over the elements of a tensor, one bit each, row-major; elements that do not survive are zero.
public struct Mask: Sendable, Equatable {
  /// The number of elements.
  public let count: Int
  /// Bit `i % 64` of word `i / 64` belongs to element `i`; bits beyond the last element are zero.
  private var words: [UInt64]

  /// Makes a mask from one Boolean for each element.
  public init(_ survives: some Collection<Bool>) {
    count = survives.count
    words = Array(repeating: 0, count: (count + 63) / 64)
    for (index, survives) in survives.enumerated() where survives { words[index >> 6] |= 1 << (index & 63) }
  }

  /// Makes a mask in which the elements of a tensor that are not zero survive.
  public init(nonZerosOf tensor: Tensor) { self.init(tensor.values.map { $0 != 0 }) }

  /// Makes a mask in which the elements at some positions survive, each below `count`.
  public init(count: Int, survivors: [Int]) {
    self.count = count
    words = Array(repeating: 0, count: (count + 63) / 64)
    for index in survivors {
      precondition(index < count, "element \(index) of \(count)")
      words[index >> 6] |= 1 << (index & 63)
    }
  }

  /// True if an element survives.
  public subscript(index: Int) -> Bool { words[index >> 6] >> (index & 63) & 1 == 1 }

  /// The number of survivors.
  public var survivorCount: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// The positions of the survivors, ascending.
  public var survivors: [Int] {
    var places: [Int] = []
    places.reserveCapacity(survivorCount)
    for (position, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        places.append(position << 6 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
    return places
  }

  /// Sets the elements that do not survive to zero.
  public func apply(to values: inout MutableSpan<Float>) {
    precondition(values.count == count, "\(values.count) values for a mask of \(count)")
    for (position, word) in words.enumerated() where word != .max {
      let start = position << 6
      for offset in 0..<min(64, count - start) where word >> offset & 1 == 0 { values[start + offset] = 0 }
    }
  }

  /// The mask of elements that survive both.
  public func intersection(_ other: Mask) -> Mask {
    precondition(count == other.count, "masks of \(count) and \(other.count) elements")
    var mask = self
    for index in words.indices { mask.words[index] &= other.words[index] }
    return mask
  }

  /// The mask of a slice: `kept` holds the ascending indices of each axis that is not whole.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Mask {
    var ones = Tensor((0..<count).map { self[$0] ? 1 : 0 }, shape: shape)
    for (axis, indices) in kept.sorted(by: { $0.key < $1.key }) { ones = ones.gathering(indices, axis: axis) }
    return Mask(nonZerosOf: ones)
  }
}
