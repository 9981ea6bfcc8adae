import Foundation

/// The similarity of a feature vector to each prototype, relative to the nearest prototype.
///
/// Prototypes lie on the grid of the features or on one that is 2^shift times as coarse.
///
/// **Formula**: `d[j] = Σ_i (x[i] - zero_x - prototypes[j,i]·2^shift)²`, `v = min(rescale(d[j] - min_k d[k]), 28672)`, the negative
/// exponent in units of 1/4,096. The power of k = v >> 9 comes from a table, and a quadratic in f = v & 511 gives the rest:
/// `y[j] = clamp(zero_y + (powers[k] · (16384 - 4f + (f² >> 11)) + 2^(13+digits)) >> (14 + digits))`, with
/// `powers[k] = exp(-k/8) / scale_y · 2^digits` in 15 bits.
public struct IntegerPrototypes: IntegerKernel {
  /// The name in listings: `prototypes`.
  public static let kind = "prototypes"
  /// The fixed-point units in an exponent of 1.
  public static let parts = 4096
  /// The largest exponent, 7 in units of 1/4,096; larger ones are clipped to it (e^-7 ≈ 0.0009).
  public static let largest: Int32 = 28_672
  /// The largest value of `shift`.
  public static let maximumShift = 7

  /// The number of features, I.
  public let features: Int
  /// The prototypes `[J, I]`, row by row.
  public let prototypes: [Int8]
  /// The binary logarithm of the prototypes' step divided by the features' step, 0…7.
  public let shift: Int32
  /// The zero point of the features.
  public let inputZero: Int32
  /// The factor from squared distances in integers to exponents: rate · scale_x² · 4,096.
  public let rescale: Rescale
  /// The 57 values `exp(-k/8) / outputScale · 2^digits` for k = 0…56, rounded.
  public let powers: [Int16]
  /// The number of fraction bits of `powers`, 0…7: as many as 16 bits hold.
  public let digits: Int32
  /// The zero point of the output.
  public let outputZero: Int32
  /// The range to which outputs are clamped.
  public let bounds: ClosedRange<Int32>

  /// Makes a kernel and its table of powers; `outputScale` must be at least 1/32,767.
  public init(
    features: Int, prototypes: [Int8], shift: Int32, inputZero: Int32, rescale: Rescale, outputScale: Double,
    outputZero: Int32, bounds: ClosedRange<Int32>
  ) {
    self.features = features
    self.prototypes = prototypes
    self.shift = shift
    self.inputZero = inputZero
    self.rescale = rescale
    self.outputZero = outputZero
    self.bounds = bounds
    let digits = (0...7).last { Double(1 << $0) / outputScale <= 32_767 } ?? 0
    self.digits = Int32(digits)
    powers = (0...Self.largest >> 9).map { k in
      Int16((exp(-Double(k) / 8) / outputScale * Double(1 << digits)).rounded(.toNearestOrEven))
    }
  }

  /// The number of prototypes, J.
  public var count: Int { prototypes.count / max(features, 1) }
  /// `J·I`.
  public var multiplyAdds: Int { prototypes.count }

  /// Computes all distances, then the similarity of each prototype.
  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    let distances = (0..<count).map { j in
      (0..<features).reduce(Int32(0)) { sum, i in
        let point = Int32(prototypes[j * features + i]) << shift
        let difference = Int32(inputs[0][i]) - inputZero - point
        return sum + difference * difference
      }
    }
    let nearest = distances.min() ?? 0
    return distances.map { distance in
      let exponent = min(rescale(distance - nearest), Self.largest)
      let rest = exponent & 511
      let fraction = 16_384 - 4 * rest + (rest * rest) >> 11
      let product = Int32(powers[Int(exponent >> 9)]) * fraction
      let value = (product + 1 << (13 + digits)) >> (14 + digits)
      return Int8(min(max(outputZero + value, bounds.lowerBound), bounds.upperBound))
    }
  }
}
