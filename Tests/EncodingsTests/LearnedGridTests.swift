import Encodings
import Foundation
import Graphs
import Tensors
import TestSupport
import Testing

/// Learned grids of weights compared with numbers that PyTorch 2.15 computes in double precision.
///
/// Masters are 0.9·sin(k + 0.5) `[2, 6]` and gradients cos(k), with k from 0. Autograd runs through the
/// papers' functions.
@Suite("Grids of weights that are learned")
struct LearnedGridTests {
  static let shape: Shape = [2, 6]
  static let masters = (0..<12).map { Float(0.9 * sin(Double($0) + 0.5)) }
  static let gradients = (0..<12).map { Float(cos(Double($0))) }

  /// The projection, and the gradients by masters and by the numbers of the grid.
  private func passed(
    _ encoding: any LearnedGrid, grid: [Float], masters: [Float] = masters, gradient: [Float] = gradients
  ) -> (values: [Float], byMasters: [Float], byGrid: [Float]) {
    var (values, byMasters) = (masters, gradient)
    // Whatever a plan has in memory must be written over.
    var byGrid = Array(repeating: Float(9), count: grid.count)
    var valueSpan = values.mutableSpan
    encoding.project(&valueSpan, grid: grid.span, shape: Self.shape)
    var masterSpan = byMasters.mutableSpan
    var gridSpan = byGrid.mutableSpan
    encoding.backward(
      &masterSpan, masters: masters.span, grid: grid.span, gridGradient: &gridSpan, shape: Self.shape)
    return (values, byMasters, byGrid)
  }

  private func isClose(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 }
  }

  /// The functions of Esser et al., with steps 0.2 and 0.35 of three bits, and one of 0.5 of two bits.
  struct Steps: Sendable {
    let encoding: any Encoding
    let steps: [Float]
    let values: [Float]
    let byMasters: [Float]
    let bySteps: [Float]
  }

  static let kept = Mask((0..<12).map { $0 % 3 != 1 })
  static let stepGoldens = [
    Steps(
      encoding: Integer(bits: 3, scales: [1, 1]), steps: [0.2, 0.35],
      values: [0.4, 0.6, 0.6, -0.4, -0.6, -0.6, 0.35, 0.7, 0.7, 0, -0.7, -0.7],
      byMasters: [
        1, 0, -0.4161468, -0.9899925, 0, 0, 0.9601703, 0.7539023, -0.1455, -0.9111303, -0.8390715, 0.0044257,
      ], bySteps: [0.674812897, -0.063329045]),
    Steps(
      encoding: Integer(bits: 2, scales: [1]), steps: [0.5],
      values: [0.5, 0.5, 0.5, -0.5, -0.5, -0.5, 0, 0.5, 0.5, 0, -0.5, -0.5],
      byMasters: [1, 0, 0, -0.9899925, 0, 0, 0.9601703, 0, 0, -0.9111303, 0, 0], bySteps: [0.561206633]),
    Steps(
      encoding: Sparse(mask: kept, inner: Integer(bits: 3, scales: [1, 1])), steps: [0.2, 0.35],
      values: [0.4, 0, 0.6, -0.4, 0, -0.6, 0.35, 0, 0.7, 0, 0, -0.7],
      byMasters: [
        1, 0, -0.4161468, -0.9899925, 0, 0, 0.9601703, 0, -0.1455, -0.9111303, 0, 0.0044257,
      ], bySteps: [-0.207513869, 0.075582314]),
  ]

  @Test("Steps: numbers and gradients are those of an independent implementation", arguments: stepGoldens)
  func steps(_ golden: Steps) throws {
    let found = passed(try #require(LearnedSteps(golden.encoding)), grid: golden.steps)
    #expect(isClose(found.values, golden.values))
    #expect(isClose(found.byMasters, golden.byMasters))
    #expect(isClose(found.byGrid, golden.bySteps))
  }

  @Test("Where all weights are clipped, the gradient by a step is the derivative, by differences")
  func clipped() throws {
    let encoding = try #require(LearnedSteps(Integer(bits: 2, scales: [1, 1])))
    let far = Self.masters.map { $0 < 0 ? $0 - 4 : $0 + 4 }
    func loss(_ steps: [Float]) -> Float {
      zip(passed(encoding, grid: steps, masters: far).values, Self.gradients).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let found = passed(encoding, grid: [0.5, 0.75], masters: far)
    #expect(found.byMasters == Array(repeating: 0, count: 12))
    // The paper divides the derivative by √(n·m), here √6.
    let scale = Float(6).squareRoot()
    #expect(abs(found.byGrid[0] * scale - (loss([1, 0.75]) - loss([0.25, 0.75])) / 0.75) < 1e-5)
    #expect(abs(found.byGrid[1] * scale - (loss([0.5, 1]) - loss([0.5, 0.25])) / 0.75) < 1e-5)
  }

  @Test("Steps start at twice the mean magnitude over the root of the largest integer, and end as integers")
  func startAndEnd() throws {
    let weight = Tensor(Self.masters, shape: Self.shape)
    let channels = LearnedSteps.start(of: weight, bits: 3, perChannel: true)
    #expect(abs(channels[0] - 0.7117) < 1e-4 && abs(channels[1] - 0.6550) < 1e-4)
    #expect(abs(LearnedSteps.start(of: weight, bits: 3, perChannel: false)[0] - 0.6834) < 1e-4)
    #expect(LearnedSteps.start(of: Tensor(zeros: [2, 3]), bits: 3, perChannel: true) == [0, 0])
    let masked = try #require(
      LearnedSteps(Sparse(mask: Self.kept, inner: Integer(bits: 3, scales: [1, 1]))))
    let settled = Sparse(mask: Self.kept, inner: Integer(bits: 3, scales: [0.5, LearnedSteps.leastStep]))
    #expect(masked.settled([0.5, -1])?.isEqual(to: settled) == true)
    #expect(masked.settled([0.5, .nan]) == nil && masked.settled([3e38, 1]) == nil)
    #expect(LearnedSteps(Binary(scales: [1])) == nil && LearnedSteps(Integer(bits: 32, scales: [1])) == nil)
  }

  @Test("A step that has become negative counts as the least one; a weight that is no number stays so")
  func absurd() throws {
    let encoding = try #require(LearnedSteps(Integer(bits: 3, scales: [1])))
    var masters = Self.masters
    masters[3] = .nan
    let found = passed(encoding, grid: [-2], masters: masters)
    #expect(found.values[0] == 3 * LearnedSteps.leastStep && found.values[3].isNaN)
  }

  /// The functions of Zhu et al., with magnitudes 1.25 and 0.5.
  struct Ternary: Sendable {
    let encoding: TrainedTernary
    let values: [Float]
    let byMasters: [Float]
    let byNumbers: [Float]
  }

  static let ternaryGoldens = [
    Ternary(
      encoding: TrainedTernary(threshold: 0.05, of: .largest, unit: 1),
      values: [1.25, 1.25, 1.25, -0.5, -0.5, -0.5, 1.25, 1.25, 1.25, -0.5, -0.5, -0.5],
      byMasters: [
        1.25, 0.6753779, -0.5201835, -0.4949962, -0.3268218, 0.1418311, 1.2002129, 0.9423778, -0.181875,
        -0.4555651, -0.4195358, 0.0022128,
      ], byNumbers: [2.692728, 3.10575]),
    Ternary(
      encoding: TrainedTernary(threshold: 0.7, of: .mean, unit: 0.25),
      values: [0.3125, 0.3125, 0.3125, 0, -0.125, -0.125, 0, 0.3125, 0.3125, 0, -0.125, -0.125],
      byMasters: [
        1.25, 0.6753779, -0.5201835, -0.9899925, -0.3268218, 0.1418311, 0.9601703, 0.9423778, -0.181875,
        -0.9111303, -0.4195358, 0.0022128,
      ], byNumbers: [0.4331394, 0.3011568]),
    Ternary(
      encoding: TrainedTernary(threshold: 0.6, of: .largest, unit: 1, inner: Sparse(mask: kept)),
      values: [0, 0, 1.25, 0, 0, -0.5, 0, 0, 1.25, 0, 0, -0.5],
      byMasters: [
        1, 0, -0.5201835, -0.9899925, 0, 0.1418311, 0.9601703, 0, -0.181875, -0.9111303, 0, 0.0022128,
      ], byNumbers: [-0.5616469, -0.2880879]),
  ]

  @Test(
    "Ternary: numbers and gradients are those of an independent implementation", arguments: ternaryGoldens)
  func ternary(_ golden: Ternary) {
    let found = passed(golden.encoding, grid: [1.25, 0.5])
    #expect(isClose(found.values, golden.values))
    #expect(isClose(found.byMasters, golden.byMasters))
    #expect(isClose(found.byGrid, golden.byNumbers))
  }

  @Test("Gradients by the two numbers are derivatives, by differences", arguments: ternaryGoldens)
  func derivatives(_ golden: Ternary) {
    func loss(_ grid: [Float]) -> Float {
      zip(passed(golden.encoding, grid: grid).values, Self.gradients).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let found = passed(golden.encoding, grid: [1.25, 0.5]).byGrid
    #expect(abs(found[0] - (loss([1.75, 0.5]) - loss([0.75, 0.5]))) < 1e-5)
    #expect(abs(found[1] - (loss([1.25, 1]) - loss([1.25, 0]))) < 1e-5)
  }

  @Test("Both numbers start at the means of their weights, and end in a codebook of the projection")
  func codebook() throws {
    let weight = Parameter(Tensor([2, 4, 0.1, -1, -0.1, 3, 0, 9], shape: [8]))
    let kept = Sparse(mask: Mask((0..<8).map { $0 < 7 }))
    for (encoding, masked) in [(Dense(), Float(9)), (kept, 0)] as [(any Encoding, Float)] {
      let start = try #require(
        TrainedTernary.start(
          Parameter(weight.value, encoding: encoding), threshold: 0.05, of: .largest))
      // Beyond a twentieth of 9 or of 4 lie 2, 4, 3 (and 9) and -1.
      let positive = masked == 0 ? Float(3) : 4.5
      #expect(isClose(start.numbers.map { $0 * start.encoding.unit }, [positive, 1]))
      let settled = try #require(start.encoding.settled(weight.value, numbers: start.numbers))
      let values = [positive, positive, 0, -1, 0, positive, 0, masked == 0 ? 0 : positive]
      #expect(isClose(settled.value.values, values))
      #expect(settled.projected == settled.value)
      let codebook = ((settled.encoding as? Sparse)?.inner ?? settled.encoding) as? Codebook
      #expect(codebook?.count == 3 && codebook?.hasZero == true && codebook?.bits == 2)
      #expect(settled.encoding.nonZeroCount(values.span) <= 7)
    }
    #expect(TrainedTernary.start(Parameter(Tensor(zeros: [4])), threshold: 0.05, of: .largest) == nil)
    let broken = TrainedTernary(threshold: 0.05, of: .largest, unit: 1)
    #expect(broken.settled(weight.value, numbers: [.infinity, 1]) == nil)
  }

  @Test("The numbers of a grid are a parameter of the layer while its weight has the encoding")
  func parameter() throws {
    var graph = try SmallGraph.perceptron.graph()
    let layer = try #require(graph.nodes.last { graph[.weight, of: $0.name] != nil })
    let weight = try #require(graph[.weight, of: layer.name])
    let integer = Integer(bits: 4, covering: weight.value, perChannel: true)
    let step = ParameterRole.step.name(of: layer.name)
    graph[.weight, of: layer.name]?.encoding = try #require(LearnedSteps(integer))
    #expect(errorMessage { try graph.verify() }.contains(step))
    graph.parameters[step] = Parameter(
      Tensor(integer.scales.map { 2 * $0 }, shape: [integer.scales.count]))
    try graph.verify()
    let wide = Integer(bits: 4, scales: integer.scales.map { 2 * $0 })
    let name = ParameterRole.weight.name(of: layer.name)
    #expect(graph.projected(name) == Parameter(weight.value, encoding: wide).projected)
    graph[.weight, of: layer.name]?.encoding = integer
    #expect(errorMessage { try graph.verify() }.contains(step))
  }

  @Test("Stored forms of other numbers are refused")
  func refusals() {
    let stored = StoredTensor(
      inner: ["dense"], streams: [.init(name: "values", bits: 32, symbols: [0, 0])])
    #expect(
      errorMessage { _ = try LearnedSteps.restore(stored, shape: [2]) }
        == "learned-steps: inner encoding: expected integers of at most 16 bits, found dense")
    let rule = [Float(1), 1, 0].map(\.bitPattern)
    let ternary = StoredTensor(inner: ["dense"], streams: [.init(name: "rule", bits: 32, symbols: rule)])
    #expect(
      errorMessage { _ = try TrainedTernary.restore(ternary, shape: [2]) }
        == "trained-ternary: rule: expected a threshold between 0 and 1, a positive unit, and 0 or 1, found [1.0, 1.0, 0.0]"
    )
  }
}
