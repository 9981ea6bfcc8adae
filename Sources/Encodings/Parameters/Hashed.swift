public import Graphs
public import Tensors

/// Weights that share numbers by a hash: the hash of an element's place selects its number and its sign.
///
/// **Formula**: `w[i] = ξ(i) · c[h(i)]`, where i is the element's row-major place in the tensor,
/// `h(i) = ⌊count · H(i, seed) / 2³²⌋`, and `ξ(i) = -1` if `H(i, seed + 1)` is odd, else 1; H is xxHash32 of
/// i as four bytes. c is the mean of `ξ · master` over the elements of a number, without those outside a
/// mask. A slice keeps the places that its elements had.
///
/// **Gradient**: every element gets ξ times the mean of `ξ · gradient` over the elements of its number.
/// HashedNets give a number the *sum*, which is the same direction with the rate multiplied by the number of
/// elements.
///
/// **Size**: `count` floats, or integers of a grid, and the seed; nothing for each element.
///
/// **Paper**: Chen, Wilson, Tyree, Weinberger, Chen, "Compressing neural networks with the hashing trick",
/// ICML 2015, arXiv:1504.04788.
public struct Hashed: TiedEncoding {
  /// The name in files: `hashed`.
  public static let kind = "hashed"
  /// The most elements of the whole tensor.
  static let maximumElements = 1 << 30

  /// The extents of the whole tensor, of which this may be a slice.
  public let shape: Shape
  /// The ascending indices of the whole tensor that are left, by axis; whole axes are left out.
  public let kept: [Int: [Int]]
  /// The seed of the hashes.
  public let seed: UInt32
  /// The number of shared numbers.
  public let count: Int
  /// The grid of integers to which the numbers are rounded, with one scale; `nil` leaves them real.
  public let grid: Integer?
  let ties: Ties

  /// Makes an encoding of a tensor of at most 2³⁰ elements with `count` shared numbers.
  ///
  /// There must be at least one number, and a grid must have one scale.
  public init(shape: Shape, count: Int, seed: UInt32, grid: Integer? = nil) {
    self.init(shape: shape, kept: [:], count: count, seed: seed, grid: grid, mask: nil)
  }

  private init(shape: Shape, kept: [Int: [Int]], count: Int, seed: UInt32, grid: Integer?, mask: Mask?) {
    precondition(grid?.scales.count ?? 1 == 1, "shared numbers have a grid of one scale")
    precondition(count > 0 && count <= Int(Int32.max), "\(count) numbers")
    precondition(shape.count(upTo: Self.maximumElements) != nil, "\(shape) has too many elements")
    self.shape = shape
    self.kept = kept
    self.count = count
    self.seed = seed
    self.grid = grid
    let places = shape.elements(kept: kept).map { element in
      Self.place(UInt32(element), count: count, seed: seed)
    }
    ties = Ties(places: places, count: count, mask: mask)
  }

  /// The index of an element's number; its complement if the element is the negative of the number.
  private static func place(_ element: UInt32, count: Int, seed: UInt32) -> Int32 {
    let place = Int32((UInt64(XXHash32.hash(element, seed: seed)) * UInt64(count)) >> 32)
    return XXHash32.hash(element, seed: seed &+ 1) & 1 == 0 ? place : ~place
  }

  /// Equal if shape, slice, seed, count, grid and mask are.
  public static func == (a: Hashed, b: Hashed) -> Bool {
    a.shape == b.shape && a.kept == b.kept && a.seed == b.seed && a.count == b.count && a.grid == b.grid
      && a.ties.mask == b.ties.mask
  }

  /// The bits of an element, rounded up: those of all numbers, spread over the elements.
  public var bits: Int {
    let elements = max(ties.places.count, 1)
    return max(1, (count * (grid?.bits ?? 32) + elements - 1) / elements)
  }

  /// The same hash, with numbers on a grid of one scale or real.
  public func onGrid(_ grid: Integer?) -> Hashed {
    Hashed(shape: shape, kept: kept, count: count, seed: seed, grid: grid, mask: ties.mask)
  }

  /// The same hash, in which elements outside the mask take no part in their numbers.
  public func masked(by mask: Mask) -> Hashed {
    Hashed(
      shape: shape, kept: kept, count: count, seed: seed, grid: grid,
      mask: ties.mask.map(mask.intersection) ?? mask)
  }

  /// The slice, whose elements keep their hashes.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Hashed {
    var left = self.kept
    for (axis, indices) in kept {
      let composed = self.kept[axis].map { before in indices.map { before[$0] } } ?? indices
      left[axis] = composed == Array(0..<self.shape[axis]) ? nil : composed
    }
    let mask = ties.mask.map { mask in Mask(shape.elements(kept: kept).map { mask[$0] }) }
    return Hashed(shape: self.shape, kept: left, count: count, seed: seed, grid: grid, mask: mask)
  }
}

extension Hashed {
  /// Stores the seed and the shared numbers.
  ///
  /// The streams are `seed` (a word) and `centroids` (floats), on a grid `scale` and `integers`; then
  /// `axis0`, `axis1`, … with the indices of each axis of which a slice is left. A number of that name is the
  /// axis's extent before.
  public func store(_ tensor: Tensor) -> StoredTensor {
    var stored = StoredTensor.shared(numbers(tensor.values.span), on: grid)
    stored.streams.insert(.init(name: "seed", bits: 32, symbols: [seed]), at: 0)
    for (axis, indices) in kept.sorted(by: { $0.key < $1.key }) {
      stored.numbers["axis\(axis)"] = shape[axis]
      stored.streams.append(
        .init(
          name: "axis\(axis)", bits: Self.bits(ofIndexBelow: shape[axis]), symbols: indices.map { UInt32($0) }
        ))
    }
    return stored
  }

  private static func bits(ofIndexBelow extent: Int) -> Int {
    max(1, Int.bitWidth - (extent - 1).leadingZeroBitCount)
  }

  /// Restores the numbers, and computes the hashes again.
  ///
  /// It refuses more numbers than a file may have, numbers that are not finite or exceed their grid, and
  /// invalid slices.
  public static func restore(_ stored: StoredTensor, shape: Shape) throws(EncodingError) -> (Hashed, Tensor) {
    let seeds = try stored.stream("seed", bits: 32, of: kind)
    guard seeds.count == 1 else {
      throw .invalid(kind: kind, what: "seed", expected: "1 number", found: "\(seeds.count)")
    }
    let (numbers, grid) = try stored.sharedNumbers(of: kind)
    guard (1...maximumElements).contains(numbers.count) else {
      throw .invalid(
        kind: kind, what: "numbers", expected: "1 to \(maximumElements)", found: "\(numbers.count)")
    }
    var whole = shape
    var kept: [Int: [Int]] = [:]
    for axis in shape.dimensions.indices {
      guard let extent = stored.numbers["axis\(axis)"] else { continue }
      kept[axis] = try indices(stored, axis, of: extent, count: shape[axis])
      whole[axis] = extent
    }
    guard whole.count(upTo: maximumElements) != nil else {
      throw .invalid(
        kind: kind, what: "extents", expected: "at most \(maximumElements) elements", found: "\(whole)")
    }
    let encoding = Hashed(
      shape: whole, kept: kept, count: numbers.count, seed: seeds[0], grid: grid, mask: nil)
    var tensor = Tensor(zeros: shape)
    var span = tensor.values.mutableSpan
    encoding.ties.spread(numbers, over: &span)
    return (encoding, tensor)
  }

  /// The indices of an axis that are left.
  private static func indices(
    _ stored: StoredTensor, _ axis: Int, of extent: Int, count: Int
  ) throws(EncodingError) -> [Int] {
    guard extent > count, extent <= maximumElements else {
      throw .invalid(
        kind: kind, what: "extent of axis \(axis)", expected: "more than the \(count) that are left",
        found: "\(extent)")
    }
    let indices = try stored.stream("axis\(axis)", bits: bits(ofIndexBelow: extent), of: kind).map { Int($0) }
    guard indices.count == count, indices.last ?? 0 < extent, zip(indices, indices.dropFirst()).allSatisfy(<)
    else {
      throw .invalid(
        kind: kind, what: "axis\(axis)", expected: "\(count) ascending indices below \(extent)",
        found: "\(indices.count), of which the last is \(indices.last ?? 0)")
    }
    return indices
  }
}
