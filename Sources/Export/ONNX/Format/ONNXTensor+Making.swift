import Foundation
import Tensors

extension ONNXTensorProto {
  /// Floats of a shape.
  init(name: String, floats: [Float], dims: [Int]) {
    self.init(name: name, type: .float, dims: dims, bytes: floats.flatMap { Self.bytes(of: $0.bitPattern) })
  }

  /// Whole numbers of 64 bits, such as a shape.
  init(name: String, integers: [Int], dims: [Int]) {
    self.init(
      name: name, type: .int64, dims: dims, bytes: integers.flatMap { Self.bytes(of: Int64($0)) })
  }

  /// Whole numbers in the bytes of a type, which they must fit.
  init(name: String, integers: [Int32], type: ONNXTensorProto.DataType, dims: [Int]) {
    let width = type.byteCount ?? 4
    self.init(
      name: name, type: type, dims: dims,
      bytes: integers.flatMap { Self.bytes(of: UInt32(bitPattern: $0)).prefix(width) })
  }

  private init(name: String, type: ONNXTensorProto.DataType, dims: [Int], bytes: [UInt8]) {
    self.init()
    self.name = name
    dataType = Int32(type.rawValue)
    self.dims = dims.map(Int64.init)
    rawData = Data(bytes)
  }

  /// The bytes of a number, the lowest first.
  private static func bytes<I: FixedWidthInteger>(of number: I) -> [UInt8] {
    (0..<I.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}

extension ONNXTensorProto.DataType {
  /// Bytes of an element; `nil` for text and what is unknown.
  var byteCount: Int? { Self.byteCounts[self] }

  private static let byteCounts: [ONNXTensorProto.DataType: Int] = [
    .float: 4, .uint8: 1, .int8: 1, .uint16: 2, .int16: 2, .int32: 4, .int64: 8, .bool: 1, .float16: 2,
    .double: 8, .uint32: 4, .uint64: 8, .bfloat16: 2,
  ]
}
