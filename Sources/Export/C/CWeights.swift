import Execution

/// The offset that kernels add to input bytes.
///
/// `never` adds nothing. `onAVR` and `always` read a byte as 128 more than its value, in code for AVR alone
/// or everywhere. `least` reads it as its distance from the least value. Biases compensate for the offset.
enum COffset: Sendable { case never, onAVR, always, least }

/// Weights in flash, in the order in which kernels read them.
struct CWeights: Sendable {
  /// The format of weights.
  enum Form: Sendable, Equatable {
    /// One byte for each weight.
    case bytes
    /// A fixed number of bits for each weight; rows begin at bytes.
    case packed(bits: Int)
    /// Indices of a fixed number of bits into a table; rows begin at bytes.
    case indexed(bits: Int)
    /// Symbols of four bits, two in a byte; rows begin at bytes.
    ///
    /// If multiplication is expensive, inputs are summed by symbol.
    case levels([Int8])
    /// One bit for each weight, 1 for plus one; rows begin at bytes. Inputs with weight plus one are summed.
    case signs
    /// The same for inputs of one bit, which are packed too: bits that are set in both are counted.
    case bits
    /// Pairs of distance and weight for non-zero weights.
    case survivors
    /// Huffman codes of weights, from the highest bit of a byte; rows follow without gaps.
    case coded
    /// One byte for each sub-vector of a row: its index in a table.
    case vectors(CSubVectors)

    /// The bits of a symbol.
    var bits: Int {
      switch self {
      case .bytes, .survivors, .vectors, .coded: 8
      case .packed(let bits), .indexed(let bits): bits
      case .levels: 4
      case .signs, .bits: 1
      }
    }

    /// The offset that kernels of this format add to input bytes.
    var offset: COffset {
      switch self {
      case .levels: .onAVR
      case .signs: .always
      case .bits: .least
      case .bytes, .packed, .indexed, .survivors, .vectors, .coded: .never
      }
    }

    /// The format for kernels that multiply every weight.
    var multiplied: Form {
      switch self {
      case .levels, .signs, .bits: .indexed(bits: bits)
      case .bytes, .packed, .indexed, .survivors, .vectors, .coded: self
      }
    }

    /// The bytes of `count` weights in rows of `rowCount`, without tables.
    func byteCount(_ count: Int, _ rowCount: Int) -> Int {
      count / max(1, rowCount) * ((rowCount * bits + 7) / 8)
    }
  }

  /// The format.
  let form: Form
  /// The elements of a row, which are the inputs of one output.
  let rowCount: Int
  /// The bytes of a row where rows have one length.
  let rowBytes: Int
  /// Further arrays in flash: counts of non-zero weights, tables, and codes.
  let side: [CArray]
  /// The array of weights in flash.
  let array: CArray

  /// The format of weights that kernels read in rows of `rowCount` in the order `order`.
  ///
  /// With `auto`, only non-zero weights are stored where that is smaller.
  static func form(
    of products: IntegerProducts, order: [Int], rowCount: Int, _ storage: CStorage
  ) -> Form {
    let weights = products.weights
    let (form, isMasked): (Form, Bool) =
      switch weights.storage {
      case .dense(let bits): (whole(bits: bits), false)
      case .sparse(_, let bits): (whole(bits: bits), true)
      // A codebook of pruned weights has a centroid of zero for most of them.
      case .codebook(_, _, let bits): (.indexed(bits: bits), true)
      // A sparse format would multiply; zero has a symbol like any other number.
      case .signs: (products.inputBounds.count == 2 ? .bits : .signs, false)
      case .levels(_, let magnitudes, let bits):
        (bits == 4 ? .levels(magnitudes) : .indexed(bits: bits), false)
      case .vectors(let vectors):
        (
          CSubVectors(vectors, order: order, rowCount: rowCount).map { .vectors($0) }
            ?? whole(bits: vectors.bits), false
        )
      }
    let survivors = storage.sparse == .never ? nil : survivorBytes(weights, order, rowCount)
    let kept: Form
    switch (storage.sparse, survivors) {
    case (.auto, let bytes?):
      kept = isMasked && bytes < form.byteCount(order.count, rowCount) ? .survivors : form
    case (.always, .some): kept = .survivors
    default: kept = form
    }
    guard storage.huffman else { return kept }
    let bytes =
      switch kept {
      case .survivors: survivors ?? 0
      case .vectors(let vectors): vectors.indices.count + vectors.table.count
      case .indexed(let bits): kept.byteCount(order.count, rowCount) + 1 << bits
      default: kept.byteCount(order.count, rowCount)
      }
    return CodedWeights(order.map { weights.values[$0] }).byteCount < bytes ? .coded : kept
  }

  /// The format that stores every weight as a number.
  static func whole(bits: Int) -> Form { bits >= 8 ? .bytes : .packed(bits: bits) }

  /// The bytes of non-zero weights: two each, and a count of two bytes for each row; `nil` for rows too long
  /// to count.
  private static func survivorBytes(_ weights: IntegerWeights, _ order: [Int], _ rowCount: Int) -> Int? {
    let rows = survivors(order.map { weights.values[$0] }, rowCount: rowCount)
    guard rows.allSatisfy({ $0.count / 2 <= Int(UInt16.max) }) else { return nil }
    return rows.reduce(0) { $0 + $1.count + 2 }
  }

  /// Arranges weights: `order[p]` is the index in `weights.values` of the p-th weight in flash.
  init(_ weights: IntegerWeights, form: Form, order: [Int], rowCount: Int, site: CSite) {
    self.form = form
    self.rowCount = rowCount
    let values = order.map { weights.values[$0] }
    switch form {
    case .vectors(let vectors): rowBytes = vectors.count
    default: rowBytes = (rowCount * form.bits + 7) / 8
    }
    switch form {
    case .bytes:
      array = CArray(site.name("weights"), .int8, values)
      side = []
    case .packed(let bits):
      let symbols = values.map { Int($0) + 1 << (bits - 1) }
      array = CArray(
        site.name("weights"), .uint8, CWeights.packed(symbols, bits: bits, rowCount: rowCount))
      side = []
    case .signs, .bits:
      let symbols = values.map { $0 > 0 ? 1 : 0 }
      array = CArray(
        site.name("signs"), .uint8, CWeights.packed(symbols, bits: 1, rowCount: rowCount))
      side = []
    case .indexed, .levels:
      let book = CWeights.book(weights)
      let symbols = order.map { book.indices[$0] }
      array = CArray(
        site.name("indices"), .uint8, CWeights.packed(symbols, bits: form.bits, rowCount: rowCount))
      side = [CArray(site.name("table"), .int8, book.table)]
    case .vectors(let vectors):
      array = CArray(site.name("indices"), .uint8, vectors.indices)
      side = [CArray(site.name("table"), .int8, vectors.table)]
    case .coded:
      let coded = CodedWeights(values)
      array = CArray(site.name("codes"), .uint8, coded.bytes)
      side = [
        CArray(site.name("lengths"), .uint16, coded.lengths),
        CArray(site.name("symbols"), .int8, coded.symbols),
      ]
    case .survivors:
      let rows = CWeights.survivors(values, rowCount: rowCount)
      array = CArray(site.name("pairs"), .int8, rows.flatMap { $0 })
      side = [CArray(site.name("counts"), .uint16, rows.map { $0.count / 2 })]
    }
  }

  private static func book(_ weights: IntegerWeights) -> (indices: [Int], table: [Int8]) {
    switch weights.storage {
    case .codebook(let indices, let table, _): return (indices.map(Int.init), table)
    case .levels(let symbols, let magnitudes, let bits):
      let half = [0] + magnitudes + Array(repeating: Int8(0), count: 1 << (bits - 1) - 1 - magnitudes.count)
      return (symbols.map(Int.init), half + half.map { -$0 })
    case .signs: return (weights.values.map { $0 > 0 ? 1 : 0 }, [-1, 1])
    case .dense, .sparse, .vectors: return ([], [])
    }
  }

  /// For each row, pairs of a distance from the non-zero weight before (at first from the row's begin) and a
  /// weight.
  ///
  /// Distances above 255 are bridged by weights of zero.
  private static func survivors(_ values: [Int8], rowCount: Int) -> [[Int8]] {
    stride(from: 0, to: values.count, by: rowCount).map { start in
      var pairs: [Int8] = []
      var last = 0
      for position in 0..<rowCount where values[start + position] != 0 {
        while position - last > 255 {
          pairs += [Int8(bitPattern: 255), 0]
          last += 255
        }
        pairs += [Int8(bitPattern: UInt8(position - last)), values[start + position]]
        last = position
      }
      return pairs
    }
  }

  /// Symbols without gaps, from the lowest bits of a byte; every row begins at a byte.
  static func packed(_ symbols: [Int], bits: Int, rowCount: Int) -> [UInt8] {
    stride(from: 0, to: symbols.count, by: rowCount).flatMap { start -> [UInt8] in
      var bytes = [UInt8](repeating: 0, count: (rowCount * bits + 7) / 8)
      for position in 0..<rowCount {
        let bit = position * bits
        let shifted = symbols[start + position] << (bit % 8)
        bytes[bit / 8] |= UInt8(shifted & 255)
        if shifted > 255 { bytes[bit / 8 + 1] |= UInt8(shifted >> 8) }
      }
      return bytes
    }
  }

  /// The pointer to weights in C structures; 0 for formats that kernels expand row by row.
  var pointer: String { form == .bytes || form == .survivors ? array.name : "0" }

  /// The arrays in flash.
  var arrays: [CArray] { [array] + side }

  /// Declarations that stand before the first row is expanded.
  var preparation: [String] {
    form == .coded ? ["@_code_stream stream = {\(array.name), 0, 0};"] : []
  }

  /// The routine that expands rows to bytes, with a call of it; coded rows must be expanded in order.
  func unpacking(to: String, from: String, count: String) -> (routine: CRoutine, call: String)? {
    switch form {
    case .bytes, .survivors, .signs, .bits: nil
    case .vectors(let vectors): (.vectors, vectors.call(to: to, from: from, table: side[0].name))
    case .packed(let bits): (.unpack(bits: bits), "@_unpack_\(bits)(\(to), \(from), \(count));")
    case .indexed, .levels:
      (.lookUp(bits: form.bits), "@_look_up_\(form.bits)(\(to), \(from), \(count), \(side[0].name));")
    case .coded: (.decode, "@_decode(&stream, \(to), \(count), \(side[0].name), \(side[1].name));")
    }
  }
}
