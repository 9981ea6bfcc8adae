/// The element types of tensors in .tflite files, by their numbers in TensorFlow Lite's schema (version 3).
enum TFLiteElementType: Int8 {
  case float32 = 0
  case float16 = 1
  case int32 = 2
  case uint8 = 3
  case int64 = 4
  case bool = 6
  case int16 = 7
  case int8 = 9
  case int4 = 17

  /// True for floats, false for integers, which may be quantized.
  var isReal: Bool { self == .float32 || self == .float16 }
}
