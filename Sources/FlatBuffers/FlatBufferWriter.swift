import CFlatBuffers

/// Writes a FlatBuffer from strings, vectors and tables; children come before their parents.
///
///     let writer = FlatBufferWriter()
///     let name = writer.string("conv1")
///     let table = writer.table([0: .offset(name), 2: .int32(3)])
///     let bytes = writer.finish(root: table, identifier: "TFL3")
///
/// Fields are numbered by their position in the schema. The format is little-endian. The class is memory
/// safe, as it alone owns the C builder and frees it at its end.
@safe public final class FlatBufferWriter {
  /// A finished child that a parent may refer to.
  public struct Offset: Sendable, Hashable {
    fileprivate let value: UInt32
  }

  /// The value of a table's field.
  public enum Field: Sendable {
    case offset(Offset)
    case bool(Bool)
    case int8(Int8)
    case uint8(UInt8)
    case int32(Int32)
    case uint32(UInt32)
    case float(Float)
  }

  private let builder: OpaquePointer

  /// Starts an empty buffer.
  public init() { unsafe builder = condense_flatbuffer_new() }

  deinit { unsafe condense_flatbuffer_free(builder) }

  /// Writes a string in UTF-8.
  public func string(_ text: String) -> Offset {
    var text = text
    return text.withUTF8 { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
        unsafe Offset(
          value: condense_flatbuffer_string(builder, characters.baseAddress, characters.count))
      }
    }
  }

  /// Writes a vector of bytes; the first is aligned to `alignment`, a power of two.
  public func bytes(_ bytes: [UInt8], alignment: Int) -> Offset {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe Offset(value: condense_flatbuffer_bytes(builder, bytes.baseAddress, bytes.count, alignment))
    }
  }

  /// Writes a vector of 32-bit integers.
  public func vector(_ values: [Int32]) -> Offset {
    unsafe values.withUnsafeBufferPointer { values in
      unsafe Offset(value: condense_flatbuffer_int32s(builder, values.baseAddress, values.count))
    }
  }

  /// Writes a vector of 64-bit integers.
  public func vector(_ values: [Int64]) -> Offset {
    unsafe values.withUnsafeBufferPointer { values in
      unsafe Offset(value: condense_flatbuffer_int64s(builder, values.baseAddress, values.count))
    }
  }

  /// Writes a vector of floats.
  public func vector(_ values: [Float]) -> Offset {
    unsafe values.withUnsafeBufferPointer { values in
      unsafe Offset(value: condense_flatbuffer_floats(builder, values.baseAddress, values.count))
    }
  }

  /// Writes a vector of tables.
  public func vector(_ tables: [Offset]) -> Offset {
    let offsets = tables.map(\.value)
    return unsafe offsets.withUnsafeBufferPointer { offsets in
      unsafe Offset(value: condense_flatbuffer_tables(builder, offsets.baseAddress, offsets.count))
    }
  }

  /// Writes a table from fields by their positions; missing fields have the schema's defaults.
  public func table(_ fields: [UInt16: Field]) -> Offset {
    unsafe condense_flatbuffer_start_table(builder)
    for (field, value) in fields.sorted(by: { $0.key < $1.key }) { add(field, value) }
    return unsafe Offset(value: condense_flatbuffer_end_table(builder))
  }

  private func add(_ field: UInt16, _ value: Field) {
    switch value {
    case .offset(let value): unsafe condense_flatbuffer_add_offset(builder, field, value.value)
    case .bool(let value): unsafe condense_flatbuffer_add_bool(builder, field, value)
    case .int8(let value): unsafe condense_flatbuffer_add_int8(builder, field, value)
    case .uint8(let value): unsafe condense_flatbuffer_add_uint8(builder, field, value)
    case .int32(let value): unsafe condense_flatbuffer_add_int32(builder, field, value)
    case .uint32(let value): unsafe condense_flatbuffer_add_uint32(builder, field, value)
    case .float(let value): unsafe condense_flatbuffer_add_float(builder, field, value)
    }
  }

  /// Ends the buffer with its root table and an identifier of four ASCII characters, and returns its bytes.
  ///
  /// Nothing may be written afterwards.
  public func finish(root: Offset, identifier: String) -> [UInt8] {
    precondition(identifier.utf8.count == 4, "an identifier of \(identifier.utf8.count) characters")
    let characters = identifier.utf8.map { CChar(bitPattern: $0) }
    unsafe characters.withUnsafeBufferPointer { characters in
      unsafe condense_flatbuffer_finish(builder, root.value, characters.baseAddress)
    }
    var count = 0
    let data = unsafe condense_flatbuffer_data(builder, &count)
    return unsafe Array(UnsafeBufferPointer(start: data, count: count))
  }
}
