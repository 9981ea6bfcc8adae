import Foundation
import Tasks
import Tensors

/// Codes the teacher's logits of one image in few bytes.
///
/// Logits are half-precision floats, each less the row's largest logit. A softmax does not see that
/// difference, and precision is highest where probabilities are large.
///
/// Up to 100 classes all logits are kept. Of more classes the 16 largest are kept with their class. One more
/// number stands for each of the others: the logarithm of the mean of their exponentials, so that the
/// probabilities at temperature 1 still sum to 1.
struct LogitCodec {
  /// The most classes of which all logits are kept.
  static let wholeClasses = 100
  /// The number of logits that are kept of more classes.
  static let keptClasses = 16
  /// The most classes: a class is stored in 16 bits.
  static let maximumClasses = 1 << 16

  /// Classes of a row.
  let classes: Int
  /// The classes of the largest logits, the largest first; memory that rows share.
  private var best: [Int] = []

  /// Makes a codec for rows of some number of classes.
  init(classes: Int) {
    self.classes = classes
    best.reserveCapacity(Self.keptClasses + 1)
  }

  /// True if all logits are kept.
  private var keepsAll: Bool { classes <= Self.wholeClasses }

  /// Bytes of a row.
  var byteCount: Int { keepsAll ? 2 * classes : 4 * Self.keptClasses + 2 }

  /// Appends the bytes of a row; returns false and appends nothing if a logit is not finite.
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

  /// Appends the largest logits with their classes, and the number for the others.
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

  /// Finds the places of the largest logits, in order; of equals the first ones.
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

  /// Reads the bytes of a row from `start` on and writes all of its logits; the bytes need not be valid.
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
      // A file may be damaged on purpose, so an impossible class is skipped.
      guard place < classes else { continue }
      logits[row.lowerBound + place] = Self.float(bytes, start + 4 * kept + 2)
    }
  }

  /// Appends the nearest half-precision number, ties to even; numbers below the range become its least one.
  private static func append(_ value: Float, to bytes: inout [UInt8]) {
    append(Float16(max(value, -Float(Float16.greatestFiniteMagnitude))).bitPattern, to: &bytes)
  }

  /// Appends 16 bits, the lower byte first.
  private static func append(_ bits: UInt16, to bytes: inout [UInt8]) {
    bytes.append(UInt8(truncatingIfNeeded: bits))
    bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
  }

  /// Reads 16 bits, the lower byte first.
  private static func bits(_ bytes: Span<UInt8>, _ place: Int) -> UInt16 {
    UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8
  }

  /// Reads a half-precision number.
  private static func float(_ bytes: Span<UInt8>, _ place: Int) -> Float {
    Float(Float16(bitPattern: bits(bytes, place)))
  }
}
