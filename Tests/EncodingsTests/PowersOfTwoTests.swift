import Encodings
import Graphs
import Tensors
import TestSupport
import Testing

@Suite("Powers of two for parameters")
struct PowersOfTwoTests {
  @Test("Sets hold what their definitions say, in as many bits as they need")
  func sets() {
    #expect(LevelSet(termBits: 2).magnitudes == [1])
    #expect(LevelSet(termBits: 3).magnitudes == [1, 2, 4])
    #expect(LevelSet(termBits: 4).magnitudes == [1, 2, 4, 8, 16, 32, 64])
    #expect(LevelSet(termBits: 3, terms: 2).magnitudes == [1, 2, 3, 4, 5, 6, 8])
    #expect([2, 3, 4].map { LevelSet(termBits: $0).bits } == [2, 3, 4])
    #expect(LevelSet(termBits: 3, terms: 2).bits == 4)
    // Alphabets {1}, {1, 3}, {1, 3, 5, 7}: 5, 8, 12 of 16 quartets and 4, 6, 8 of the upper 8 (Sarwar et al.
    // 2016, table 1).
    #expect(LevelSet(alphabet: 1).magnitudes.count == 5 * 4 - 1)
    #expect(LevelSet(alphabet: 3).magnitudes.count == 8 * 6 - 1)
    #expect(LevelSet(alphabet: 7).magnitudes.count == 12 * 8 - 1)
    #expect([1, 3, 7].map { LevelSet(alphabet: $0).bits } == [6, 7, 8])
  }

  @Test("Two terms are exactly the sums and differences of two powers up to 127")
  func twoTerms() {
    let signed = (0...6).flatMap { [1 << $0, -(1 << $0)] }
    let expected = (1...127).filter { number in
      signed.contains(number) || signed.contains { a in signed.contains { a + $0 == number } }
    }
    #expect(LevelSet(termBits: 4, terms: 2).magnitudes == expected)
  }

  @Test("Every symbol stands for one number and back; zero has no sign", arguments: [2, 3, 4], [1, 2])
  func symbols(bits: Int, terms: Int) {
    let levels = LevelSet(termBits: bits, terms: terms)
    let numbers = (0..<1 << levels.bits).compactMap { levels.number(of: $0) }
    #expect(numbers.sorted() == (levels.magnitudes.map { -$0 } + [0] + levels.magnitudes).sorted())
    for number in numbers { #expect(levels.number(of: levels.symbol(of: number)) == number) }
    #expect(levels.symbol(of: 0) == 0)
    #expect(levels.number(of: 1 << (levels.bits - 1)) == nil)
  }

  @Test("The nearest number, in the linear domain or by logarithms; on a border the larger")
  func rounding() {
    let values: [Float] = [0, 0.49, 0.5, 0.7, 0.71, 1.41, 1.42, 1.49, 1.5, -2.9, -3, 5.6, 5.7, 6, 70, -1000]
    func projected(_ rounding: LevelRounding) -> [Float] {
      let encoding = PowersOfTwo(levels: LevelSet(termBits: 4), rounding: rounding, exponents: [0])
      return Parameter(Tensor(values, shape: [values.count]), encoding: encoding).projected.values
    }
    #expect(projected(.linear) == [0, 0, 1, 1, 1, 1, 1, 1, 2, -2, -4, 4, 4, 8, 64, -64])
    #expect(projected(.log) == [0, 0, 0, 0, 1, 1, 2, 2, 2, -4, -4, 4, 8, 8, 64, -64])
  }

  @Test("Each projection is a nearest number of the set, found by trying all")
  func nearest() {
    let values = Tensor(random: [500], in: -2...2, seed: 3)
    for levels in [LevelSet(termBits: 4), LevelSet(termBits: 4, terms: 2), LevelSet(alphabet: 1)] {
      let encoding = PowersOfTwo(levels: levels, exponents: [-6])
      let projected = Parameter(values, encoding: encoding).projected.values
      let all = ([0] + levels.magnitudes).flatMap { [Float($0) / 64, -Float($0) / 64] }
      for (value, found) in zip(values.values, projected) {
        #expect(all.contains(found))
        #expect((value - found).magnitude == all.map { (value - $0).magnitude }.min())
      }
    }
  }

  @Test("Each channel has its own exponent, and a slice keeps its own")
  func perChannel() {
    let encoding = PowersOfTwo(levels: LevelSet(termBits: 3), exponents: [0, 3])
    let projected = Parameter(Tensor([0.6, 3.2, 7, 4, -13, 60], shape: [2, 3]), encoding: encoding).projected
    #expect(projected.values == [1, 4, 4, 8, -16, 32])
    #expect(
      encoding.sliced([0: [1]], shape: [2, 3]) == PowersOfTwo(levels: LevelSet(termBits: 3), exponents: [3]))
  }

  @Test("Gradients pass straight through, up to where the border to a next number would be")
  func gradient() {
    func passed(_ rounding: LevelRounding, _ masters: [Float]) -> [Float] {
      var gradient = masters.map { _ in Float(2) }
      var span = gradient.mutableSpan
      PowersOfTwo(levels: LevelSet(termBits: 3), rounding: rounding, exponents: [1])
        .backward(&span, masters: masters.span, shape: [masters.count])
      return gradient
    }
    // The largest number is 8 and the one below is 4, so the borders are 10 (linear) and 8·√2 (logarithmic).
    #expect(passed(.linear, [0, 8, -10, 10.1, -10.1]) == [2, 2, 2, 0, 0])
    #expect(passed(.log, [0, 8, -11.3, 11.4, -11.4]) == [2, 2, 2, 0, 0])
  }

  @Test("NaN stays what it is") func poison() {
    let encoding = PowersOfTwo(levels: LevelSet(termBits: 4), exponents: [0])
    #expect(Parameter(Tensor([Float.nan], shape: [1]), encoding: encoding).projected.values[0].isNaN)
  }

  @Test("What a file cannot mean is refused")
  func hostile() throws {
    let good = PowersOfTwo(levels: LevelSet(termBits: 3), exponents: [0, 1]).store(
      Tensor([1, 2, 8, -4], shape: [2, 2]))
    func refused(_ words: String, _ change: (inout StoredTensor) -> Void) {
      var stored = good
      change(&stored)
      let message = errorMessage { _ = try PowersOfTwo.restore(stored, shape: [2, 2]) }
      #expect(message.contains(words), "\(message)")
    }
    refused("nothing thrown") { _ in }
    refused("termBits") { $0.numbers["termBits"] = nil }
    refused("5 bits") { $0.numbers["termBits"] = 5 }
    refused("3 terms") { $0.numbers["terms"] = 3 }
    refused("up to 5") { $0.numbers["alphabet"] = 5 }
    refused("expected -126…120") { $0.streams[0].symbols[0] = 255 }
    refused("axis 0") { $0.streams[0].symbols.append(127) }
    refused("axis 0") { $0.streams[0].symbols = [] }
    refused("4 for") { _ = $0.streams[1].symbols.removeLast() }
    refused("found 4") { $0.streams[1].symbols[0] = 4 }
  }
}
