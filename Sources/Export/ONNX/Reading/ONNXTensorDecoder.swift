import Foundation
import Graphs

/// Decodes stored tensors, whose extents, types and places are not trusted.
struct ONNXTensorDecoder {
  /// The files beside the model.
  let external: ONNXExternalFiles

  /// The elements of a tensor, in memory proportional to the bytes that exist.
  func constant(_ tensor: ONNXTensorProto) throws(ONNXFileProblem) -> ONNXConstant {
    let dims = try dims(of: tensor)
    let count = dims.reduce(1, *)
    guard let type = ONNXTensorProto.DataType(rawValue: Int(tensor.dataType)), let bits = type.bitCount,
      let size = type.byteCount(of: count)
    else { throw .tensor(name: tensor.name, reason: "elements of type \(tensor.dataType) are not read") }
    if tensor.hasDataLocation, tensor.dataLocation == .external {
      return try decoded(external.bytes(of: tensor, count: size), type, dims, tensor.name)
    }
    if tensor.hasRawData, !tensor.rawData.isEmpty || count == 0 {
      guard tensor.rawData.count == size else {
        let width = bits < 8 ? "\(bits) bits" : "\(bits / 8) bytes"
        throw .tensor(
          name: tensor.name,
          reason: "\(dims) of \(width) take \(size) bytes, found \(tensor.rawData.count)")
      }
      return try decoded([UInt8](tensor.rawData), type, dims, tensor.name)
    }
    return try typed(tensor, type, dims, count)
  }

  /// The number of elements that a tensor claims, within the limits of all tensors.
  func count(of tensor: ONNXTensorProto) throws(ONNXFileProblem) -> Int {
    try dims(of: tensor).reduce(1, *)
  }

  /// The bytes of a tensor with several elements in a byte; `nil` for other types.
  func packedByteCount(of tensor: ONNXTensorProto) throws(ONNXFileProblem) -> Int? {
    guard let type = ONNXTensorProto.DataType(rawValue: Int(tensor.dataType)), type.isPacked else {
      return nil
    }
    return type.byteCount(of: try count(of: tensor))
  }

  private func dims(of tensor: ONNXTensorProto) throws(ONNXFileProblem) -> [Int] {
    guard tensor.dims.count <= 8 else {
      throw .tensor(name: tensor.name, reason: "\(tensor.dims.count) axes, at most 8 are accepted")
    }
    var count = 1
    for extent in tensor.dims {
      guard extent >= 0, extent <= Int64(Graph.maximumElements) else {
        throw .tensor(name: tensor.name, reason: "an extent of \(extent)")
      }
      count *= Int(extent)
      guard count <= Graph.maximumElements else {
        throw .tensor(name: tensor.name, reason: "more than \(Graph.maximumElements) elements")
      }
    }
    return tensor.dims.map { Int($0) }
  }

  /// Elements in one of the typed fields.
  private func typed(
    _ tensor: ONNXTensorProto, _ type: ONNXTensorProto.DataType, _ dims: [Int], _ count: Int
  ) throws(ONNXFileProblem) -> ONNXConstant {
    let content: ONNXConstant.Content
    switch type {
    case .float: content = .floats(tensor.floatData)
    case .double: content = .floats(tensor.doubleData.map { Float($0) })
    case .int64: content = .integers(tensor.int64Data.map { Int($0) })
    case .uint64, .uint32: content = .integers(tensor.uint64Data.map { Int(clamping: $0) })
    case .float16:
      content = .floats(tensor.int32Data.map { Self.half(UInt16(truncatingIfNeeded: $0)) })
    case .bfloat16:
      content = .floats(tensor.int32Data.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) })
    case .int4, .uint4, .int2, .uint2:
      // Each number holds one byte of elements.
      let bytes = tensor.int32Data.map { UInt8(truncatingIfNeeded: $0) }
      guard bytes.count == type.byteCount(of: count) else {
        throw .tensor(
          name: tensor.name, reason: "\(dims) has \(count) elements, found \(bytes.count) bytes of them")
      }
      return try decoded(bytes, type, dims, tensor.name)
    default: content = .integers(tensor.int32Data.map { Int($0) })
    }
    let constant = ONNXConstant(dims: dims, content: content, type: type)
    guard constant.count == count else {
      throw .tensor(
        name: tensor.name, reason: "\(dims) has \(count) elements, found \(constant.count)")
    }
    return constant
  }

  /// Elements in raw bytes, little-endian; their number was checked.
  private func decoded(
    _ bytes: [UInt8], _ type: ONNXTensorProto.DataType, _ dims: [Int], _ name: String
  ) throws(ONNXFileProblem) -> ONNXConstant {
    let content: ONNXConstant.Content
    switch type {
    case .float: content = .floats(Self.words(bytes, as: UInt32.self).map(Float.init(bitPattern:)))
    case .double:
      content = .floats(Self.words(bytes, as: UInt64.self).map { Float(Double(bitPattern: $0)) })
    case .float16: content = .floats(Self.words(bytes, as: UInt16.self).map(Self.half))
    case .bfloat16:
      content = .floats(Self.words(bytes, as: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) })
    case .int64: content = .integers(Self.words(bytes, as: UInt64.self).map { Int(bitPattern: UInt($0)) })
    case .uint64: content = .integers(Self.words(bytes, as: UInt64.self).map { Int(clamping: $0) })
    case .int32:
      content = .integers(Self.words(bytes, as: UInt32.self).map { Int(Int32(bitPattern: $0)) })
    case .uint32: content = .integers(Self.words(bytes, as: UInt32.self).map { Int($0) })
    case .int16:
      content = .integers(Self.words(bytes, as: UInt16.self).map { Int(Int16(bitPattern: $0)) })
    case .uint16: content = .integers(Self.words(bytes, as: UInt16.self).map { Int($0) })
    case .int8: content = .integers(bytes.map { Int(Int8(bitPattern: $0)) })
    case .uint8, .bool: content = .integers(bytes.map { Int($0) })
    case .int4, .uint4, .int2, .uint2:
      content = .integers(Self.packed(bytes, type, count: dims.reduce(1, *)))
    case .undefined, .string:
      throw .tensor(name: name, reason: "elements of this type are not read")
    }
    return ONNXConstant(dims: dims, content: content, type: type)
  }

  /// Elements of which several share a byte, from its lowest bits.
  private static func packed(_ bytes: [UInt8], _ type: ONNXTensorProto.DataType, count: Int) -> [Int] {
    let bits = type.bitCount ?? 8
    let isSigned = type == .int4 || type == .int2
    return (0..<count).map { place in
      let symbol = Int(bytes[place * bits / 8] >> UInt8(place * bits % 8)) & (1 << bits - 1)
      return isSigned && symbol >= 1 << (bits - 1) ? symbol - 1 << bits : symbol
    }
  }

  private static func words<I: FixedWidthInteger>(_ bytes: [UInt8], as type: I.Type) -> [I] {
    let width = I.bitWidth / 8
    return (0..<bytes.count / width).map { index in
      var word: I = 0
      for place in 0..<width { word |= I(bytes[index * width + place]) << (8 * place) }
      return word
    }
  }

  private static func half(_ bits: UInt16) -> Float { Float(Float16(bitPattern: bits)) }
}
