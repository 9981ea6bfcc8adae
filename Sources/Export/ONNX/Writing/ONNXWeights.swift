public import Settings

/// How an ONNX file stores the bytes of weights.
///
/// x86 processors without VNNI multiply unsigned bytes of values with signed bytes of weights and add each two products in 16 bits
/// (`vpmaddubsw`), where they saturate: onnxruntime's sums are wrong there. Unsigned weights around a zero point of 128 take
/// another kernel, which widens first: exact on every processor, at 1.6 times the time of the former, 2.2 with VNNI.
public enum ONNXWeights: String, SettingChoice, Sendable {
  /// Signed where no two products can leave 16 bits, as with weights of 7 bits and fewer; else unsigned.
  case exact
  /// Signed: fastest with VNNI, wrong without.
  case signed
  /// Unsigned around a zero point of 128.
  case unsigned

  /// What is added to the integers of a layer to store them: 0, or 128 for unsigned bytes.
  func offset(of integers: [Int32], channels: Int) -> Int32 {
    switch self {
    case .exact: Self.fitsInPairs(integers, channels: channels) ? 0 : 128
    case .signed: 0
    case .unsigned: 128
    }
  }

  /// Whether two products of any byte with weights of one output channel always fit 16 bits, whichever two are added:
  /// the two largest of a sign weigh at most 128, as 255 · 128 = 32,640 ≤ 2^15 - 1.
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

/// How an ONNX file stores the bytes of values.
public enum ONNXValues: String, SettingChoice, Sendable {
  /// From 0 to 255: what onnxruntime computes with on x86.
  case unsigned
  /// From -128 to 127.
  case signed
}
