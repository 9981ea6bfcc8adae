public import Graphs
public import Tensors

/// Product quantization: rows are cut into sub-vectors of equal length, each of which is one of a few
/// centroids.
///
/// **Formula**: with rows of `subspaces · width` elements,
/// `w[row, s · width + t] = centroid[book(s), assignment[row, s], t]`, where `book(s)` is s if every subspace
/// has its own codebook, else 0. A centroid is the mean of its members' masters, element by element, without
/// elements outside a mask. With a `grid`, a centroid's elements are the integers nearest to those means
/// times the grid's one scale.
///
/// **Gradient**: every element gets the mean over the elements that share its number, as in `Codebook`.
///
/// **Size**: `books · count · width` floats, or integers of the grid, and `⌈log2 count⌉` bits for each
/// sub-vector.
///
/// **Papers**: Jégou, Douze, Schmid, "Product quantization for nearest neighbor search", IEEE TPAMI 33(1),
/// 2011; Gong, Liu, Yang, Bourdev, "Compressing deep convolutional networks using vector quantization", 2014,
/// arXiv:1412.6115; for kernels of convolutions, Stock et al., "And the bit goes down: revisiting the
/// quantization of neural networks", ICLR 2020, arXiv:1907.05686.
public struct ProductCodebook: TiedEncoding {
  /// The name in files: `product`.
  public static let kind = "product"
  /// The most centroids of a codebook.
  public static let maximumCount = 1 << 24

  /// The centroid of every sub-vector, row by row.
  public let assignments: [UInt32]
  /// The number of sub-vectors in a row.
  public let subspaces: Int
  /// The number of elements of a sub-vector.
  public let width: Int
  /// The number of centroids of each codebook.
  public let count: Int
  /// True if every subspace has its own codebook.
  public let hasOwnBooks: Bool
  /// The grid of integers to which centroids are rounded, with one scale; `nil` leaves them real.
  public let grid: Integer?
  let ties: Ties

  /// Makes an encoding of whole rows; every assignment must be below `count`, and a grid must have one scale.
  public init(
    assignments: [UInt32], subspaces: Int, width: Int, count: Int, hasOwnBooks: Bool = false,
    grid: Integer? = nil
  ) {
    self.init(
      assignments: assignments, subspaces: subspaces, width: width, count: count, hasOwnBooks: hasOwnBooks,
      grid: grid, mask: nil)
  }

  private init(
    assignments: [UInt32], subspaces: Int, width: Int, count: Int, hasOwnBooks: Bool, grid: Integer?,
    mask: Mask?
  ) {
    precondition(grid?.scales.count ?? 1 == 1, "a codebook's grid has one scale")
    precondition(width > 0 && subspaces > 0 && assignments.count.isMultiple(of: subspaces), "rows are whole")
    precondition((1...Self.maximumCount).contains(count), "\(count) centroids")
    precondition(assignments.allSatisfy { $0 < count }, "a sub-vector of no centroid")
    self.assignments = assignments
    self.subspaces = subspaces
    self.width = width
    self.count = count
    self.hasOwnBooks = hasOwnBooks
    self.grid = grid
    var places: [Int32] = []
    places.reserveCapacity(assignments.count * width)
    for (vector, assignment) in assignments.enumerated() {
      let book = hasOwnBooks ? vector % subspaces : 0
      let first = Int32((book * count + Int(assignment)) * width)
      for element in 0..<Int32(width) { places.append(first + element) }
    }
    ties = Ties(places: places, count: (hasOwnBooks ? subspaces : 1) * count * width, mask: mask)
  }

  /// The centroids, book by book: the means of some values, on the grid if there is one.
  public func centroids(_ values: Span<Float>) -> [Float] { numbers(values) }

  /// The number of codebooks.
  public var books: Int { hasOwnBooks ? subspaces : 1 }
  /// The bits of a sub-vector's assignment, at least 1.
  public var assignmentBits: Int { max(1, Int.bitWidth - (count - 1).leadingZeroBitCount) }
  /// The bits of an element, rounded up: those of an assignment, spread over the elements of a sub-vector.
  public var bits: Int { (assignmentBits + width - 1) / width }

  /// Equal if assignments, sizes, grid and mask are.
  public static func == (a: ProductCodebook, b: ProductCodebook) -> Bool {
    a.assignments == b.assignments && a.subspaces == b.subspaces && a.width == b.width && a.count == b.count
      && a.hasOwnBooks == b.hasOwnBooks && a.grid == b.grid && a.ties.mask == b.ties.mask
  }

  /// The same assignments, with centroids on a grid of one scale or real.
  public func onGrid(_ grid: Integer?) -> ProductCodebook {
    ProductCodebook(
      assignments: assignments, subspaces: subspaces, width: width, count: count, hasOwnBooks: hasOwnBooks,
      grid: grid, mask: ties.mask)
  }

  /// The same assignments, in which elements outside the mask take no part in centroids.
  public func masked(by mask: Mask) -> ProductCodebook {
    ProductCodebook(
      assignments: assignments, subspaces: subspaces, width: width, count: count, hasOwnBooks: hasOwnBooks,
      grid: grid, mask: ties.mask.map(mask.intersection) ?? mask)
  }

  /// The slice, in which whole sub-vectors keep their assignments.
  ///
  /// If a sub-vector is cut, every element that is left gets its own assignment, as in a codebook of single
  /// numbers: sub-vectors then have a width of 1.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> ProductCodebook {
    let elements = shape.elements(kept: kept)
    let mask = ties.mask.map { mask in Mask(elements.map { mask[$0] }) }
    let rowLength = elements.count / max(kept[0]?.count ?? shape[0], 1)
    let isWhole =
      rowLength.isMultiple(of: width) && rowLength > 0
      && elements.indices.allSatisfy { place in
        elements[place] % width == place % width
          && (place % width == 0 || elements[place] == elements[place - 1] + 1)
      }
    // Own codebooks go with their subspaces; all rows keep the same subspaces.
    if isWhole {
      return ProductCodebook(
        assignments: stride(from: 0, to: elements.count, by: width).map { assignments[elements[$0] / width] },
        subspaces: rowLength / width, width: width, count: count, hasOwnBooks: hasOwnBooks, grid: grid,
        mask: mask)
    }
    let places = elements.map { ties.places[$0] }
    let used = Set(places).sorted()
    let renumbered = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($1, UInt32($0)) })
    return ProductCodebook(
      assignments: places.map { renumbered[$0] ?? 0 }, subspaces: max(rowLength, 1), width: 1,
      count: max(used.count, 1), hasOwnBooks: false, grid: grid, mask: mask)
  }
}

extension ProductCodebook {
  /// Stores centroids and assignments.
  ///
  /// The streams are `centroids` (floats), book by book, and `assignments`; on a grid `scale` (a float),
  /// `integers` (two's complement) and `assignments`. The numbers are `width`, and `own`, which is 1 if every
  /// subspace has its own codebook.
  public func store(_ tensor: Tensor) -> StoredTensor {
    var stored = StoredTensor.shared(numbers(tensor.values.span), on: grid)
    stored.numbers["width"] = width
    stored.numbers["own"] = hasOwnBooks ? 1 : 0
    stored.streams.append(.init(name: "assignments", bits: assignmentBits, symbols: assignments))
    return stored
  }

  /// Restores centroids and assignments; throws where a file contradicts itself.
  ///
  /// It refuses sub-vectors that do not divide rows, centroids that are not finite, exceed their grid or are
  /// not whole, and assignments to no centroid.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (ProductCodebook, Tensor) {
    guard let width = stored.numbers["width"] else { throw .missing(kind: kind, what: "number \"width\"") }
    guard let own = stored.numbers["own"] else { throw .missing(kind: kind, what: "number \"own\"") }
    let rowLength = shape.rank > 0 && shape[0] > 0 ? shape.count / shape[0] : 0
    guard rowLength > 0, (1...rowLength).contains(width), rowLength.isMultiple(of: width) else {
      throw .invalid(
        kind: kind, what: "width", expected: "a divisor of the \(rowLength) elements of a row of \(shape)",
        found: "\(width)")
    }
    let (centroids, grid) = try stored.sharedNumbers(of: kind)
    let subspaces = rowLength / width
    let stride = (own == 1 ? subspaces : 1) * width
    let count = centroids.count / stride
    guard centroids.count.isMultiple(of: stride), (1...maximumCount).contains(count) else {
      throw .invalid(
        kind: kind, what: "centroids", expected: "1 to \(maximumCount) times \(stride)",
        found: "\(centroids.count)")
    }
    let bits = max(1, Int.bitWidth - (count - 1).leadingZeroBitCount)
    let assignments = try stored.stream("assignments", bits: bits, of: kind)
    guard assignments.count == shape.count / width else {
      throw .invalid(
        kind: kind, what: "assignments", expected: "\(shape.count / width) for \(shape)",
        found: "\(assignments.count)")
    }
    if let stray = assignments.first(where: { $0 >= count }) {
      throw .invalid(kind: kind, what: "assignments", expected: "below \(count)", found: "\(stray)")
    }
    let encoding = ProductCodebook(
      assignments: assignments, subspaces: subspaces, width: width, count: count, hasOwnBooks: own == 1,
      grid: grid)
    var tensor = Tensor(zeros: shape)
    var span = tensor.values.mutableSpan
    encoding.ties.spread(centroids, over: &span)
    return (encoding, tensor)
  }
}
