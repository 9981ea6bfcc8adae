/// A table of a FlatBuffer that is read from untrusted bytes.
///
///     let model = try FlatBufferTable(rootOf: bytes, identifier: "TFL3")
///     let version = try model.integer(0, default: UInt32(0))
///     let tensors = try model.tables(1, limit: 1000)
///
/// Fields are numbered by their position in the schema. Every offset and length is checked against the bytes;
/// one outside throws an error and does not trap. Vectors of numbers are copied, bytes are not. Tables may
/// share their children, so callers must limit how much they read.
public struct FlatBufferTable: Sendable {
  private let bytes: [UInt8]
  private let position: Int
  /// The position of the vtable, which holds the offsets of the fields.
  private let places: Int
  private let fieldCount: Int

  /// Reads the root table of a buffer with an identifier of four ASCII characters.
  public init(rootOf bytes: [UInt8], identifier: String) throws(FlatBufferError) {
    guard bytes.count >= 8, bytes[4..<8].elementsEqual(identifier.utf8) else {
      throw .identifier(expected: identifier)
    }
    try self.init(bytes, at: Int(Self.number(bytes, 0, UInt32.self)))
  }

  private init(_ bytes: [UInt8], at position: Int) throws(FlatBufferError) {
    self.bytes = bytes
    self.position = position
    // The table's first word is the distance back to its vtable, which may be negative.
    places = position - Int(try Self.number(bytes, position, Int32.self))
    let size = Int(try Self.number(bytes, places, UInt16.self))
    try Self.require(bytes, places, size)
    fieldCount = max(size - 4, 0) / 2
  }

  /// An integer field, or the schema's default.
  public func integer<I: FixedWidthInteger>(_ field: Int, default value: I) throws(FlatBufferError) -> I {
    guard let place = try place(of: field) else { return value }
    return try Self.number(bytes, place, I.self)
  }

  /// A float field, or the schema's default.
  public func real(_ field: Int, default value: Float) throws(FlatBufferError) -> Float {
    Float(bitPattern: try integer(field, default: value.bitPattern))
  }

  /// A truth field, or the schema's default.
  public func truth(_ field: Int, default value: Bool = false) throws(FlatBufferError) -> Bool {
    try integer(field, default: UInt8(value ? 1 : 0)) != 0
  }

  /// A table field; `nil` where it is missing.
  public func table(_ field: Int) throws(FlatBufferError) -> FlatBufferTable? {
    guard let place = try place(of: field) else { return nil }
    return try FlatBufferTable(bytes, at: try target(of: place))
  }

  /// A vector of tables; empty where it is missing; throws for more than `limit`.
  public func tables(_ field: Int, limit: Int) throws(FlatBufferError) -> [FlatBufferTable] {
    guard let vector = try vector(field, width: 4, limit: limit) else { return [] }
    var tables: [FlatBufferTable] = []
    tables.reserveCapacity(vector.count)
    for index in 0..<vector.count {
      tables.append(try FlatBufferTable(bytes, at: try target(of: vector.start + 4 * index)))
    }
    return tables
  }

  /// A vector of integers; `nil` where it is missing; throws for more than `limit`.
  public func integers<I: FixedWidthInteger>(
    _ field: Int, as type: I.Type, limit: Int
  ) throws(FlatBufferError) -> [I]? {
    let width = I.bitWidth / 8
    guard let vector = try vector(field, width: width, limit: limit) else { return nil }
    var numbers: [I] = []
    numbers.reserveCapacity(vector.count)
    for index in 0..<vector.count {
      numbers.append(try Self.number(bytes, vector.start + width * index, I.self))
    }
    return numbers
  }

  /// A vector of floats; `nil` where it is missing; throws for more than `limit`.
  public func reals(_ field: Int, limit: Int) throws(FlatBufferError) -> [Float]? {
    try integers(field, as: UInt32.self, limit: limit)?.map { Float(bitPattern: $0) }
  }

  /// A vector of bytes as a slice of the buffer; `nil` where it is missing.
  public func bytes(_ field: Int) throws(FlatBufferError) -> ArraySlice<UInt8>? {
    guard let vector = try vector(field, width: 1, limit: .max) else { return nil }
    return bytes[vector.start..<vector.start + vector.count]
  }

  /// A text, cut to `limit` bytes, with invalid UTF-8 repaired; `nil` where it is missing.
  public func text(_ field: Int, limit: Int) throws(FlatBufferError) -> String? {
    try bytes(field).map { String(decoding: $0.prefix(limit), as: UTF8.self) }
  }

  // MARK: Places

  /// The position of a field; `nil` where it has the schema's default.
  private func place(of field: Int) throws(FlatBufferError) -> Int? {
    guard field < fieldCount else { return nil }
    let offset = try Self.number(bytes, places + 4 + 2 * field, UInt16.self)
    return offset == 0 ? nil : position + Int(offset)
  }

  /// The position that an offset at `place` refers to.
  private func target(of place: Int) throws(FlatBufferError) -> Int {
    place + Int(try Self.number(bytes, place, UInt32.self))
  }

  private func vector(
    _ field: Int, width: Int, limit: Int
  ) throws(FlatBufferError) -> (start: Int, count: Int)? {
    guard let place = try place(of: field) else { return nil }
    let start = try target(of: place)
    let count = Int(try Self.number(bytes, start, UInt32.self))
    guard count <= limit else { throw .tooMany(found: count, limit: limit) }
    try Self.require(bytes, start + 4, count * width)
    return (start + 4, count)
  }

  private static func number<I: FixedWidthInteger>(
    _ bytes: [UInt8], _ place: Int, _ type: I.Type
  ) throws(FlatBufferError) -> I {
    try require(bytes, place, I.bitWidth / 8)
    var number: I = 0
    for offset in 0..<I.bitWidth / 8 {
      number |= I(truncatingIfNeeded: bytes[place + offset]) << (8 * offset)
    }
    return number
  }

  private static func require(_ bytes: [UInt8], _ place: Int, _ count: Int) throws(FlatBufferError) {
    guard place >= 0, place <= bytes.count, count <= bytes.count - place else {
      throw .outside(place: place, count: count, of: bytes.count)
    }
  }
}

/// The reason why bytes are not a valid FlatBuffer.
public enum FlatBufferError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Another identifier than expected, or too few bytes.
  case identifier(expected: String)
  /// A range outside the buffer.
  case outside(place: Int, count: Int, of: Int)
  /// A vector with too many elements.
  case tooMany(found: Int, limit: Int)

  /// The message: what was expected and what was found.
  public var description: String {
    switch self {
    case .identifier(let expected): "expected \(expected) in bytes 4 to 7"
    case .outside(let place, let count, let bytes):
      "\(count == 1 ? "1 byte is" : "\(count) bytes are") said to lie at byte \(place), the file has \(bytes)"
    case .tooMany(let found, let limit): "a list of \(found), at most \(limit) are accepted"
    }
  }
}
