import Encodings
import Foundation
import Graphs
import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("Calibration")
struct CalibrationTests {
  private func histogram(_ batches: [[Float]]) -> ValueHistogram {
    var histogram = ValueHistogram()
    for batch in batches {
      let isFinite = histogram.add(batch)
      #expect(isFinite)
    }
    return histogram
  }

  private func observed(_ batches: [[Float]]) -> ObservedValues {
    var observed = ObservedValues()
    for batch in batches {
      let isFinite = observed.add(Tensor(batch, shape: [1, batch.count]))
      #expect(isFinite)
    }
    return observed
  }

  @Test("A moving average is the closed form of its batches, and is in their order")
  func movingAverage() {
    let values = observed([[-1, 4], [-3, 2], [0, 10]])
    let upper: Float = 0.9 * (0.9 * 4 + 0.1 * 2) + 0.1 * 10
    let lower: Float = 0.9 * (0.9 * -1 + 0.1 * -3)
    #expect(abs(values.movingRange.upperBound - upper) < 1e-5)
    #expect(abs(values.movingRange.lowerBound - lower) < 1e-5)
    let chosen = CalibrationRule.movingAverage.encoding(
      of: values, bits: 8, percentile: 100, symmetric: false)
    #expect(abs(chosen.scale - (upper - lower) / 255) < 1e-6)
    #expect(values.channelMagnitudes == [3, 10])
  }

  @Test("Entropy keeps the whole of even numbers, and lets go of a tail that hardly anything is in")
  func entropy() {
    let even = (0..<8000).map { Float($0) / 1000 }
    func bound(_ values: [Float], bits: Int) -> Float {
      CalibrationRule.entropy.encoding(of: observed([values]), bits: bits, percentile: 100, symmetric: false)
        .range.upperBound
    }
    #expect(abs(bound(even, bits: 8) - 8) < 0.2)
    #expect(bound(even + [800], bits: 4) < 100)
  }

  @Test(
    "Entropy takes the bound whose divergence is the least of all, counted number by number",
    arguments: [3, 4, 6])
  func leastDivergence(bits: Int) {
    let values = observed([tailed(20_000, seed: 3, negative: 0)])
    let (centers, counts) = values.histogram.occupied
    func divergence(_ bound: Float) -> Double {
      let grid = IntegerValue(bits: bits, covering: 0...bound)
      let inside = centers.indices.filter { centers[$0] <= grid.range.upperBound }
      var wanted = [Int: Double](), spread = [Int: (sum: Double, bins: Double)]()
      for bin in centers.indices {
        wanted[min(bin, inside.count - 1), default: 0] += Double(counts[bin])
      }
      for bin in inside {
        let level = spread[grid.integer(centers[bin])] ?? (0, 0)
        spread[grid.integer(centers[bin])] = (level.sum + Double(counts[bin]), level.bins + 1)
      }
      let all = wanted.values.reduce(0, +)
      let kept = spread.values.reduce(0) { $0 + $1.sum }
      return inside.reduce(0) { sum, bin in
        guard let p = wanted[bin].map({ $0 / all }), let level = spread[grid.integer(centers[bin])] else {
          return sum
        }
        return sum + p * (log(p) - log(level.sum / level.bins / kept))
      }
    }
    let chosen = CalibrationRule.entropy.encoding(of: values, bits: bits, percentile: 100, symmetric: false)
    let extreme = values.histogram.maximum
    let bounds = (1...64).map { extreme * Float($0) / 64 }
    let least = bounds.map(divergence).min() ?? .infinity
    let found = bounds.filter { IntegerValue(bits: bits, covering: 0...$0) == chosen }
    #expect(found.contains { abs(divergence($0) - least) < 1e-6 }, "\(chosen)")
  }

  @Test(
    "Symmetric grids have the zero point 0 and reach the larger side",
    arguments: [CalibrationRule.minmax, .movingAverage, .percentile, .mse, .entropy])
  func symmetric(rule: CalibrationRule) {
    let values = observed([tailed(4000, seed: 5, negative: 0.5)])
    let chosen = rule.encoding(of: values, bits: 8, percentile: 100, symmetric: true)
    #expect(chosen.zeroPoint == 0 && chosen.problem == nil)
    if rule == .minmax { #expect(abs(chosen.scale * 127 - values.histogram.maximum) < 1e-4) }
  }

  /// Random numbers with a long tail: the fourth power of uniform ones, some of them negative.
  private func tailed(_ count: Int, seed: UInt64, negative: Float) -> [Float] {
    Tensor(random: [count], in: -negative...1, seed: seed).values.map { number in
      let square = number * number
      return number < 0 ? -8 * square * square : 8 * square * square
    }
  }

  private func squaredError(_ values: [Float], _ encoding: IntegerValue) -> Double {
    values.reduce(0) {
      let difference = Double($1) - Double(encoding.value(encoding.integer($1)))
      return $0 + difference * difference
    }
  }

  @Test("Counts do not depend on batches or on which numbers come first")
  func batches() {
    let values = tailed(900, seed: 1, negative: 0.5)
    let whole = histogram([values])
    let parts = histogram([Array(values[..<10]), Array(values[10..<400]), Array(values[400...])])
    let backwards = histogram([values.sorted(), []].reversed())
    #expect(whole == parts)
    #expect(whole == backwards)
    #expect(whole.total == 900)
    #expect(whole.maximum == values.max() && whole.minimum == values.min())
  }

  @Test("What is not finite is refused")
  func poison() {
    var histogram = ValueHistogram()
    for poison in [Float.nan, .infinity] {
      let isFinite = histogram.add([1, poison])
      #expect(!isFinite)
    }
    #expect(histogram.total == 0)
  }

  @Test("The percentile rule leaves out a share at either end, to a bin")
  func percentile() {
    let values = (-500...500).map { Float($0) }
    let range = histogram([values]).range(leavingOut: 0.01)
    #expect(abs(range.lowerBound + 490) <= 1)
    #expect(abs(range.upperBound - 490) <= 1)
    #expect(histogram([values]).range(leavingOut: 0) == -500...500)
    let rectified = histogram([values.map { max($0, 0) }])
    #expect(rectified.range(leavingOut: 0.01).lowerBound == 0)
  }

  @Test(
    "The least error is that of an exhaustive search over the numbers themselves", arguments: [2, 4, 8],
    [Float(0), 0.7])
  func leastError(bits: Int, negative: Float) {
    let values = tailed(4000, seed: 7, negative: negative)
    let chosen = CalibrationRule.mse.encoding(
      of: observed([values]), bits: bits, percentile: 100, symmetric: false)
    let lowest = min(values.min() ?? 0, 0)
    let highest = values.max() ?? 0
    var least = Double.infinity
    for low in stride(from: Float(0), through: 1, by: lowest == 0 ? 2 : 1 / 16) {
      for high in stride(from: Float(1) / 64, through: 1, by: 1 / 64) {
        let encoding = IntegerValue(bits: bits, covering: low * lowest...high * highest)
        least = min(least, squaredError(values, encoding))
      }
    }
    #expect(squaredError(values, chosen) <= 1.05 * least)
    let covering = CalibrationRule.minmax.encoding(
      of: observed([values]), bits: bits, percentile: 100, symmetric: false)
    #expect(squaredError(values, chosen) <= squaredError(values, covering) * 1.0001)
    if bits == 2 { #expect(squaredError(values, chosen) < 0.9 * squaredError(values, covering)) }
  }

  @Test("Weight scales of least error lose to no other, and floors hold")
  func weights() throws {
    let weight = Tensor(tailed(600, seed: 2, negative: 1), shape: [3, 200])
    let floors: [Float] = [0, 0, 9]
    let grid = WeightGrid(bits: 3, perChannel: true, minimizesError: true)
    let chosen = try #require(grid.encoding(of: weight, floors: floors))
    #expect(chosen.scales[2] == 9)
    for channel in 0..<2 {
      let row = Tensor(Array(weight.values[(channel * 200)..<((channel + 1) * 200)]), shape: [200])
      func error(_ scale: Float) -> Double {
        let projected = Parameter(row, encoding: Integer(bits: 3, scales: [scale])).projected
        return zip(row.values, projected.values).reduce(0) { sum, pair in
          let difference = Double(pair.0) - Double(pair.1)
          return sum + difference * difference
        }
      }
      let covering = Integer(bits: 3, covering: row, perChannel: false).scales[0]
      let least = (1...64).map { error(covering * Float($0) / 64) }.min() ?? 0
      #expect(error(chosen.scales[channel]) <= least * 1.0001)
      #expect(least < error(covering))
    }
  }
}
