/// The grids of values, after calls that only change a grid are joined with their neighbours.
///
/// Converters write a `QUANTIZE` between integers where an operator cannot store the wanted grid. Here the op
/// that computes the value may use that grid directly, and a concatenation takes values of any grid.
struct TFLiteGrids {
  /// The grid of a value: one scale, and a zero point of the file's type.
  struct Value: Equatable {
    let scale: Float
    let zeroPoint: Int32
    let type: ONNXTensorProto.DataType
  }

  /// The results of calls that are left out.
  private(set) var joined: Set<Int> = []
  private var replaced: [Int: Int] = [:]
  private let source: TFLiteNetwork

  /// Operators that only pass on numbers and have no place in the network.
  private static let viewing: Set<String> = [
    "RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "SLICE", "STRIDED_SLICE", "SPLIT", "SPLIT_V", "PAD",
    "QUANTIZE", "DEQUANTIZE", "CAST",
  ]

  /// Finds the calls that are joined with their neighbours.
  init(_ source: TFLiteNetwork) {
    self.source = source
    var makers: [Int: String] = [:]
    var readers: [Int: [TFLiteNetwork.Operator]] = [:]
    for call in source.operators {
      for tensor in Set(call.inputs) { readers[tensor, default: []].append(call) }
      for tensor in call.outputs { makers[tensor] = call.type }
    }
    for call in source.operators where call.type == "QUANTIZE" && call.inputs.count == 1 {
      guard let input = call.inputs.first, let output = call.outputs.first, call.outputs.count == 1,
        input >= 0,
        let grid = grid(output), self.grid(input) != nil, let maker = makers[input]
      else { continue }
      let isOutput = source.outputs.contains(output)
      let isConcatenated = readers[output, default: []].allSatisfy { reader in
        reader.type == "CONCATENATION" && reader.outputs.first.flatMap { self.grid($0) } == grid
      }
      if !isOutput, isConcatenated {
        joined.insert(output)
      } else if !Self.viewing.contains(maker), readers[input]?.count == 1, !source.outputs.contains(input) {
        joined.insert(output)
        replaced[input] = output
      }
    }
  }

  private func grid(_ place: Int) -> Value? { try? value(place) }

  /// The grid of a value; `nil` for floats; throws for several scales.
  func value(_ place: Int) throws(ONNXRefusal) -> Value? {
    let tensor = source.tensors[replaced[place] ?? place]
    guard let type = tensor.type, let grid = tensor.grid, let kind = Self.types[type] else { return nil }
    guard grid.scales.count == 1, grid.zeroPoints.count == 1 else {
      throw .because("\(grid.scales.count) scales; one for all of a value is supported")
    }
    let point = Int64(Int32(truncatingIfNeeded: grid.zeroPoints[0]))
    guard point == grid.zeroPoints[0], kind.range.contains(Int(point)) else {
      throw .because("a zero point of \(grid.zeroPoints[0])")
    }
    return Value(scale: grid.scales[0], zeroPoint: Int32(point), type: kind.type)
  }

  private static let types: [TFLiteElementType: (type: ONNXTensorProto.DataType, range: ClosedRange<Int>)] = [
    .int8: (.int8, -128...127), .uint8: (.uint8, 0...255), .int16: (.int16, -32_768...32_767),
  ]
}
