import FlatBuffers

/// A call of an operator for readers: tensors by position, options with checked types.
struct TFLiteCall {
  private let source: TFLiteNetwork.Operator
  /// The name of the first result in the file, which messages use for the call.
  let name: String

  init(_ source: TFLiteNetwork.Operator, name: String) {
    self.source = source
    self.name = name
  }

  /// The operator.
  var type: String { source.type }
  /// The indices of the result tensors.
  var outputs: [Int] { source.outputs }
  /// The indices of the input tensors; -1 for inputs that are left out.
  var inputs: [Int] { source.inputs }

  /// The index of an input tensor; `nil` where it is left out.
  func input(_ position: Int) -> Int? {
    source.inputs.indices.contains(position) && source.inputs[position] >= 0 ? source.inputs[position] : nil
  }

  /// The index of an input tensor; throws where it is left out.
  func requiredInput(_ position: Int) throws(ONNXRefusal) -> Int {
    guard let input = input(position) else { throw .because("input \(position) is missing") }
    return input
  }

  /// The options, if they are the table of a kind.
  private func options(_ kind: TFLiteOptions) -> FlatBufferTable? {
    source.optionsKind == kind.rawValue ? source.options : nil
  }

  /// An integer of the options.
  func integer(_ kind: TFLiteOptions, _ field: Int, default value: Int = 0) throws(ONNXRefusal) -> Int {
    try read { () throws(FlatBufferError) in
      Int(try options(kind)?.integer(field, default: Int32(truncatingIfNeeded: value)) ?? Int32(value))
    }
  }

  /// An enumeration value of the options, stored in a byte.
  func choice(_ kind: TFLiteOptions, _ field: Int) throws(ONNXRefusal) -> Int {
    try read { () throws(FlatBufferError) in
      Int(try options(kind)?.integer(field, default: Int8(0)) ?? 0)
    }
  }

  /// A list of integers of the options; `nil` where it is missing.
  func integers(_ kind: TFLiteOptions, _ field: Int) throws(ONNXRefusal) -> [Int]? {
    try read { () throws(FlatBufferError) in
      try options(kind)?.integers(field, as: Int32.self, limit: 64)?.map { Int($0) }
    }
  }

  /// A float of the options.
  func real(_ kind: TFLiteOptions, _ field: Int) throws(ONNXRefusal) -> Float {
    try read { () throws(FlatBufferError) in try options(kind)?.real(field, default: 0) ?? 0 }
  }

  /// A truth value of the options.
  func truth(_ kind: TFLiteOptions, _ field: Int) throws(ONNXRefusal) -> Bool {
    try read { () throws(FlatBufferError) in try options(kind)?.truth(field) ?? false }
  }

  /// The activation that the operator applies to its results.
  func activation(_ kind: TFLiteOptions, _ field: Int) throws(ONNXRefusal) -> TFLiteFusedActivation {
    let number = try choice(kind, field)
    guard let activation = TFLiteFusedActivation(rawValue: number) else {
      throw .because("the fused activation \(number)")
    }
    return activation
  }

  private func read<Value>(
    _ body: () throws(FlatBufferError) -> Value
  ) throws(ONNXRefusal) -> Value {
    do throws(FlatBufferError) { return try body() } catch {
      throw .because("its options are damaged: \(error)")
    }
  }
}

/// The tables of options, by their numbers in the schema's union.
enum TFLiteOptions: UInt8 {
  case convolution = 1
  case depthwise = 2
  case pool = 5
  case fullyConnected = 8
  case softmax = 9
  case concatenation = 10
  case add = 11
  case resizeBilinear = 15
  case reshape = 17
  case multiply = 21
  case gather = 23
  case reducer = 27
  case subtract = 28
  case divide = 29
  case squeeze = 30
  case stridedSlice = 32
  case pack = 59
  case resizeNearest = 74
  case leakyRelu = 75
  case batchMatMul = 101
  case gelu = 116
}

/// The activations that operators apply to their results: `ActivationFunctionType` in the schema.
enum TFLiteFusedActivation: Int {
  case none = 0
  case relu = 1
  case reluN1To1 = 2
  case relu6 = 3
  case tanh = 4

  /// The node of the activation; `nil` for none.
  var node: (type: String, attributes: [ONNXAttributeProto])? {
    switch self {
    case .none: nil
    case .relu: ("Relu", [])
    case .reluN1To1: ("Clip", [.float("min", -1), .float("max", 1)])
    case .relu6: ("Clip", [.float("min", 0), .float("max", 6)])
    case .tanh: ("Tanh", [])
    }
  }
}
