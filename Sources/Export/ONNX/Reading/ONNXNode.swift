import SwiftProtobuf

/// A node of a file as readers see it: inputs by position, attributes by name with their types checked.
struct ONNXNode {
  private let proto: ONNXNodeProto
  /// The version of the operator set that the file is written in.
  let opset: Int

  init(_ proto: ONNXNodeProto, opset: Int) {
    self.proto = proto
    self.opset = opset
  }

  /// The operator.
  var type: String { proto.opType }
  /// The node's name, or that of what it makes.
  var name: String { proto.name.isEmpty ? output : proto.name }
  /// The first output.
  var output: String { proto.output.first ?? "" }
  /// An output; `nil` where it is left out.
  func output(_ position: Int) -> String? {
    position < proto.output.count && !proto.output[position].isEmpty ? proto.output[position] : nil
  }
  /// How many outputs there are, whether they have a name or not.
  var outputCount: Int { proto.output.count }
  /// All outputs that have a name.
  var outputs: [String] { proto.output.filter { !$0.isEmpty } }
  /// All inputs that have a name.
  var inputs: [String] { proto.input.filter { !$0.isEmpty } }
  /// Whether the operator is one of ONNX itself.
  var isStandard: Bool { proto.domain.isEmpty || proto.domain == "ai.onnx" }
  /// The operator with its domain.
  var fullType: String { isStandard ? type : "\(proto.domain).\(type)" }

  /// The name of an input; `nil` where it is left out.
  func input(_ position: Int) -> String? {
    guard position < proto.input.count, !proto.input[position].isEmpty else { return nil }
    return proto.input[position]
  }

  /// A whole number.
  func int(_ name: String) throws(ONNXRefusal) -> Int? {
    try attribute(name, .int).map { Int($0.i) }
  }

  /// A whole number, or what the operator takes where it is missing.
  func int(_ name: String, default value: Int) throws(ONNXRefusal) -> Int { try int(name) ?? value }

  /// Whole numbers.
  func ints(_ name: String) throws(ONNXRefusal) -> [Int]? {
    try attribute(name, .ints).map { $0.ints.map { Int($0) } }
  }

  /// A number, or what the operator takes where it is missing.
  func float(_ name: String, default value: Float) throws(ONNXRefusal) -> Float {
    try attribute(name, .float)?.f ?? value
  }

  /// Numbers.
  func floats(_ name: String) throws(ONNXRefusal) -> [Float]? { try attribute(name, .floats)?.floats }

  /// A word, or what the operator takes where it is missing.
  func string(_ name: String, default value: String) throws(ONNXRefusal) -> String {
    try attribute(name, .string).map { String(decoding: $0.s, as: UTF8.self) } ?? value
  }

  /// A tensor.
  func tensor(_ name: String) throws(ONNXRefusal) -> ONNXTensorProto? {
    guard let attribute = try attribute(name, .tensor) else { return nil }
    do {
      return try ONNXTensorProto(serializedBytes: attribute.t, partial: true, options: ONNXFile.decoding)
    } catch {
      throw .because("attribute \"\(name)\" is no tensor")
    }
  }

  /// Whether an attribute is there.
  func has(_ name: String) -> Bool { proto.attribute.contains { $0.name == name } }

  /// Refuses an attribute that has another value than the one that is supported.
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
