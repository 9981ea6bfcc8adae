/// The formats of other programs, which are all read as ONNX nodes.
enum ImportedFormat: String, CustomStringConvertible {
  case onnx = "ONNX"
  case tflite = "TensorFlow Lite"

  var description: String { rawValue }

  /// The term for one step, with an article.
  var oneNode: String { self == .onnx ? "an ONNX node" : "a TensorFlow Lite operator" }
  /// The term for several steps.
  var nodes: String { self == .onnx ? "ONNX nodes" : "TensorFlow Lite operators" }
}
