/// A histogram of the numbers of a value, counted batch after batch in bins of equal width.
///
/// Bins start at zero. Their width is a power of two that doubles, by merging pairs, when a number lies
/// beyond them, so counts never depend on how the numbers were cut into batches. Exact zeros are counted
/// separately, because every encoding holds zero exactly.
struct ValueHistogram: Sendable, Equatable {
  /// Bins on each side of zero: eight to sixteen for each step of eight bits.
  static let binsPerSide = 2048

  /// The least number so far, or zero if that is less.
  private(set) var minimum: Float = 0
  /// The greatest number so far, or zero if that is greater.
  private(set) var maximum: Float = 0
  /// The number of numbers that have been added.
  private(set) var total = 0
  private var zeros = 0
  private var width: Float = 0
  private var counts = Array(repeating: 0, count: 2 * binsPerSide)

  /// Counts finite numbers; returns false and counts nothing if one is not finite.
  mutating func add(_ values: [Float]) -> Bool {
    var least: Float = 0
    var greatest: Float = 0
    var poison: Float = 0
    for value in values {
      least = value < least ? value : least
      greatest = value > greatest ? value : greatest
      // Infinity and NaN times 0 are NaN, so one sum finds them without a branch.
      poison += value * 0
    }
    guard poison == 0 else { return false }
    minimum = min(minimum, least)
    maximum = max(maximum, greatest)
    widen(toHold: max(-least, greatest))
    count(values)
    return true
  }

  /// Counts numbers in bins that reach them.
  private mutating func count(_ values: [Float]) {
    total += values.count
    guard width > 0 else {
      zeros += values.count
      return
    }
    let inverse = 1 / width
    for value in values {
      if value == 0 {
        zeros += 1
      } else {
        counts[Int((value * inverse).rounded(.down)) + Self.binsPerSide] += 1
      }
    }
  }

  /// Widens the bins until they reach a magnitude.
  private mutating func widen(toHold magnitude: Float) {
    guard magnitude > 0 else { return }
    if width == 0 {
      let smallest = Float(sign: .plus, exponent: -110, significand: 1)
      width = max(Float(sign: .plus, exponent: magnitude.exponent - 10, significand: 1), smallest)
    }
    while magnitude >= width * Float(Self.binsPerSide) { mergePairs() }
  }

  /// Doubles the width of the bins.
  private mutating func mergePairs() {
    var merged = Array(repeating: 0, count: counts.count)
    for (index, count) in counts.enumerated() {
      // The arithmetic shift halves rounding down, so pairs meet on both sides of zero.
      merged[(index - Self.binsPerSide) >> 1 + Self.binsPerSide] += count
    }
    counts = merged
    width *= 2
  }

  /// The range that leaves out at most a share of all numbers at either end, to the width of a bin.
  func range(leavingOut share: Double) -> ClosedRange<Float> {
    let spared = Int(share * Double(total))
    var below = 0
    var lower = minimum
    for index in 0..<Self.binsPerSide {
      below += counts[index]
      if below > spared {
        lower = edge(index)
        break
      }
      lower = 0
    }
    var above = 0
    var upper = maximum
    for index in counts.indices.reversed().prefix(Self.binsPerSide) {
      above += counts[index]
      if above > spared {
        upper = edge(index + 1)
        break
      }
      upper = 0
    }
    return max(lower, minimum)...min(upper, maximum)
  }

  /// The lower edge of a bin.
  private func edge(_ index: Int) -> Float { Float(index - Self.binsPerSide) * width }

  /// The middles of the bins that hold numbers, and their counts; exact zeros are left out.
  var occupied: (centers: [Float], counts: [Float]) {
    let bins = counts.indices.filter { counts[$0] > 0 }
    return (bins.map { edge($0) + width / 2 }, bins.map { Float(counts[$0]) })
  }
}
