/// What the elements of a tensor in a .tflite file are, by the number in TensorFlow Lite's schema (version 3).
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

  /// Whether elements are numbers as they are, and no integers that may stand for others.
  var isReal: Bool { self == .float32 || self == .float16 }
}
