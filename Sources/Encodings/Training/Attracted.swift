public import Graphs
public import Tensors

/// Masters that are pulled towards a target in training, by a quadratic penalty on each element.
///
/// **Formula**: `w = inner(master)`. The loss gets the term `Σ_i strength[i]/2 · (master[i] - target[i])²`.
///
/// **Gradient**: `inner'(gradient + strength ⊙ (master - target))`, so elements whose gradient the inner
/// encoding stops are not pulled.
///
/// **Papers**: Zhang, Ye, Zhang, et al., "A systematic DNN weight pruning framework using alternating
/// direction method of multipliers", 2018, arXiv:1804.03294; Wang, Qin, Zhang, Fu, "Neural pruning via
/// growing regularization", 2021, arXiv:2012.09243.
public struct Attracted: TrainingEncoding {
  /// The name in files: `attracted`.
  public static let kind = "attracted"

  /// The target of each master, row-major, or one number for all.
  public let target: [Float]
  /// The strength of the pull, 0 or more, row-major, or one number for all.
  public let strength: [Float]
  /// The encoding that the parameter ships with.
  public let inner: any Encoding

  /// Makes an encoding from one number for each element, or single numbers.
  public init(to target: [Float], strength: [Float], inner: any Encoding = Dense()) {
    precondition(!target.isEmpty && !strength.isEmpty, "a target and a strength")
    self.target = target
    self.strength = strength
    self.inner = inner
  }

  /// Equal if targets, strengths and inner encodings are.
  public static func == (a: Attracted, b: Attracted) -> Bool {
    a.target == b.target && a.strength == b.strength && a.inner.isEqual(to: b.inner)
  }

  /// Projects by the inner encoding.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    inner.project(&values, shape: shape)
  }

  /// Adds the pull to the gradient, and applies the inner encoding's rule.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    let (target, strength) = (target.span, strength.span)
    let (targetStep, strengthStep) = (target.count > 1 ? 1 : 0, strength.count > 1 ? 1 : 0)
    for i in gradient.indices {
      gradient[i] += strength[i * strengthStep] * (masters[i] - target[i * targetStep])
    }
    inner.backward(&gradient, masters: masters, shape: shape)
  }

  /// The elements that the inner encoding counts.
  public func nonZeroCount(_ values: Span<Float>) -> Int { inner.nonZeroCount(values) }

  /// The slice of targets, strengths and the inner encoding.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Attracted {
    func slice(_ numbers: [Float]) -> [Float] {
      numbers.count > 1 ? Self.sliced(numbers, kept, shape: shape) : numbers
    }
    return Attracted(to: slice(target), strength: slice(strength), inner: inner.sliced(kept, shape: shape))
  }

  /// The rest of the inner encoding: for scaled masters the target is no longer valid.
  public func afterChannelScaling() -> any Encoding { inner.afterChannelScaling() }

  /// Stores the streams `target` and `strength` (floats), then those of the inner encoding.
  public func store(_ tensor: Tensor) -> StoredTensor {
    stored(
      tensor,
      behind: [
        .init(name: "target", bits: 32, symbols: target.map(\.bitPattern)),
        .init(name: "strength", bits: 32, symbols: strength.map(\.bitPattern)),
      ])
  }

  /// Restores targets, strengths and the inner encoding; throws where a file contradicts itself.
  ///
  /// It refuses numbers that are not finite, negative strengths, other than one number or one an element, and
  /// an inner encoding that does not ship.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (Attracted, Tensor) {
    func numbers(_ name: String, from least: Float) throws(EncodingError) -> [Float] {
      let numbers = try stored.stream(name, bits: 32, of: kind).map(Float.init(bitPattern:))
      guard numbers.count == 1 || numbers.count == shape.count, !numbers.isEmpty else {
        throw .invalid(
          kind: kind, what: name, expected: "1 number, or \(shape.count)", found: "\(numbers.count)")
      }
      if let bad = numbers.first(where: { !($0 >= least && $0.isFinite) }) {
        throw .invalid(kind: kind, what: name, expected: "finite numbers from \(least)", found: "\(bad)")
      }
      return numbers
    }
    let target = try numbers("target", from: -.greatestFiniteMagnitude)
    let strength = try numbers("strength", from: 0)
    let (inner, tensor) = try restoreInner(stored, shape: shape, behind: 2)
    return (Attracted(to: target, strength: strength, inner: inner), tensor)
  }
}
