import Tensors
import Testing

@Suite("Seeded randomness")
struct SeededRandomTests {
  @Test("a stream depends on seed, purpose and every refinement")
  func keys() {
    let streams = [
      SeededRandom(seed: 1, purpose: "crop", 0, 0), SeededRandom(seed: 2, purpose: "crop", 0, 0),
      SeededRandom(seed: 1, purpose: "flip", 0, 0), SeededRandom(seed: 1, purpose: "crop", 1, 0),
      SeededRandom(seed: 1, purpose: "crop", 0, 1), SeededRandom(seed: 1, purpose: "crop"),
    ]
    #expect(Set(streams.map(\.key)).count == streams.count)
    #expect(Set(streams.map { $0.bits(at: 0) }).count == streams.count)
    #expect(SeededRandom(seed: 1, purpose: "crop", 0, 1).key == streams[4].key)
  }

  @Test("numbers drawn in order are those at their positions")
  func positions() {
    var drawn = SeededRandom(seed: 3, purpose: "order")
    let stream = drawn
    for index in 0..<100 { #expect(drawn.next() == stream.bits(at: index)) }
    var floats = stream
    for index in 0..<100 { #expect(floats.uniform() == stream.uniform(at: index)) }
  }

  @Test("the first numbers of a raw key are those of SplitMix64")
  func splitMix() {
    var stream = SeededRandom(key: 0)
    #expect(stream.next() == 0xE220_A839_7B1D_CDAF)
    #expect(stream.next() == 0x6E78_9E6A_A1B9_65F4)
    #expect(stream.next() == 0x06C4_5D18_8009_454F)
  }

  @Test("uniform numbers lie in [0, 1) with the mean and variance of a uniform distribution")
  func uniform() {
    var stream = SeededRandom(seed: 4, purpose: "uniform")
    let values = (0..<100_000).map { _ in Double(stream.uniform()) }
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
    let mean = values.reduce(0, +) / 100_000
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 100_000
    #expect(abs(mean - 0.5) < 0.005)
    #expect(abs(variance - 1.0 / 12) < 0.002)
  }

  @Test(
    "normal numbers at positions have the moments and the tails of a normal distribution, and do not follow one another"
  )
  func normalAtPositions() {
    let stream = SeededRandom(seed: 9, purpose: "normal")
    let count = 200_000
    let values = (0..<count).map { Double(stream.normal(at: $0)) }
    func moment(_ power: Int) -> Double {
      values.reduce(0) { sum, x in sum + (0..<power).reduce(1) { product, _ in product * x } } / Double(count)
    }
    // The moments' standard errors are 1, √2, √15 and √96 over √count = 447.
    #expect(abs(moment(1)) < 0.01 && abs(moment(2) - 1) < 0.015)
    #expect(abs(moment(3)) < 0.04 && abs(moment(4) - 3) < 0.1)
    for distance in [1, 2, 3] {
      let product = (0..<count - distance).reduce(0) { $0 + values[$1] * values[$1 + distance] }
      #expect(abs(product) / Double(count) < 0.01, "\(distance)")
    }
    let beyond = Double(values.count { abs($0) > 1.959964 }) / Double(count)
    #expect(abs(beyond - 0.05) < 0.0025)
    #expect(stream.normal(at: 7) == stream.normal(at: 7))
  }

  @Test("integers below a bound are equally likely", arguments: [1, 2, 3, 7, 10, 100])
  func below(_ bound: Int) {
    var stream = SeededRandom(seed: 5, purpose: "below", bound)
    var counts = Array(repeating: 0, count: bound)
    let draws = 2_000 * bound
    for _ in 0..<draws { counts[stream.below(bound)] += 1 }
    let deviation = (2_000.0 * (1 - 1 / Double(bound))).squareRoot()
    #expect(counts.allSatisfy { abs(Double($0) - 2_000) <= 5 * deviation })
  }

  @Test("integers below a bound near 2⁶³ are not biased towards the lower half")
  func belowHuge() {
    var stream = SeededRandom(seed: 6, purpose: "huge")
    let bound = Int.max / 4 * 3
    let upper = (0..<20_000).filter { _ in stream.below(bound) >= bound / 2 }.count
    #expect(abs(upper - 10_000) < 400)
  }

  @Test("normal numbers have mean 0 and variance 1")
  func normal() {
    var stream = SeededRandom(seed: 7, purpose: "normal")
    let values = (0..<50_000).map { _ in Double(stream.normal()) }
    let mean = values.reduce(0, +) / 50_000
    let variance = values.reduce(0) { $0 + $1 * $1 } / 50_000
    #expect(values.allSatisfy { $0.isFinite })
    #expect(abs(mean) < 0.02)
    #expect(abs(variance - 1) < 0.03)
  }

  @Test("a permutation holds every integer once and differs by seed", arguments: [0, 1, 2, 17, 1000])
  func permutation(_ count: Int) {
    var one = SeededRandom(seed: 8, purpose: "order")
    var two = SeededRandom(seed: 9, purpose: "order")
    let order = one.permutation(count)
    #expect(order.sorted() == Array(0..<count))
    if count > 10 { #expect(order != two.permutation(count)) }
  }

  @Test("every permutation of three is equally likely")
  func fairPermutation() {
    var counts: [[Int]: Int] = [:]
    var stream = SeededRandom(seed: 10, purpose: "three")
    for _ in 0..<12_000 { counts[stream.permutation(3), default: 0] += 1 }
    #expect(counts.count == 6)
    #expect(counts.values.allSatisfy { abs($0 - 2_000) < 205 })
  }

  @Test("a stream refined one by one is the stream of all refinements at once")
  func refinement() {
    let whole = SeededRandom(seed: 9, purpose: "crop", 3, -4)
    let built = SeededRandom(seed: 9, purpose: "crop").refined(by: 3).refined(by: -4)
    #expect(whole.key == built.key)
    #expect(built.key != SeededRandom(seed: 9, purpose: "crop").refined(by: -4).refined(by: 3).key)
  }
}
