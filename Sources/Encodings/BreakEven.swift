import Foundation

/// The size of sparse storage relative to dense storage, in bits an element, as formulas of density and
/// widths.
///
/// With a density p of survivors, values of b bits and rows of C columns, dense storage takes b bits an
/// element, and sparse storage p·b bits and those of the places:
///
/// - ideal: H(p) = -p log2 p - (1 - p) log2(1 - p), the least that any form takes where survivors are
///   independent;
/// - mask: 1;
/// - gaps of w bits: p·w / (1 - (1 - p)^s) with s = 2^w - 1, as a gap of independent survivors takes 1 + ⌊gap
///   / s⌋ symbols;
/// - CSR: p·⌈log2 C⌉ + ⌈log2(C + 1)⌉ / C;
/// - N:M: ⌈log2 M!/(N! (M - N)!)⌉ / M, at the one density N / M.
///
/// All forms have symbols packed to their widths, without entropy codes.
public enum BreakEven {
  /// The bits an element that places take, at a density of 0…1.
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

  /// The density below which sparse storage is smaller than dense storage; 0 if it never is.
  ///
  /// For a mask it is 1 - 1/b, for CSR (b - ⌈log2(C + 1)⌉/C) / (b + ⌈log2 C⌉), and for N:M the largest N/M of
  /// the same M that is smaller. For gaps it is the one root of a function that rises with the density.
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

  /// The density below which some form of places can pay: the root of p·b + H(p) = b.
  public static func idealDensity(valueBits: Int) -> Double {
    let bits = Double(valueBits)
    // p·b + H(p) - b is -b at 0 and 0 at 1. It rises to a maximum and falls behind it, so its first root is
    // before the maximum.
    let maximum = 1 / (1 + exp2(-bits))
    return root(below: maximum) { $0 * bits + entropy($0) - bits }
  }

  /// The entropy H(p) of an element that survives with probability p, in bits.
  public static func entropy(_ density: Double) -> Double {
    guard density > 0, density < 1 else { return 0 }
    return -density * log2(density) - (1 - density) * log2(1 - density)
  }

  /// The root of a function that is not positive at 0 and rises up to a bound, found in 60 bisections.
  private static func root(below bound: Double = 1, _ function: (Double) -> Double) -> Double {
    var (low, high) = (0.0, bound)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if function(middle) < 0 { low = middle } else { high = middle }
    }
    return low
  }
}
