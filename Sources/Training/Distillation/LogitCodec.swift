import Foundation
import Tasks
import Tensors

/// A teacher's logits of one image in few bytes: half-precision floats, each less the row's largest logit, which no
/// softmax sees and which keeps the precision where probabilities are.
///
/// Up to 100 classes all are kept. Above, the 16 largest are kept by class, and one more number stands for each of the
/// others: the logarithm of the mean of their exponentials, so that the probabilities of temperature 1 still sum to 1.
struct LogitCodec {
  /// The most classes of which all logits are kept.
  static let wholeClasses = 100
  /// How many logits are kept of more classes.
  static let keptClasses = 16
  /// The most classes: a class is stored in 16 bits.
  static let maximumClasses = 1 << 16

  let classes: Int
  /// The classes of the largest logits, the largest first: room to work in.
  private var best: [Int] = []

  init(classes: Int) {
    self.classes = classes
    best.reserveCapacity(Self.keptClasses + 1)
  }

  private var keepsAll: Bool { classes <= Self.wholeClasses }

  /// Bytes of a row.
  var byteCount: Int { keepsAll ? 2 * classes : 4 * Self.keptClasses + 2 }

  /// Appends a row's bytes; false, with nothing appended, when a logit is not finite.
  mutating func append(_ logits: Span<Float>, _ row: Range<Int>, to bytes: inout [UInt8]) -> Bool {
    for i in row where !logits[i].isFinite { return false }
    let highest = logits[row.lowerBound + LogitRow.argmax(logits, row)]
    if keepsAll {
      for i in row { Self.append(logits[i] - highest, to: &bytes) }
    } else {
      appendBest(logits, row, highest, to: &bytes)
    }
    return true
  }

  private mutating func appendBest(
    _ logits: Span<Float>, _ row: Range<Int>, _ highest: Float, to bytes: inout [UInt8]
  ) {
    findBest(logits, row)
    var rest = 0.0
    for i in row { rest += exp(Double(logits[i] - highest)) }
    for place in best {
      let logit = logits[row.lowerBound + place] - highest
      rest -= exp(Double(logit))
      Self.append(UInt16(place), to: &bytes)
      Self.append(logit, to: &bytes)
    }
    Self.append(Float(log(max(rest, 0) / Double(classes - best.count))), to: &bytes)
  }

  /// The places of the largest logits, in order; of equals the first ones.
  private mutating func findBest(_ logits: Span<Float>, _ row: Range<Int>) {
    best.removeAll(keepingCapacity: true)
    for i in row {
      let value = logits[i]
      if best.count == Self.keptClasses, let last = best.last, value <= logits[row.lowerBound + last] {
        continue
      }
      var place = best.count
      while place > 0, logits[row.lowerBound + best[place - 1]] < value { place -= 1 }
      best.insert(i - row.lowerBound, at: place)
      if best.count > Self.keptClasses { best.removeLast() }
    }
  }

  /// Reads a row's bytes, which are untrusted, from `start` on; writes all its logits.
  func decode(_ bytes: Span<UInt8>, from start: Int, into logits: inout MutableSpan<Float>, _ row: Range<Int>)
  {
    guard !keepsAll else {
      for i in 0..<classes { logits[row.lowerBound + i] = Self.float(bytes, start + 2 * i) }
      return
    }
    let rest = Self.float(bytes, start + 4 * Self.keptClasses)
    for i in row { logits[i] = rest }
    for kept in 0..<Self.keptClasses {
      let place = Int(Self.bits(bytes, start + 4 * kept))
      guard place < classes else { continue }
      logits[row.lowerBound + place] = Self.float(bytes, start + 4 * kept + 2)
    }
  }

  /// The nearest half-precision number, ties to even; what is below the range becomes its least number.
  private static func append(_ value: Float, to bytes: inout [UInt8]) {
    append(Float16(max(value, -Float(Float16.greatestFiniteMagnitude))).bitPattern, to: &bytes)
  }

  private static func append(_ bits: UInt16, to bytes: inout [UInt8]) {
    bytes.append(UInt8(truncatingIfNeeded: bits))
    bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
  }

  private static func bits(_ bytes: Span<UInt8>, _ place: Int) -> UInt16 {
    UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8
  }

  private static func float(_ bytes: Span<UInt8>, _ place: Int) -> Float {
    Float(Float16(bitPattern: bits(bytes, place)))
  }
}
