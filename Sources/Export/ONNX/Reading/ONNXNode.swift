import SwiftProtobuf

/// A node of a file for readers: inputs by position, attributes by name with checked types.
struct ONNXNode {
  private let proto: ONNXNodeProto
  /// The version of the file's operator set.
  let opset: Int

  init(_ proto: ONNXNodeProto, opset: Int) {
    self.proto = proto
    self.opset = opset
  }

  /// The operator.
  var type: String { proto.opType }
  /// The node's name, or that of its first output.
  var name: String { proto.name.isEmpty ? output : proto.name }
  /// The name of the first output.
  var output: String { proto.output.first ?? "" }
  /// The name of an output; `nil` where it is left out.
  func output(_ position: Int) -> String? {
    position < proto.output.count && !proto.output[position].isEmpty ? proto.output[position] : nil
  }
  /// The number of outputs, named or not.
  var outputCount: Int { proto.output.count }
  /// The names of all outputs.
  var outputs: [String] { proto.output.filter { !$0.isEmpty } }
  /// The names of all inputs.
  var inputs: [String] { proto.input.filter { !$0.isEmpty } }
  /// True if the operator belongs to ONNX itself.
  var isStandard: Bool { proto.domain.isEmpty || proto.domain == "ai.onnx" }
  /// The operator with its domain.
  var fullType: String { isStandard ? type : "\(proto.domain).\(type)" }

  /// The name of an input; `nil` where it is left out.
  func input(_ position: Int) -> String? {
    guard position < proto.input.count, !proto.input[position].isEmpty else { return nil }
    return proto.input[position]
  }

  /// An attribute of one integer; `nil` where it is missing.
  func int(_ name: String) throws(ONNXRefusal) -> Int? {
    try attribute(name, .int).map { Int($0.i) }
  }

  /// An attribute of one integer, or the operator's default.
  func int(_ name: String, default value: Int) throws(ONNXRefusal) -> Int { try int(name) ?? value }

  /// An attribute of a list of integers; `nil` where it is missing.
  func ints(_ name: String) throws(ONNXRefusal) -> [Int]? {
    try attribute(name, .ints).map { $0.ints.map { Int($0) } }
  }

  /// An attribute of one float, or the operator's default.
  func float(_ name: String, default value: Float) throws(ONNXRefusal) -> Float {
    try attribute(name, .float)?.f ?? value
  }

  /// An attribute of a list of floats; `nil` where it is missing.
  func floats(_ name: String) throws(ONNXRefusal) -> [Float]? { try attribute(name, .floats)?.floats }

  /// An attribute of a text, or the operator's default.
  func string(_ name: String, default value: String) throws(ONNXRefusal) -> String {
    try attribute(name, .string).map { String(decoding: $0.s, as: UTF8.self) } ?? value
  }

  /// An attribute of a tensor; `nil` where it is missing.
  func tensor(_ name: String) throws(ONNXRefusal) -> ONNXTensorProto? {
    guard let attribute = try attribute(name, .tensor) else { return nil }
    do {
      return try ONNXTensorProto(serializedBytes: attribute.t, partial: true, options: ONNXFile.decoding)
    } catch {
      throw .because("attribute \"\(name)\" is no tensor")
    }
  }

  /// True if the node has an attribute.
  func has(_ name: String) -> Bool { proto.attribute.contains { $0.name == name } }

  /// Throws if an attribute has another value than the supported one.
  func require(_ name: String, _ expected: Int, default value: Int, _ hint: String) throws(ONNXRefusal) {
    let found = try int(name, default: value)
    guard found == expected else { throw .because("\(name) \(found), expected \(expected): \(hint)") }
  }

  private func attribute(
    _ name: String, _ type: ONNXAttributeProto.AttributeType
  ) throws(ONNXRefusal) -> ONNXAttributeProto? {
    guard let attribute = proto.attribute.first(where: { $0.name == name }) else { return nil }
    guard attribute.type == type || attribute.type == .undefined else {
      throw .because("attribute \"\(name)\" has another type than the operator's")
    }
    return attribute
  }
}
