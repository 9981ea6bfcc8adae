import Encodings
import Foundation
import Graphs
import Tensors
import TestSupport
import Testing

/// Normalized tangents compared with numbers that PyTorch 2.15 computes in double precision.
///
/// Masters are 0.9·sin(k + 0.5) and gradients cos(k), with k from 0 to 11. Autograd runs through the paper's
/// formula, with a rounding whose gradient is that of the identity.
@Suite("Weights by their normalized tangent")
struct TanhNormalizedTests {
  struct Golden: Sendable {
    let encoding: TanhNormalized
    let values: [Float]
    let byMasters: [Float]
  }

  static let third: Float = 1 / 3
  static let kept = Mask((0..<12).map { $0 % 3 != 1 })
  static let goldens = [
    Golden(
      encoding: TanhNormalized(bits: 2, scale: 1),
      values: [third, 1, 1, -third, -1, -1, third, 1, 1, -third, -1, -1],
      byMasters: [
        1.1671015, -1.9399627, -0.441045, -1.2549313, -0.457999, 0.2715836, 1.2934312, 0.5551172, -0.1262272,
        -1.2681445, -0.6631055, 0.0035152,
      ]),
    Golden(
      encoding: TanhNormalized(bits: 3, scale: 0.5),
      values: [
        0.2142857, 0.5, 0.3571429, -0.2142857, -0.5, -0.3571429, 0.0714286, 0.5, 0.5, -0.0714286, -0.5, -0.5,
      ],
      byMasters: [
        0.5835507, -0.9699814, -0.2205225, -0.6274657, -0.2289995, 0.1357918, 0.6467156, 0.2775586,
        -0.0631136, -0.6340723, -0.3315527, 0.0017576,
      ]),
    Golden(
      encoding: TanhNormalized(bits: 2, scale: 1, inner: Sparse(mask: kept)),
      values: [third, 0, 1, -third, 0, -1, third, 0, 1, -third, 0, -1],
      byMasters: [
        1.270057, 0, -0.4799516, -1.3656347, 0, 0.2955413, 1.4075309, 0, -0.1373623, -1.3800136, 0, 0.6583961,
      ]),
  ]

  @Test("Numbers and gradients are those of an independent implementation", arguments: goldens)
  func numbers(_ golden: Golden) {
    let masters = Tensor((0..<12).map { Float(0.9 * sin(Double($0) + 0.5)) }, shape: [12])
    var gradient = (0..<12).map { Float(cos(Double($0))) }
    let values = Parameter(masters, encoding: golden.encoding).projected.values
    var span = gradient.mutableSpan
    golden.encoding.backward(&span, masters: masters.values.span, shape: [12])
    #expect(zip(values, golden.values).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(zip(gradient, golden.byMasters).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test("What ships is the projection, on integers of one bit more without a rest", arguments: goldens)
  func settled(_ golden: Golden) throws {
    let masters = Tensor((0..<12).map { Float(0.9 * sin(Double($0) + 0.5)) }, shape: [12])
    let settled = try #require(golden.encoding.settled(masters))
    let projected = Parameter(masters, encoding: golden.encoding).projected
    #expect(settled.value == projected && settled.projected == projected)
    let grid = golden.encoding.grid
    #expect(grid.bits == golden.encoding.levelBits + 1)
    let rounded = Parameter(projected, encoding: grid).projected.values
    #expect(zip(rounded, projected.values).allSatisfy { abs($0 - $1) < 1e-6 })
    var broken = masters
    broken.values[2] = .nan
    #expect(golden.encoding.settled(broken) == nil)
  }

  @Test("The first scale is the largest tangent; weights of zero have none, and lies in files are refused")
  func limits() {
    let weight = Parameter(Tensor([0.5, -1, 0.25], shape: [3]))
    #expect(abs((TanhNormalized(bits: 3, startingAt: weight)?.scale ?? 0) - 0.7615942) < 1e-6)
    #expect(TanhNormalized(bits: 3, startingAt: Parameter(Tensor(zeros: [3]))) == nil)
    let stored = StoredTensor(
      inner: ["dense"],
      streams: [.init(name: "scale", bits: 32, symbols: [Float(9).bitPattern, Float(1).bitPattern])])
    #expect(
      errorMessage { _ = try TanhNormalized.restore(stored, shape: [1]) }
        == "tanh-normalized: scale: expected 2 to 7 bits, and a positive scale, found [9.0, 1.0]")
  }
}
