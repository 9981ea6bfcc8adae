import Foundation
import Tensors

extension ONNXTensorProto {
  /// Makes a tensor of floats.
  init(name: String, floats: [Float], dims: [Int]) {
    self.init(name: name, type: .float, dims: dims, bytes: floats.flatMap { Self.bytes(of: $0.bitPattern) })
  }

  /// Makes a tensor of 64-bit integers, such as a shape.
  init(name: String, integers: [Int], dims: [Int]) {
    self.init(
      name: name, type: .int64, dims: dims, bytes: integers.flatMap { Self.bytes(of: Int64($0)) })
  }

  /// Makes a tensor of integers of a type that they fit.
  ///
  /// Elements of fewer than 8 bits are packed from the lowest bits of a byte.
  init(name: String, integers: [Int32], type: ONNXTensorProto.DataType, dims: [Int]) {
    let bits = type.bitCount ?? 32
    guard bits < 8 else {
      self.init(
        name: name, type: type, dims: dims,
        bytes: integers.flatMap { Self.bytes(of: UInt32(bitPattern: $0)).prefix(bits / 8) })
      return
    }
    var bytes = [UInt8](repeating: 0, count: (integers.count * bits + 7) / 8)
    for (place, integer) in integers.enumerated() {
      let symbol = UInt8(truncatingIfNeeded: integer) & (1 << UInt8(bits) - 1)
      bytes[place * bits / 8] |= symbol << UInt8(place * bits % 8)
    }
    self.init(name: name, type: type, dims: dims, bytes: bytes)
  }

  private init(name: String, type: ONNXTensorProto.DataType, dims: [Int], bytes: [UInt8]) {
    self.init()
    self.name = name
    dataType = Int32(type.rawValue)
    self.dims = dims.map(Int64.init)
    rawData = Data(bytes)
  }

  /// The bytes of a number, little-endian.
  private static func bytes<I: FixedWidthInteger>(of number: I) -> [UInt8] {
    (0..<I.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}

extension ONNXTensorProto.DataType {
  /// The bits of an element; `nil` for text and unknown types.
  var bitCount: Int? { Self.bitCounts[self] }

  /// True if several elements share a byte.
  var isPacked: Bool { (bitCount ?? 8) < 8 }

  /// The bytes of `elements` elements; `nil` for text and unknown types.
  func byteCount(of elements: Int) -> Int? { bitCount.map { (elements * $0 + 7) / 8 } }

  private static let bitCounts: [ONNXTensorProto.DataType: Int] = [
    .float: 32, .uint8: 8, .int8: 8, .uint16: 16, .int16: 16, .int32: 32, .int64: 64, .bool: 8,
    .float16: 16, .double: 64, .uint32: 32, .uint64: 64, .bfloat16: 16, .uint4: 4, .int4: 4, .uint2: 2,
    .int2: 2,
  ]
}
