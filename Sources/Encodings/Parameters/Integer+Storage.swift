public import Graphs
public import Tensors

extension Integer {
  /// The integers q of `w = scale · q` for a tensor of projected values, row-major.
  public func integers(_ tensor: Tensor) -> [Int32] {
    let width = tensor.values.count / scales.count
    let limit = Double(Self.limit(bits: bits))
    var result: [Int32] = []
    result.reserveCapacity(tensor.values.count)
    for (index, value) in tensor.values.enumerated() {
      let quotient = Double(value) / Double(scales[index / max(width, 1)])
      result.append(Int32(roundedToEven(clamped(quotient, -limit, limit))))
    }
    return result
  }

  /// Stores the streams `scales` (floats) and `integers` (two's complement in `bits` bits).
  public func store(_ tensor: Tensor) -> StoredTensor {
    let mask = UInt32.max >> UInt32(32 - bits)
    return StoredTensor(
      numbers: ["bits": bits],
      streams: [
        .init(name: "scales", bits: 32, symbols: scales.map(\.bitPattern)),
        .init(
          name: "integers", bits: bits, symbols: integers(tensor).map { UInt32(bitPattern: $0) & mask },
          isElementwise: true),
      ])
  }

  /// Restores integers; throws for an invalid width, a wrong number of scales, and integers beyond the
  /// symmetric range.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (Integer, Tensor) {
    guard let bits = stored.numbers["bits"] else { throw .missing(kind: kind, what: "number \"bits\"") }
    let scales = try stored.stream("scales", bits: 32, of: kind).map(Float.init(bitPattern:))
    if let problem = problem(bits: bits, scales: scales) {
      throw .invalid(kind: kind, what: "scales", expected: "a valid grid", found: problem)
    }
    guard scales.count == 1 || (shape.rank > 0 && scales.count == shape[0]) else {
      throw .invalid(
        kind: kind, what: "scales", expected: "1, or 1 for each index on axis 0 of \(shape)",
        found: "\(scales.count)")
    }
    let symbols = try stored.stream("integers", bits: bits, of: kind)
    guard symbols.count == shape.count else {
      throw .invalid(
        kind: kind, what: "integers", expected: "\(shape.count) for \(shape)", found: "\(symbols.count)")
    }
    let encoding = Integer(bits: bits, scales: scales)
    return (encoding, Tensor(try encoding.values(symbols), shape: shape))
  }

  private func values(_ symbols: [UInt32]) throws(EncodingError) -> [Float] {
    let unused = UInt32(32 - bits)
    let limit = Int32(Self.limit(bits: bits))
    let width = max(symbols.count / scales.count, 1)
    var values: [Float] = []
    values.reserveCapacity(symbols.count)
    for (index, symbol) in symbols.enumerated() {
      let integer = Int32(bitPattern: symbol << unused) >> Int32(unused)
      guard integer >= -limit else {
        throw .invalid(
          kind: Self.kind, what: "integer \(index)", expected: "\(-limit)…\(limit)", found: "\(integer)")
      }
      values.append(Float(Double(integer) * Double(scales[index / width])))
    }
    return values
  }
}
