import Foundation
public import Graphs
public import Tensors

/// The number that is added to the seeds of all random tensors: 0, or the value of `CONDENSE_TEST_SEED`.
///
/// No test may depend on the numbers that it draws: `make test` passes with other seeds too.
enum TestSeed {
  static let offset = ProcessInfo.processInfo.environment["CONDENSE_TEST_SEED"].flatMap(UInt64.init) ?? 0
}

extension Tensor {
  /// Uniform random numbers in a range, from a separate stream for each purpose.
  public init(
    random shape: Shape, in range: ClosedRange<Float> = -1...1, seed: UInt64, _ purpose: String = "tensor"
  ) {
    var random = SeededRandom(seed: seed &+ TestSeed.offset, purpose: purpose)
    self.init((0..<shape.count).map { _ in random.uniform(in: range) }, shape: shape)
  }
}

extension Initializer {
  /// Random numbers near this initial value that have no special value.
  ///
  /// Ones become 0.5...1.5 and zeros -0.3...0.3; weights are large enough for values to stay near one through
  /// many layers.
  func scattered(_ shape: Shape, seed: UInt64, _ purpose: String) -> Tensor {
    switch self {
    case .zeros: return Tensor(random: shape, in: -0.3...0.3, seed: seed, purpose)
    case .ones: return Tensor(random: shape, in: 0.5...1.5, seed: seed, purpose)
    case .uniform(let fanIn):
      let bound = (6 / Float(fanIn)).squareRoot()
      return Tensor(random: shape, in: -bound...bound, seed: seed, purpose)
    }
  }
}

extension Graph {
  /// Gives every parameter random values so that no two channels are alike, including statistics and norms.
  public mutating func scatterParameters(seed: UInt64) {
    for (name, slot) in nodes.flatMap({ slots(of: $0) }) {
      parameters[name] = Parameter(slot.initializer.scattered(slot.shape, seed: seed, name))
    }
  }
}
