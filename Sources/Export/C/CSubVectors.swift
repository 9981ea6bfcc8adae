import Execution

/// The layout of a row's sub-vectors where kernels read them: `outer` times `inner` sub-vectors, with
/// elements `step` apart.
struct CSubVectors: Sendable, Equatable {
  /// The table entry of each sub-vector, row by row.
  let indices: [UInt8]
  /// The tables, one after another.
  let table: [Int8]
  /// The elements of a sub-vector.
  let width: Int
  /// The bytes of a table; 0 where all sub-vectors of a row share one.
  let bookBytes: Int
  /// The number of sub-vectors at equal distances, and the number of such groups.
  let (inner, outer): (Int, Int)
  /// The distances from a sub-vector to the next, from a group to the next, and from an element to the next.
  let (near, far, step): (Int, Int, Int)

  /// The sub-vectors of a row.
  var count: Int { inner * outer }
  /// True if elements are adjacent and in order, so that part of a row can be looked up alone.
  var isContiguous: Bool { (step == 1 || width == 1) && near == width && outer == 1 }

  /// The sub-vectors in the order of kernels; the layout of the first row holds for all rows.
  ///
  /// `nil` where they have no equal distances, or take no fewer bytes than all numbers.
  init?(_ vectors: IntegerWeights.SubVectors, order: [Int], rowCount: Int) {
    let width = vectors.width
    let count = rowCount / width
    guard rowCount > 0, rowCount.isMultiple(of: width), vectors.books == 1 || vectors.books == count else {
      return nil
    }
    guard vectors.indices.count + vectors.table.count < (vectors.indices.count * width * vectors.bits + 7) / 8
    else {
      return nil
    }
    var places = Array(repeating: 0, count: rowCount)
    for (place, element) in order.prefix(rowCount).enumerated() {
      guard element < rowCount else { return nil }
      places[element] = place
    }
    let starts = (0..<count).map { places[$0 * width] }
    let near = count > 1 ? starts[1] - starts[0] : width
    let inner = (1..<count).first { starts[$0] - starts[$0 - 1] != near } ?? count
    let far = inner < count ? starts[inner] - starts[0] : 0
    let step = width > 1 ? places[1] - places[0] : 1
    let isEven = places.indices.allSatisfy { element in
      let vector = element / width
      return places[element] == starts[0] + vector / inner * far + vector % inner * near + element % width
        * step
    }
    guard count.isMultiple(of: inner), starts[0] == 0, isEven else { return nil }
    indices = vectors.indices
    table = vectors.table
    self.width = width
    bookBytes = vectors.books == 1 ? 0 : vectors.table.count / vectors.books
    (self.inner, outer) = (inner, count / inner)
    (self.near, self.far, self.step) = (near, far, step)
  }

  /// A call of the routine that expands a row.
  func call(to: String, from: String, table: String) -> String {
    "@_vectors(\(to), \(from), \(table), \(outer), \(inner), \(width), \(far), \(near), \(step), \(bookBytes));"
  }

  /// A call that expands `count` elements from the i-th on, where they are adjacent.
  func partCall(to: String, row: String, table: String) -> String {
    let book = bookBytes > 0 ? "\(table) + i / \(width) * \(bookBytes)" : table
    return
      "@_vectors(\(to), \(row) + i / \(width), \(book), 1, count / \(width), \(width), 0, \(width), 1, \(bookBytes));"
  }
}
