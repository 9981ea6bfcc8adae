import Execution
import Tensors
import Testing

@Suite("Rescaling integers")
struct RescaleTests {
  private static let ratios: [Double] = {
    var random = SeededRandom(seed: 4, purpose: "ratios")
    let drawn = (0..<400).map { _ in
      Double(random.uniform(in: 1...2)) * Double(sign: .plus, exponent: random.below(62) - 46, significand: 1)
    }
    return drawn + [
      1, 0.5, 0.25, 2, 3, 1 / 3, 32_766.9, 32_767, 1e9, 1e300, 0x1p-46, 0x1.fffffp-3, 0x1.fffffp-1, 1e-300,
    ]
  }()

  private static let sums: [Int32] = {
    var random = SeededRandom(seed: 5, purpose: "sums")
    let edges: [Int32] = [0, 1, 2, 3, 127, 128, 255, 1 << 15, 1 << 24, 1 << 30 - 1, 1 << 30, .max]
    let drawn = (0..<200).map { _ in Int32(truncatingIfNeeded: random.next()) >> Int32(random.below(31)) }
    return edges + edges.map { -$0 } + [.min] + drawn
  }()

  @Test("Equals the exact product in 128 bits, divided and rounded once, halves upwards")
  func exact() {
    for ratio in Self.ratios {
      let rescale = Rescale(ratio)
      for sum in Self.sums {
        let doubled = Int128(sum) * Int128(rescale.multiplier) * 2 + (Int128(1) << Int128(rescale.shift))
        let divisor = Int128(2) << Int128(rescale.shift)
        let floor = doubled / divisor - (doubled % divisor < 0 ? 1 : 0)
        #expect(rescale(sum) == Int32(clamping: floor), "\(sum) by \(ratio)")
      }
    }
  }

  @Test("Stands for the ratio to one part in 32,768 where 15 bits reach, with a multiplier of 15 bits")
  func ratio() {
    for ratio in Self.ratios {
      let rescale = Rescale(ratio)
      #expect((0...32_767).contains(rescale.multiplier) && (0...Rescale.maximumShift).contains(rescale.shift))
      guard ratio >= 0x1p-32, ratio < 32_767 else { continue }
      let found =
        Double(rescale.multiplier) / Double(sign: .plus, exponent: Int(rescale.shift), significand: 1)
      #expect((found / ratio - 1).magnitude <= 1 / 32_768, "\(ratio)")
      #expect(rescale.multiplier >= 16_384)
    }
    #expect(Rescale(0)(.max) == 0)
    #expect(Rescale(1).multiplier == 16_384 && Rescale(1).shift == 14)
    #expect(Rescale(1e300).multiplier == 32_767 && Rescale(1e300).shift == 0)
  }

  @Test("Halves go up, on both sides of zero")
  func halves() {
    let half = Rescale(0.5)
    #expect([-3, -2, -1, 0, 1, 2, 3].map { half($0) } == [-1, -1, 0, 0, 1, 1, 2])
  }

  @Test("Small results are at most half a step and a hundredth off the real ratio")
  func error() {
    for ratio in Self.ratios where ratio >= 0x1p-22 && ratio < 1 {
      let rescale = Rescale(ratio)
      for sum in Self.sums where (Double(sum) * ratio).magnitude <= 256 {
        #expect((Double(rescale(sum)) - Double(sum) * ratio).magnitude <= 0.51, "\(sum) by \(ratio)")
      }
    }
  }
}
