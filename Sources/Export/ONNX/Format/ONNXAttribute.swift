import Foundation

extension ONNXAttributeProto {
  /// An attribute of one integer.
  static func int(_ name: String, _ value: Int) -> ONNXAttributeProto {
    ONNXAttributeProto(name, .int) { $0.i = Int64(value) }
  }

  /// An attribute of a list of integers.
  static func ints(_ name: String, _ values: [Int]) -> ONNXAttributeProto {
    ONNXAttributeProto(name, .ints) { $0.ints = values.map(Int64.init) }
  }

  /// An attribute of one float.
  static func float(_ name: String, _ value: Float) -> ONNXAttributeProto {
    ONNXAttributeProto(name, .float) { $0.f = value }
  }

  /// An attribute of a list of floats.
  static func floats(_ name: String, _ values: [Float]) -> ONNXAttributeProto {
    ONNXAttributeProto(name, .floats) { $0.floats = values }
  }

  /// An attribute of a text.
  static func string(_ name: String, _ value: String) -> ONNXAttributeProto {
    ONNXAttributeProto(name, .string) { $0.s = Data(value.utf8) }
  }

  private init(_ name: String, _ type: AttributeType, _ fill: (inout ONNXAttributeProto) -> Void) {
    self.init()
    self.name = name
    self.type = type
    fill(&self)
  }
}
