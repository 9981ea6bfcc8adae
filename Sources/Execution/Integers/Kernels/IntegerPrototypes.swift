import Foundation

/// How near features are to points, compared with the nearest one; points lie on the features' grid or one 2^shift times as coarse.
///
/// **Formula**: `d[j] = Σ_i (x[i] - zero_x - prototypes[j,i]·2^shift)²`, `v = min(rescale(d[j] - min_k d[k]), 28672)`, which is the exponent
/// in parts of 4,096; of it k = v >> 9 is looked up and f = v & 511 computed:
/// `y[j] = clamp(zero_y + (powers[k] · (16384 - 4f + (f² >> 11)) + 2^(13+digits)) >> (14 + digits))`, with
/// `powers[k] = exp(-k/8) / scale_y · 2^digits` in 15 bits.
public struct IntegerPrototypes: IntegerKernel {
  public static let kind = "prototypes"
  /// Parts of an exponent of one.
  public static let parts = 4096
  /// The largest exponent, in parts: beyond it kernels are zero, or nearly.
  public static let largest: Int32 = 28_672
  /// The most that points may be coarser than features, as a power of two.
  public static let maximumShift = 7

  /// I.
  public let features: Int
  /// The points `[J, I]`.
  public let prototypes: [Int8]
  /// By which power of two their grid is coarser than that of the features.
  public let shift: Int32
  /// The integer that stands for zero in features.
  public let inputZero: Int32
  /// rate · scale_x² · 4,096.
  public let rescale: Rescale
  /// 57 powers.
  public let powers: [Int16]
  /// Digits behind the point of a power, 0…7.
  public let digits: Int32
  /// The integer that stands for zero in the output.
  public let outputZero: Int32
  /// The least and the greatest output.
  public let bounds: ClosedRange<Int32>

  /// Makes a kernel; `outputScale` is at least 1/32,767.
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

  /// J.
  public var count: Int { prototypes.count / max(features, 1) }
  public var multiplyAdds: Int { prototypes.count }

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
