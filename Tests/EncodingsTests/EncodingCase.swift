import Encodings
import Graphs
import Tensors
import TestSupport
import Testing

/// A tensor with an encoding for which the laws are checked.
struct EncodingCase: CustomTestStringConvertible, Sendable {
  let name: String
  let encoding: any Encoding
  let masters: Tensor

  var testDescription: String { name }

  static let shape: Shape = [6, 4, 3, 3]

  /// The tensor with which kernels compute.
  var projected: Tensor { Parameter(masters, encoding: encoding).projected }

  /// Every plain encoding, and for each a mask that keeps none, few, most or all elements.
  static let all: [EncodingCase] = {
    let masters = Tensor(random: shape, seed: 5, "masters")
    let plain = plainEncodings(of: masters)
    let masks: [(String, Mask)] = [
      ("none", Mask(masters.values.map { _ in false })),
      ("few", Mask(masters.values.indices.map { $0 % 41 == 3 })),
      ("most", Mask(masters.values.map { $0.magnitude > 0.2 })),
      ("all", Mask(masters.values.map { _ in true })),
    ]
    let sparse = plain.flatMap { name, encoding in
      masks.map { ("sparse, \($0.0), \(name)", Sparse(mask: $0.1, inner: encoding) as any Encoding) }
    }
    return (plain + sparse + trainingEncodings(of: masters)).map {
      EncodingCase(name: $0.0, encoding: $0.1, masters: masters)
    }
  }()

  /// The cases with masters that are weights.
  static let ofWeights = all.filter(\.encoding.mastersAreWeights)

  /// The encodings that act in training only, around encodings of student files.
  private static func trainingEncodings(of masters: Tensor) -> [(String, any Encoding)] {
    let large = Mask(masters.values.map { $0.magnitude > 0.4 })
    let kept = Sparse(mask: Mask(masters.values.indices.map { $0 % 5 != 2 }))
    let integer = Integer(bits: 8, covering: masters, perChannel: true)
    let target = masters.values.map { $0.magnitude > 0.4 ? $0 : 0 }
    let strength = masters.values.indices.map { Float($0 % 7) / 8 }
    return [
      ("spliced", Spliced(mask: large)), ("spliced within a mask", Spliced(mask: large, inner: kept)),
      ("attracted to zero", Attracted(to: [0], strength: [0.5])),
      ("attracted, element by element", Attracted(to: target, strength: strength)),
      ("attracted within a mask", Attracted(to: target, strength: [0.1], inner: kept)),
      ("attracted integers", Attracted(to: [0], strength: strength, inner: integer)),
      ("traced", Traced(at: target, slope: strength).followed(to: masters.values, slope: target)),
      ("traced within a mask", Traced(at: target, slope: strength, inner: kept)),
      (
        "frozen in part",
        Frozen(
          mask: large, values: masters.values.map { $0.magnitude > 0.4 ? ($0 < 0 ? -0.5 : 0.5) : 0 },
          inner: PowersOfTwo(levels: LevelSet(termBits: 4), exponents: [-6]))
      ),
      (
        "frozen in part within a mask",
        Frozen(
          mask: kept.mask.intersection(large),
          values: masters.values.indices.map { kept.mask[$0] && large[$0] ? 0.25 : 0 },
          inner: Sparse(
            mask: kept.mask, inner: PowersOfTwo(levels: LevelSet(termBits: 4), exponents: [-6])))
      ),
      (
        "learned steps", LearnedSteps(integer) ?? integer
      ),
      (
        "a learned step within a mask",
        LearnedSteps(Sparse(mask: kept.mask, inner: Integer(bits: 2, scales: [0.5]))) ?? integer
      ),
      ("ternary", TrainedTernary(threshold: 0.05, of: .largest, unit: 0.5)),
      ("ternary within a mask", TrainedTernary(threshold: 0.7, of: .mean, unit: 0.25, inner: kept)),
      ("tangents of 2 bits", TanhNormalized(bits: 2, scale: 0.5)),
      ("tangents of 3 bits within a mask", TanhNormalized(bits: 3, scale: 0.5, inner: kept)),
      ("logarithms of variances", LogVariance(divergence: 0.25)),
      ("logarithms of variances within a mask", LogVariance(divergence: 1, inner: kept)),
    ]
  }

  private static func product(width: Int, count: Int, hasOwnBooks: Bool = false) -> ProductCodebook {
    ProductCodebook(
      assignments: (0..<shape.count / width).map { UInt32($0 * $0 % 7 % count) }, subspaces: 36 / width,
      width: width, count: count, hasOwnBooks: hasOwnBooks)
  }

  private static func plainEncodings(of masters: Tensor) -> [(String, any Encoding)] {
    let clusters = masters.values.map { UInt16(max(0, min(7, Int(($0 + 1) * 4)))) }
    let withZero = masters.values.map { UInt16($0.magnitude < 0.3 ? 0 : $0 < 0 ? 1 : 2) }
    return [
      ("dense", Dense()),
      ("integers of 8 bits a channel", Integer(bits: 8, covering: masters, perChannel: true)),
      ("integers of 4 bits", Integer(bits: 4, covering: masters, perChannel: false)),
      ("integers of 2 bits that clip", Integer(bits: 2, scales: [0.5])),
      ("integers of 16 bits", Integer(bits: 16, covering: masters, perChannel: false)),
      ("integers of 32 bits", Integer(bits: 32, scales: [0x1p-28])),
      ("8 clusters", Codebook(assignments: clusters, count: 8, hasZero: false)),
      ("3 clusters with zero", Codebook(assignments: withZero, count: 3, hasZero: true)),
      (
        "8 clusters on bytes",
        Codebook(assignments: clusters, count: 8, hasZero: false, grid: Integer(bits: 8, scales: [0.01]))
      ),
      (
        "3 clusters with zero on a grid that clips",
        Codebook(assignments: withZero, count: 3, hasZero: true, grid: Integer(bits: 2, scales: [0.3]))
      ),
      ("powers of two", PowersOfTwo(levels: LevelSet(termBits: 4), exponents: [-5])),
      (
        "powers of two a channel that clip, by logarithms",
        PowersOfTwo(levels: LevelSet(termBits: 3), rounding: .log, exponents: [-4, -3, -5, -6, -2, -4])
      ),
      ("sums of two powers", PowersOfTwo(levels: LevelSet(termBits: 4, terms: 2), exponents: [-7])),
      ("quartets of an alphabet", PowersOfTwo(levels: LevelSet(alphabet: 3), exponents: [-7])),
      ("signs a channel", Binary(scales: [0.5, 0.25, 1, 0.3, 0.7, 0.1])),
      ("signs", Binary(scales: [0.4])),
      ("kernels of 5 centroids", product(width: 9, count: 5)),
      ("pairs of 3 centroids, of each place in a row", product(width: 2, count: 3, hasOwnBooks: true)),
      ("sub-vectors of 6 that cut kernels", product(width: 6, count: 4)),
      (
        "kernels of 5 centroids on bytes",
        product(width: 9, count: 5).onGrid(Integer(bits: 8, scales: [0.01]))
      ),
      ("hashed to 40", Hashed(shape: shape, count: 40, seed: 1)),
      ("hashed to more than there are", Hashed(shape: shape, count: 300, seed: 2)),
      (
        "a slice of hashed",
        Hashed(shape: [6, 9, 3, 3], count: 60, seed: 3).sliced([1: [0, 2, 3, 8]], shape: [6, 9, 3, 3])
      ),
      (
        "hashed to 40 on a grid that clips",
        Hashed(shape: shape, count: 40, seed: 4, grid: Integer(bits: 3, scales: [0.05]))
      ),
      ("one cluster", Codebook(assignments: clusters.map { _ in 0 }, count: 1, hasZero: false)),
    ]
  }
}
