import Foundation

/// What survivors and their places take beside dense storage, in bits an element, as formulas of density and widths.
///
/// With a density p of survivors, b bits a value and C columns a row, dense storage takes b, sparse storage p·b and the places:
/// - ideal: H(p) = -p log2 p - (1 - p) log2(1 - p), which no form goes below where survivors are independent;
/// - mask: 1;
/// - gaps of w bits: p·w / (1 - (1 - p)^s), s = 2^w - 1, as a gap of independent survivors takes 1 + ⌊gap / s⌋ symbols;
/// - CSR: p·⌈log2 C⌉ + ⌈log2(C + 1)⌉ / C;
/// - N:M: ⌈log2 M!/(N! (M - N)!)⌉ / M, at the one density N / M.
///
/// All are of symbols packed to their widths, without entropy codes.
public enum BreakEven {
  /// Bits of places an element at a density of 0…1.
  public static func placeBits(_ form: PlaceForm, density: Double, columns: Int) -> Double {
    switch form {
    case .mask: return 1
    case .gaps(let bits):
      guard density > 0 else { return 0 }
      let zeros = Double(1 << bits - 1)
      return density * Double(bits) / (1 - pow(1 - density, zeros))
    case .rows:
      let widths = PlaceForm.rowWidths(columns: columns)
      return density * Double(widths.column) + Double(widths.count) / Double(columns)
    case .pattern(let kept, let of):
      return Double(PlaceForm.bits(below: NeighbourGroups.binomial(of, kept))) / Double(of)
    }
  }

  /// The density at which sparse storage takes what dense storage takes: below it sparse takes less. 0 where it never does.
  ///
  /// For a mask 1 - 1/b, for CSR (b - ⌈log2(C + 1)⌉/C) / (b + ⌈log2 C⌉), for N:M the largest N/M of the same M that takes less; for gaps
  /// the one root of a function that rises with the density.
  public static func density(_ form: PlaceForm, valueBits: Int, columns: Int) -> Double {
    let bits = Double(valueBits)
    switch form {
    case .mask: return max(0, 1 - 1 / bits)
    case .rows:
      let widths = PlaceForm.rowWidths(columns: columns)
      return max(0, (bits - Double(widths.count) / Double(columns)) / (bits + Double(widths.column)))
    case .gaps:
      return root { $0 * bits + placeBits(form, density: $0, columns: columns) - bits }
    case .pattern(_, let of):
      let paying = (1..<of).last { kept in
        let places = placeBits(.pattern(kept: kept, of: of), density: 0, columns: columns)
        return Double(kept) / Double(of) * bits + places < bits
      }
      return Double(paying ?? 0) / Double(of)
    }
  }

  /// The width of gaps that pays up to the highest density, and that density.
  public static func gaps(valueBits: Int) -> (form: PlaceForm, density: Double) {
    let all = PlaceForm.gapWidths.map { width in
      let form = PlaceForm.gaps(bits: width)
      return (form: form, density: density(form, valueBits: valueBits, columns: 1))
    }
    return all.max { $0.density < $1.density } ?? (.gaps(bits: 2), 0)
  }

  /// The density below which some form of places might pay: the root of p·b + H(p) = b.
  public static func idealDensity(valueBits: Int) -> Double {
    let bits = Double(valueBits)
    // p·b + H(p) - b is -b at 0, 0 at 1 and rises, then falls below p = 1: its first root is before the maximum.
    let maximum = 1 / (1 + exp2(-bits))
    return root(below: maximum) { $0 * bits + entropy($0) - bits }
  }

  /// H(p) in bits.
  public static func entropy(_ density: Double) -> Double {
    guard density > 0, density < 1 else { return 0 }
    return -density * log2(density) - (1 - density) * log2(1 - density)
  }

  /// The root of a function that is not positive at 0 and rises up to a bound; halves the interval 60 times.
  private static func root(below bound: Double = 1, _ function: (Double) -> Double) -> Double {
    var (low, high) = (0.0, bound)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if function(middle) < 0 { low = middle } else { high = middle }
    }
    return low
  }
}
