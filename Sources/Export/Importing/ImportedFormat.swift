/// The formats of other programs that are read by way of ONNX's nodes.
enum ImportedFormat: String, CustomStringConvertible {
  case onnx = "ONNX"
  case tflite = "TensorFlow Lite"

  var description: String { rawValue }

  /// What one of its steps is called.
  var oneNode: String { self == .onnx ? "an ONNX node" : "a TensorFlow Lite operator" }
  /// What its steps are called.
  var nodes: String { self == .onnx ? "ONNX nodes" : "TensorFlow Lite operators" }
}
