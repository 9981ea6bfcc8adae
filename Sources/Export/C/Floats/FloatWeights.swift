import Encodings
import Graphs
import Tensors

/// Weights of a layer of floats, kept in the form that takes the fewest bytes and stands for the very same numbers.
struct FloatWeights: Sendable {
  /// How they are kept.
  enum Form: Sendable, Equatable {
    /// 32 bits each.
    case floats
    /// Indices of so many bits into a table of the distinct numbers; rows begin at bytes.
    case indexed(bits: Int)
    /// Integers of so many bits, to be scaled by output; rows begin at bytes.
    case integers(bits: Int)
    /// Distances and floats.
    case survivors
    /// Distances and places in a table of the distinct numbers.
    case shared

    /// Whether only weights that are not zero are kept.
    var isSparse: Bool { self == .survivors || self == .shared }
  }

  /// How they are kept.
  let form: Form
  /// `[O, I/groups, Kh, Kw]` or `[O, I]`, row-major, as kernels compute with them; unscaled integers where they are such.
  let values: [Float]
  /// The scale of each output where weights are integers; empty otherwise.
  let scales: [Float]
  /// The elements of a row: what an output reads.
  let rowCount: Int

  /// Chooses a form; integers stay integers.
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
      // A float, a distance and now and then a bridge; a count for each output.
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

  /// The arrays in flash, for weights in an order: `order[p]` is the place of what lies p-th.
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
      // Bridges need a zero.
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

  /// By row, distances from the survivor before and weights; distances beyond a byte are bridged by zeros.
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

  /// The routine that writes rows out as floats, and a call of it; `nil` where kernels read what is in flash.
  func unpacking(_ site: CSite, to: String, from: String, count: String) -> (routine: CRoutine, call: String)?
  {
    switch form {
    case .floats, .survivors, .shared: nil
    case .integers(let bits): (.unpackFloats(bits: bits), "@_unpack_\(bits)(\(to), \(from), \(count));")
    case .indexed(let bits):
      (.lookUpFloats(bits: bits), "@_look_up_\(bits)(\(to), \(from), \(count), \(site.name("table")));")
    }
  }

  /// Bytes of a row of packed symbols.
  var rowBytes: Int {
    switch form {
    case .floats, .survivors, .shared: 0
    case .indexed(let bits), .integers(let bits): (rowCount * bits + 7) / 8
    }
  }
}
