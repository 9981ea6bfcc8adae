import Encodings
import Graphs
import Tensors

/// The weights of a layer of floats, in the format that takes the fewest bytes and represents the same
/// numbers.
struct FloatWeights: Sendable {
  /// The format of weights.
  enum Form: Sendable, Equatable {
    /// 32 bits for each weight.
    case floats
    /// Indices of a fixed number of bits into a table of the distinct numbers; rows begin at bytes.
    case indexed(bits: Int)
    /// Integers of a fixed number of bits, with a scale for each output; rows begin at bytes.
    case integers(bits: Int)
    /// Distances and floats of non-zero weights.
    case survivors
    /// Distances of non-zero weights, and indices into a table of the distinct numbers.
    case shared

    /// True if only non-zero weights are stored.
    var isSparse: Bool { self == .survivors || self == .shared }
  }

  /// The format.
  let form: Form
  /// The weights that kernels compute with, row-major `[outputs, inputs/groups, kernel height, kernel width]`
  /// or `[outputs, inputs]`.
  ///
  /// Integers are not multiplied by their scales.
  let values: [Float]
  /// The scale of each output for integers; empty otherwise.
  let scales: [Float]
  /// The elements of a row, which are the inputs of one output.
  let rowCount: Int

  /// Chooses the format; integers of at most 8 bits stay integers.
  init(_ parameter: Parameter, _ sparse: CSparse) {
    let tensor = parameter.projected
    let outputs = max(tensor.shape[0], 1)
    rowCount = tensor.values.count / outputs
    if let integer = parameter.encoding as? Integer, integer.bits <= 8 {
      form = .integers(bits: integer.bits)
      values = integer.integers(tensor).map(Float.init)
      scales = (0..<outputs).map { integer.scales[integer.scales.count == 1 ? 0 : $0] }
      return
    }
    values = tensor.values
    scales = []
    form = Self.smallest(values, rowCount: rowCount, outputs: outputs, sparse)
  }

  private static func smallest(_ values: [Float], rowCount: Int, outputs: Int, _ sparse: CSparse) -> Form {
    let distinct = Set(values.map(\.bitPattern)).count
    let bits = max(2, Int.bitWidth - max(distinct - 1, 1).leadingZeroBitCount)
    let survivors = values.count { $0 != 0 }
    var whole = [(form: Form.floats, bytes: values.count * 4)]
    if bits <= 8 {
      whole.append((.indexed(bits: bits), distinct * 4 + outputs * ((rowCount * bits + 7) / 8)))
    }
    var survivorForms: [(form: Form, bytes: Int)] = []
    if rowCount <= Int(UInt16.max) {
      // A non-zero weight takes a float and a distance; every 255 elements there may be a bridge, and every
      // output has a count.
      survivorForms.append((.survivors, survivors * 5 + values.count / 255 * 5 + outputs * 2))
      let shared = (survivors + values.count / 255) * 2 + (distinct + 1) * 4 + outputs * 2
      if distinct < 256 { survivorForms.append((.shared, shared)) }
    }
    let candidates: [(form: Form, bytes: Int)] =
      switch sparse {
      case .auto: whole + survivorForms
      case .never: whole
      case .always: survivorForms.isEmpty ? whole : survivorForms
      }
    return candidates.min { $0.bytes < $1.bytes }?.form ?? .floats
  }

  /// The arrays in flash; `order[p]` is the index of the p-th weight.
  func arrays(_ site: CSite, order: [Int]) -> [CArray] {
    let arranged = order.map { values[$0] }
    switch form {
    case .floats: return [CArray(site.name("weights"), floats: arranged)]
    case .indexed(let bits):
      let table = Set(arranged.map(\.bitPattern)).sorted()
      let places = Dictionary(uniqueKeysWithValues: table.enumerated().map { ($1, $0) })
      let indices = arranged.map { places[$0.bitPattern] ?? 0 }
      return [
        CArray(site.name("indices"), .uint8, CWeights.packed(indices, bits: bits, rowCount: rowCount)),
        CArray(site.name("table"), floats: table.map(Float.init(bitPattern:))),
      ]
    case .integers(let bits):
      let symbols = arranged.map { Int($0) + 1 << (bits - 1) }
      return [
        CArray(site.name("weights"), .uint8, CWeights.packed(symbols, bits: bits, rowCount: rowCount))
      ]
    case .shared:
      let rows = survivors(arranged)
      // Bridges over long distances need a zero.
      let table = Set(arranged.map(\.bitPattern) + [0]).sorted()
      let places = Dictionary(uniqueKeysWithValues: table.enumerated().map { ($1, UInt8($0)) })
      return [
        CArray(site.name("weights"), floats: table.map(Float.init(bitPattern:))),
        CArray(
          site.name("pairs"), .uint8,
          rows.flatMap { $0.flatMap { [UInt8($0.gap), places[$0.weight.bitPattern] ?? 0] } }),
        CArray(site.name("counts"), .uint16, rows.map(\.count)),
      ]
    case .survivors:
      let rows = survivors(arranged)
      return [
        CArray(site.name("weights"), floats: rows.flatMap { $0.map(\.weight) }),
        CArray(site.name("gaps"), .uint8, rows.flatMap { $0.map(\.gap) }),
        CArray(site.name("counts"), .uint16, rows.map(\.count)),
      ]
    }
  }

  /// For each row, the non-zero weights with their distances; distances above 255 are bridged by zeros.
  private func survivors(_ arranged: [Float]) -> [[(gap: Int, weight: Float)]] {
    stride(from: 0, to: arranged.count, by: rowCount).map { start in
      var pairs: [(gap: Int, weight: Float)] = []
      var last = 0
      for position in 0..<rowCount where arranged[start + position] != 0 {
        while position - last > 255 {
          pairs.append((255, 0))
          last += 255
        }
        pairs.append((position - last, arranged[start + position]))
        last = position
      }
      return pairs
    }
  }

  /// The routine that expands rows to floats, with a call of it; `nil` where kernels read the stored form.
  func unpacking(_ site: CSite, to: String, from: String, count: String) -> (routine: CRoutine, call: String)?
  {
    switch form {
    case .floats, .survivors, .shared: nil
    case .integers(let bits): (.unpackFloats(bits: bits), "@_unpack_\(bits)(\(to), \(from), \(count));")
    case .indexed(let bits):
      (.lookUpFloats(bits: bits), "@_look_up_\(bits)(\(to), \(from), \(count), \(site.name("table")));")
    }
  }

  /// The bytes of a row of packed symbols; 0 for other formats.
  var rowBytes: Int {
    switch form {
    case .floats, .survivors, .shared: 0
    case .indexed(let bits), .integers(let bits): (rowCount * bits + 7) / 8
    }
  }
}
