/// Conversion of 32-bit floats to and from the bytes of files: little-endian, four bytes each.
public enum LittleEndian {
  /// The floats in `bytes`, whose number must be a multiple of four; O(n).
  public static func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
    precondition(bytes.count % 4 == 0, "\(bytes.count) bytes are no whole number of floats")
    let count = bytes.count / 4
    return unsafe [Float](unsafeUninitializedCapacity: count) { floats, initialized in
      unsafe bytes.withUnsafeBytes { source in
        for index in 0..<count {
          let bits = unsafe source.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
          unsafe floats.initializeElement(at: index, to: Float(bitPattern: UInt32(littleEndian: bits)))
        }
      }
      initialized = count
    }
  }

  /// Appends the bytes of `floats`; O(n).
  public static func append(_ floats: [Float], to bytes: inout [UInt8]) {
    let encoded = unsafe [UInt8](unsafeUninitializedCapacity: floats.count * 4) { target, initialized in
      let raw = UnsafeMutableRawBufferPointer(target)
      for index in floats.indices {
        unsafe raw.storeBytes(
          of: floats[index].bitPattern.littleEndian, toByteOffset: index * 4, as: UInt32.self)
      }
      initialized = floats.count * 4
    }
    bytes.append(contentsOf: encoded)
  }
}
