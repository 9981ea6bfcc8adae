import Encodings
import Graphs

/// The types in which integers are stored, and the version of ONNX that has them.
///
/// Values are unsigned by default: onnxruntime computes with unsigned bytes in integers by itself. The zero
/// point moves with the numbers. Grids of 9 to 15 bits take 16, which ONNX has from operator set 21, as it
/// has 4 bits; it has 2 bits from 25.
struct ONNXNumberTypes {
  /// The version of the operator set.
  let opset: Int64
  /// The version of the file format.
  let irVersion: Int64

  private let values: ONNXValues
  private let lowBits: ONNXLowBits
  private let isQuantized: Bool

  /// Finds the least version with all types that are needed.
  init(_ graph: Graph, _ exporter: ONNXExporter, isQuantized: Bool) {
    values = exporter.values
    // Weights around an unsigned byte's middle have no form in fewer bits.
    lowBits = exporter.weights == .unsigned ? .bytes : exporter.lowBits
    self.isQuantized = isQuantized
    let weightBits = graph.parameters.values.compactMap(\.encoding.integers).map(\.bits)
    let valueBits = graph.values.values.map(\.bits)
    let packed = weightBits.compactMap { [lowBits] in lowBits.type(ofBits: $0, isQuantized: isQuantized) }
    let isWide = weightBits.contains { (9...16).contains($0) } || valueBits.contains { $0 > 8 }
    (opset, irVersion) = packed.contains(.int2) ? (25, 13) : isWide || !packed.isEmpty ? (21, 10) : (17, 8)
  }

  func type(ofParameterBits bits: Int) -> ONNXTensorProto.DataType {
    bits <= 8 ? .int8 : bits <= 16 ? .int16 : .int32
  }

  /// The type of weights that share bytes; `nil` for a byte or more each.
  func packedType(ofParameterBits bits: Int) -> ONNXTensorProto.DataType? {
    lowBits.type(ofBits: bits, isQuantized: isQuantized)
  }

  /// True if weights that share bytes are cast to bytes before they are scaled.
  var unpacksFirst: Bool { isQuantized && lowBits == .packed }

  func type(ofValueBits bits: Int) -> ONNXTensorProto.DataType {
    switch values {
    case .unsigned: bits <= 8 ? .uint8 : .uint16
    case .signed: bits <= 8 ? .int8 : .int16
    }
  }

  /// The offset that is added to a signed integer of a value when it is stored.
  func offset(ofValueBits bits: Int) -> Int {
    switch values {
    case .unsigned: bits <= 8 ? 128 : 32_768
    case .signed: 0
    }
  }
}

extension Encoding {
  /// The integer grid of a parameter, also under a mask; `nil` for other encodings.
  var integers: Integer? {
    if let sparse = self as? Sparse { return sparse.inner.integers }
    return (self as? Integer) ?? (self as? PowersOfTwo)?.grid ?? (self as? Binary)?.grid
  }
}
