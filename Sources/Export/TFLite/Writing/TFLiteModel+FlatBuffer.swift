import FlatBuffers

extension TFLiteModel {
  /// The alignment of constants, which the schema demands.
  private static let alignment = 16

  /// The bytes of a .tflite file; equal models give equal bytes.
  func encoded(description: String) -> [UInt8] {
    let writer = FlatBufferWriter()
    let operators = Operators(self)
    let bufferTables = (buffers + metadata.map { Array($0.text.utf8) }).map { bytes in
      writer.table(
        bytes.isEmpty ? [:] : [0: .offset(writer.bytes(bytes, alignment: Self.alignment))])
    }
    let metadataTables = metadata.enumerated().map { index, item in
      writer.table([
        0: .offset(writer.string(item.name)), 1: .uint32(UInt32(buffers.count + index)),
      ])
    }
    let fields: [UInt16: FlatBufferWriter.Field] = [
      0: .uint32(3),
      1: .offset(writer.vector(operators.tables(writer))),
      2: .offset(writer.vector([graph(writer, operators)])),
      3: .offset(writer.string(description)),
      4: .offset(writer.vector(bufferTables)),
      6: .offset(writer.vector(metadataTables)),
    ]
    return writer.finish(root: writer.table(fields), identifier: "TFL3")
  }

  private func graph(_ writer: FlatBufferWriter, _ operators: Operators) -> FlatBufferWriter.Offset {
    let tensorTables = tensors.map { table($0, writer) }
    let callTables = calls.map { table($0, index: operators.index(of: $0), writer) }
    return writer.table([
      0: .offset(writer.vector(tensorTables)), 1: .offset(writer.vector(inputs)),
      2: .offset(writer.vector(outputs)), 3: .offset(writer.vector(callTables)),
      4: .offset(writer.string("main")),
    ])
  }

  private func table(_ tensor: Tensor, _ writer: FlatBufferWriter) -> FlatBufferWriter.Offset {
    var fields: [UInt16: FlatBufferWriter.Field] = [
      0: .offset(writer.vector(tensor.shape)), 1: .int8(tensor.type.rawValue), 2: .uint32(tensor.buffer),
      3: .offset(writer.string(tensor.name)),
    ]
    if let quantization = tensor.quantization {
      let table = writer.table([
        2: .offset(writer.vector(quantization.scales)), 3: .offset(writer.vector(quantization.zeroPoints)),
        6: .int32(quantization.axis),
      ])
      fields[4] = .offset(table)
    }
    return writer.table(fields)
  }

  private func table(_ call: Call, index: Int, _ writer: FlatBufferWriter) -> FlatBufferWriter.Offset {
    var fields: [UInt16: FlatBufferWriter.Field] = [
      0: .uint32(UInt32(index)), 1: .offset(writer.vector(call.inputs)),
      2: .offset(writer.vector(call.outputs)),
    ]
    if call.operation.optionsKind != 0 {
      fields[3] = .uint8(call.operation.optionsKind)
      fields[4] = .offset(writer.table(call.operation.options.mapValues(\.field)))
    }
    return writer.table(fields)
  }

  /// The distinct operators in the order of their first use.
  private struct Operators {
    private struct Key: Equatable {
      let code: Int32
      let version: Int32
      let name: String?
    }

    private let model: TFLiteModel
    private let isInteger: Bool
    private var keys: [Key] = []

    init(_ model: TFLiteModel) {
      self.model = model
      isInteger = model.tensors.contains { $0.type == .int8 }
      for call in model.calls where !keys.contains(key(of: call)) { keys.append(key(of: call)) }
    }

    private func key(of call: Call) -> Key {
      let operation = call.operation
      // Tests write calls of tensors that do not exist.
      let isPacked = call.inputs.contains { input in
        model.tensors.indices.contains(Int(input)) && model.tensors[Int(input)].type == .int4
      }
      return Key(
        code: operation.code,
        version: isPacked
          ? operation.int4Version : isInteger ? operation.version.int8 : operation.version.float,
        name: operation.customName)
    }

    func index(of call: Call) -> Int { keys.firstIndex(of: key(of: call)) ?? 0 }

    /// The tables of operator codes.
    ///
    /// Readers of the old field of one byte find 127, which refers to the new field, for codes beyond it.
    func tables(_ writer: FlatBufferWriter) -> [FlatBufferWriter.Offset] {
      keys.map { key in
        var fields: [UInt16: FlatBufferWriter.Field] = [
          0: .int8(Int8(clamping: key.code)), 2: .int32(key.version), 3: .int32(key.code),
        ]
        if let name = key.name { fields[1] = .offset(writer.string(name)) }
        return writer.table(fields)
      }
    }
  }
}

extension TFLiteOperation.Option {
  fileprivate var field: FlatBufferWriter.Field {
    switch self {
    case .choice(let value): .int8(value)
    case .integer(let value): .int32(value)
    case .truth(let value): .bool(value)
    case .real(let value): .float(value)
    }
  }
}
