import FlatBuffers
import Foundation
import Graphs

/// The main network of a .tflite file, with checked references: tensors and operators that it names exist.
struct TFLiteNetwork {
  /// A grid of integers: `real = scale · (q - zeroPoint)`, with one pair, or one for each index along an
  /// axis.
  struct Grid: Equatable {
    var scales: [Float]
    var zeroPoints: [Int64]
    var axis: Int
  }

  /// A value or a constant.
  struct Tensor {
    let name: String
    /// The extents for the batch that the file was written for.
    let shape: [Int]
    /// The element type; `nil` for types that are not read.
    let type: TFLiteElementType?
    let typeNumber: Int8
    /// The bytes of a constant; empty for values.
    let bytes: ArraySlice<UInt8>
    let grid: Grid?
    /// True if zero elements are left out.
    let isSparse: Bool
    /// True if the batch is marked as free.
    let hasFreeBatch: Bool
  }

  /// A call of an operator.
  struct Operator {
    /// The operator, such as `CONV_2D`; `CUSTOM` and a name for operators outside TensorFlow Lite.
    let type: String
    /// The indices of the input tensors; -1 for inputs that are left out.
    let inputs: [Int]
    let outputs: [Int]
    /// The number of the options' table in the schema's union.
    let optionsKind: UInt8
    let options: FlatBufferTable?
  }

  /// The version of the schema that is read.
  static let version: UInt32 = 3
  /// The largest number of operators, each of which becomes up to eight nodes.
  static let maximumOperators = 2500
  private static let maximumTensors = 1 << 16
  /// The largest number of inputs or outputs of an operator or a network.
  private static let maximumPorts = 1 << 9
  private static let maximumAxes = 8
  private static let maximumName = 1 << 8

  let description: String
  let tensors: [Tensor]
  let operators: [Operator]
  let inputs: [Int]
  let outputs: [Int]
  /// The metadata beside the network, by name.
  let metadata: [String: ArraySlice<UInt8>]

  /// Reads the first network of a file, which is the main one.
  init(_ file: [UInt8]) throws(ONNXFileProblem) {
    do {
      self = try Self(reading: file)
    } catch let problem as ONNXFileProblem {
      throw problem
    } catch {
      throw .damaged(reason: "\(error)")
    }
  }

  private init(reading file: [UInt8]) throws {
    let model = try FlatBufferTable(rootOf: file, identifier: "TFL3")
    let version = try model.integer(0, default: UInt32(0))
    guard version == Self.version else {
      throw ONNXFileProblem.damaged(reason: "schema version \(version), expected \(Self.version)")
    }
    description = try model.text(3, limit: Self.maximumName) ?? ""
    let buffers = try model.tables(4, limit: 2 * Self.maximumTensors)
    let types = try model.tables(1, limit: Self.maximumPorts).map(Self.operatorType)
    guard let graph = try model.tables(2, limit: Self.maximumPorts).first else {
      throw ONNXFileProblem.damaged(reason: "it has no graph")
    }
    // Any number of tensors may refer to one list of scales, so their sum is limited.
    var scalesLeft = file.count
    tensors = try graph.tables(0, limit: Self.maximumTensors).map { table in
      try Self.tensor(table, buffers, file, &scalesLeft)
    }
    let count = tensors.count
    let calls = try graph.tables(3, limit: Int(Int32.max))
    guard calls.count <= Self.maximumOperators else {
      throw ONNXFileProblem.tooMany(what: "operators", found: calls.count, limit: Self.maximumOperators)
    }
    operators = try calls.map { try Self.call($0, types, tensors: count) }
    inputs = try Self.ports(graph, 1, tensors: count, optional: false)
    outputs = try Self.ports(graph, 2, tensors: count, optional: false)
    metadata = try Self.metadata(of: model, buffers, file)
  }

  private static func operatorType(_ table: FlatBufferTable) throws -> String {
    // Codes beyond a byte are in a newer field; the older field then holds a smaller number.
    let code = max(Int(try table.integer(0, default: Int8(0))), Int(try table.integer(3, default: Int32(0))))
    let name = TFLiteOperatorNames.name(of: code)
    guard name == TFLiteOperatorNames.custom else { return name }
    return "\(name) \(try table.text(1, limit: maximumName) ?? "")"
  }

  private static func tensor(
    _ table: FlatBufferTable, _ buffers: [FlatBufferTable], _ file: [UInt8], _ scalesLeft: inout Int
  ) throws -> Tensor {
    let name = try table.text(3, limit: maximumName) ?? ""
    let shape = try table.integers(0, as: Int32.self, limit: maximumAxes) ?? []
    guard shape.allSatisfy({ $0 >= 0 && Int($0) <= Graph.maximumElements }) else {
      throw ONNXFileProblem.tensor(name: name, reason: "extents \(shape)")
    }
    let number = try table.integer(1, default: Int8(0))
    let buffer = Int(try table.integer(2, default: UInt32(0)))
    guard buffer == 0 || buffer < buffers.count else {
      throw ONNXFileProblem.tensor(
        name: name, reason: "its bytes are said to be in buffer \(buffer) of \(buffers.count)")
    }
    let grid = try grid(of: table, shape)
    scalesLeft -= grid?.scales.count ?? 0
    guard scalesLeft >= 0 else {
      throw ONNXFileProblem.tensor(
        name: name, reason: "its scales and those before are more than the file holds")
    }
    let signature = try table.integers(7, as: Int32.self, limit: maximumAxes)
    return Tensor(
      name: name, shape: shape.map { Int($0) }, type: TFLiteElementType(rawValue: number), typeNumber: number,
      bytes: buffer == 0 ? [] : try bytes(of: buffers[buffer], file), grid: grid,
      isSparse: try table.table(6) != nil, hasFreeBatch: signature?.first == -1)
  }

  /// The grid of a tensor: one scale, or one for each index of an axis.
  private static func grid(of tensor: FlatBufferTable, _ shape: [Int32]) throws -> Grid? {
    guard let table = try tensor.table(4) else { return nil }
    let axis = Int(try table.integer(6, default: Int32(0)))
    let limit = max(shape.indices.contains(axis) ? Int(shape[axis]) : 1, 1)
    guard let scales = try table.reals(2, limit: limit), !scales.isEmpty else { return nil }
    let zeros = try table.integers(3, as: Int64.self, limit: limit) ?? []
    let points = zeros.isEmpty ? scales.map { _ in Int64(0) } : zeros
    return Grid(scales: scales, zeroPoints: points, axis: axis)
  }

  /// The bytes of a buffer: within the FlatBuffer, or after it in files larger than it can address.
  private static func bytes(of buffer: FlatBufferTable, _ file: [UInt8]) throws -> ArraySlice<UInt8> {
    if let bytes = try buffer.bytes(0), !bytes.isEmpty { return bytes }
    let start = try buffer.integer(1, default: UInt64(0))
    let count = try buffer.integer(2, default: UInt64(0))
    guard start > 1, count > 0 else { return [] }
    guard start <= UInt64(file.count), count <= UInt64(file.count) - start else {
      throw ONNXFileProblem.damaged(
        reason: "\(count) bytes are said to lie at byte \(start), the file has \(file.count)")
    }
    return file[Int(start)..<Int(start + count)]
  }

  private static func call(
    _ table: FlatBufferTable, _ types: [String], tensors: Int
  ) throws -> Operator {
    let code = Int(try table.integer(0, default: UInt32(0)))
    guard code < types.count else {
      throw ONNXFileProblem.damaged(reason: "an operator of kind \(code) of \(types.count)")
    }
    return Operator(
      type: types[code], inputs: try ports(table, 1, tensors: tensors, optional: true),
      outputs: try ports(table, 2, tensors: tensors, optional: false),
      optionsKind: try table.integer(3, default: UInt8(0)), options: try table.table(4))
  }

  /// The indices of tensors in a field; throws for tensors that do not exist.
  private static func ports(
    _ table: FlatBufferTable, _ field: Int, tensors: Int, optional: Bool
  ) throws -> [Int] {
    let ports = try table.integers(field, as: Int32.self, limit: maximumPorts) ?? []
    guard let wrong = ports.first(where: { !(optional && $0 == -1) && !(0..<tensors).contains(Int($0)) })
    else { return ports.map { Int($0) } }
    throw ONNXFileProblem.damaged(reason: "tensor \(wrong) of \(tensors)")
  }

  private static func metadata(
    of model: FlatBufferTable, _ buffers: [FlatBufferTable], _ file: [UInt8]
  ) throws -> [String: ArraySlice<UInt8>] {
    var metadata: [String: ArraySlice<UInt8>] = [:]
    for table in try model.tables(6, limit: maximumPorts) {
      let buffer = Int(try table.integer(1, default: UInt32(0)))
      guard let name = try table.text(0, limit: maximumName), buffer < buffers.count else { continue }
      metadata[name] = try bytes(of: buffers[buffer], file)
    }
    return metadata
  }
}
