public import Settings

/// The storage of weights of 8 bits in an ONNX file.
///
/// x86 processors without VNNI multiply unsigned bytes of values by signed bytes of weights and add two
/// products at a time in 16 bits (`vpmaddubsw`), which can saturate and make onnxruntime's sums wrong.
/// Unsigned weights around a zero point of 128 use another kernel, which widens first: it is exact on every
/// processor, and takes 1.6 times as long, 2.2 times with VNNI.
public enum ONNXWeights: String, SettingChoice, Sendable {
  /// Signed where no two products can exceed 16 bits, as with weights of at most 7 bits; else unsigned.
  case exact
  /// Signed: the fastest with VNNI, wrong without.
  case signed
  /// Unsigned around a zero point of 128.
  case unsigned

  /// The offset that is added to a layer's integers when they are stored: 0, or 128 for unsigned bytes.
  func offset(of integers: [Int32], channels: Int) -> Int32 {
    switch self {
    case .exact: Self.fitsInPairs(integers, channels: channels) ? 0 : 128
    case .signed: 0
    case .unsigned: 128
    }
  }

  /// True if two products of any byte with weights of one output channel always fit 16 bits.
  ///
  /// The two largest weights of a sign must add up to at most 128, as 255 · 128 = 32,640 ≤ 2^15 - 1.
  static func fitsInPairs(_ integers: [Int32], channels: Int) -> Bool {
    let width = integers.count / max(channels, 1)
    return (0..<channels).allSatisfy { channel in
      var (positive, negative) = (Largest(), Largest())
      for integer in integers[(channel * width)..<((channel + 1) * width)] {
        if integer > 0 { positive.add(integer) } else { negative.add(-integer) }
      }
      return positive.sum <= 128 && negative.sum <= 128
    }
  }

  /// The two largest of some numbers.
  private struct Largest {
    private var first: Int32 = 0
    private var second: Int32 = 0

    var sum: Int32 { first + second }

    mutating func add(_ number: Int32) {
      if number > first { (first, second) = (number, first) } else if number > second { second = number }
    }
  }
}

/// The storage of values of 8 bits in an ONNX file.
public enum ONNXValues: String, SettingChoice, Sendable {
  /// From 0 to 255, in which onnxruntime computes on x86.
  case unsigned
  /// From -128 to 127.
  case signed
}
