import Foundation
import Graphs
import Tensors

/// The elements of a stored tensor, as bytes with their type.
struct TFLiteElements {
  let type: TFLiteElementType
  let shape: [Int]
  let bytes: [UInt8]

  /// Takes a tensor's elements; throws if the number of bytes does not fit the extents.
  init(_ tensor: TFLiteNetwork.Tensor) throws(ONNXRefusal) {
    guard let type = tensor.type, type != .bool else {
      throw .because("\"\(tensor.name)\" has elements of type \(tensor.typeNumber), which are not read")
    }
    guard !tensor.isSparse else { throw .because("\"\(tensor.name)\" is stored without its zeros") }
    guard let count = Shape(tensor.shape).count(upTo: Graph.maximumElements) else {
      throw .because("\"\(tensor.name)\" has more than \(Graph.maximumElements) elements")
    }
    let expected = type == .int4 ? (count + 1) / 2 : count * (type.width ?? 1)
    guard tensor.bytes.count == expected else {
      throw .because(
        "\"\(tensor.name)\": \(tensor.shape) takes \(expected) bytes, found \(tensor.bytes.count)")
    }
    self.type = type == .int4 ? .int8 : type
    shape = tensor.shape
    bytes = type == .int4 ? Self.unpacked(tensor.bytes, count) : Array(tensor.bytes)
  }

  private init(_ type: TFLiteElementType, _ shape: [Int], _ bytes: [UInt8]) {
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }

  /// Expands two integers in a byte to one byte each; the first is in the lower half.
  private static func unpacked(_ bytes: ArraySlice<UInt8>, _ count: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count + 1)
    for byte in bytes {
      result.append(UInt8(bitPattern: Int8(bitPattern: byte << 4) >> 4))
      result.append(UInt8(bitPattern: Int8(bitPattern: byte) >> 4))
    }
    return Array(result.prefix(count))
  }

  /// The elements with their axes in another order.
  func ordered(_ order: [Int]) throws(ONNXRefusal) -> TFLiteElements {
    guard order.sorted() == Array(shape.indices) else { throw .because("axes \(order) of \(shape)") }
    let dims = order.map { shape[$0] }
    guard order != Array(shape.indices), !bytes.isEmpty else { return TFLiteElements(type, dims, bytes) }
    let width = type.width ?? 1
    var steps = Array(repeating: width, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { steps[axis] = steps[axis + 1] * shape[axis + 1] }
    var starts = [0]
    starts.reserveCapacity(bytes.count / width)
    for axis in order {
      starts = starts.flatMap { start in (0..<shape[axis]).map { start + $0 * steps[axis] } }
    }
    var turned: [UInt8] = []
    turned.reserveCapacity(bytes.count)
    for start in starts { for place in start..<start + width { turned.append(bytes[place]) } }
    return TFLiteElements(type, dims, turned)
  }

  /// The elements as an ONNX tensor.
  func tensor(_ name: String, dims: [Int]) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.name = name
    tensor.dataType = Int32(type.onnx.rawValue)
    tensor.dims = dims.map { Int64($0) }
    tensor.rawData = Data(bytes)
    return tensor
  }

  /// The elements as integers, for types of 32 or 64 bits.
  var integers: [Int] {
    let width = type.width ?? 1
    return stride(from: 0, to: bytes.count, by: width).map { start in
      var word: UInt64 = 0
      for place in (0..<width).reversed() { word = word << 8 | UInt64(bytes[start + place]) }
      return width == 4 ? Int(Int32(truncatingIfNeeded: word)) : Int(Int64(bitPattern: word))
    }
  }

  /// The elements as floats; empty for integers.
  var reals: [Float] {
    switch type {
    case .float32: integers.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
    case .float16:
      stride(from: 0, to: bytes.count, by: 2).map {
        Float(Float16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8))
      }
    default: []
    }
  }

  /// The type of a zero point for the elements; `nil` for types without one.
  var zeroType: ONNXTensorProto.DataType? {
    [.int8, .uint8, .int16].contains(type) ? type.onnx : nil
  }

  /// True if a zero point is in the range of the type.
  func holds(_ zero: Int64) -> Bool {
    switch type {
    case .uint8: (0...255).contains(zero)
    case .int16: (-32_768...32_767).contains(zero)
    default: (-128...127).contains(zero)
    }
  }
}

extension TFLiteElementType {
  /// The bytes of an element; `nil` for less than one.
  var width: Int? {
    switch self {
    case .float32, .int32: 4
    case .int64: 8
    case .float16, .int16: 2
    case .uint8, .int8, .bool: 1
    case .int4: nil
    }
  }

  /// The type in ONNX; half bytes become bytes.
  fileprivate var onnx: ONNXTensorProto.DataType {
    switch self {
    case .float32: .float
    case .float16: .float16
    case .int32: .int32
    case .int64: .int64
    case .int16: .int16
    case .uint8: .uint8
    case .bool: .bool
    case .int8, .int4: .int8
    }
  }
}
