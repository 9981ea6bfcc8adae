public import Graphs
public import Settings
public import Tensors

/// The magnitude of which the threshold of ternary weights is a share.
public enum TernaryThreshold: String, Sendable, SettingChoice {
  /// The largest magnitude of the layer's weights.
  case largest
  /// The mean magnitude of the layer's weights that are not masked.
  case mean
}

/// Weights that are zero or one of two numbers of either sign, whose magnitudes are learned (TTQ).
///
/// **Formula**: `w = unit · p` where `master > Δ`, `-unit · n` where `master < -Δ`, else 0, with
/// `Δ = threshold · max|master|`, or `threshold · mean|master|`. The learned p and n start near 1. The unit is
/// fixed, so that they move at the rate of the authors' implementation, in which all weights have the unit 1.
///
/// **Gradient**: by a master, straight through with the paper's factors: `p · dw`, `n · dw`, and `dw` for
/// zeros. By p, `unit · Σ dw` over the positive weights, and by n, `-unit · Σ dw` over the negative ones, which
/// are derivatives.
///
/// **Shapes**: masters `[O, …]`, numbers `[2]`: p and n.
///
/// **Paper**: Zhu, Han, Mao, Dally, "Trained ternary quantization", ICLR 2017, arXiv:1612.01064.
public struct TrainedTernary: TrainingEncoding, LearnedGrid {
  /// The name in files: `trained-ternary`.
  public static let kind = "trained-ternary"

  /// The share of a magnitude above which weights are not zero, more than 0 and less than 1.
  public let threshold: Float
  /// The magnitude of which the threshold is a share.
  public let rule: TernaryThreshold
  /// The factor of both numbers, positive.
  public let unit: Float
  /// Plain floats, or a mask around them.
  public let inner: any Encoding

  /// Makes an encoding; the threshold must be more than 0 and less than 1, and the unit a positive number.
  public init(threshold: Float, of rule: TernaryThreshold, unit: Float, inner: any Encoding = Dense()) {
    let problem = Self.problem(threshold: threshold, unit: unit)
    precondition(problem == nil, problem ?? "")
    self.threshold = threshold
    self.rule = rule
    self.unit = unit
    self.inner = inner
  }

  /// The encoding that starts at some weights, and the numbers p and n with the least squared error.
  ///
  /// The unit is the mean magnitude of the weights beyond the threshold. `nil` if no weight is normal.
  public static func start(
    _ weight: Parameter, threshold: Float, of rule: TernaryThreshold
  ) -> (encoding: TrainedTernary, numbers: [Float])? {
    let values = weight.projected.values
    let probe = TrainedTernary(threshold: threshold, of: rule, unit: 1, inner: weight.encoding)
    let border = probe.border(values.span)
    func mean(_ values: [Float]) -> Double? {
      values.isEmpty ? nil : values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
    }
    let (positive, negative) = (values.filter { $0 > border }, values.filter { $0 < -border }.map { -$0 })
    guard let unit = mean(positive + negative).map({ Float($0) }),
      problem(threshold: threshold, unit: unit) == nil
    else { return nil }
    let encoding = TrainedTernary(threshold: threshold, of: rule, unit: unit, inner: weight.encoding)
    return (encoding, [positive, negative].map { mean($0).map { Float($0 / Double(unit)) } ?? 1 })
  }

  /// The reason for which numbers are invalid; `nil` if they are valid.
  private static func problem(threshold: Float, unit: Float) -> String? {
    guard threshold > 0, threshold < 1 else { return "a threshold of \(threshold)" }
    return unit >= .leastNormalMagnitude && unit.isFinite ? nil : "a unit of \(unit)"
  }

  /// The parameter as it ships: a codebook of zero and the two numbers; `nil` if a number is not finite.
  public func settled(_ masters: Tensor, numbers: [Float]) -> Parameter? {
    var tensor = masters
    var span = tensor.values.mutableSpan
    project(&span, grid: numbers.span, shape: masters.shape)
    guard tensor.values.allSatisfy(\.isFinite) else { return nil }
    let border = border(masters.values.span)
    let mask = (inner as? Sparse)?.mask
    let clusters = masters.values.enumerated().map { index, master -> UInt16 in
      mask?[index] == false ? 0 : master > border ? 1 : master < -border ? 2 : 0
    }
    let codebook = Codebook(assignments: clusters, count: 3, hasZero: true)
    return Parameter(tensor, encoding: mask.map { Sparse(mask: $0, inner: codebook) } ?? codebook)
  }

  /// The magnitude above which masters are not zero.
  private func border(_ masters: Span<Float>) -> Float {
    let mask = (inner as? Sparse)?.mask
    var (largest, sum, count) = (Float(0), 0.0, 0)
    for i in masters.indices where mask?[i] ?? true {
      let magnitude = masters[i].magnitude
      largest = max(largest, magnitude)
      sum += Double(magnitude)
      count += 1
    }
    return threshold * (rule == .largest ? largest : Float(sum / Double(max(count, 1))))
  }

  /// Equal if thresholds, units and inner encodings are.
  public static func == (a: TrainedTernary, b: TrainedTernary) -> Bool {
    a.threshold == b.threshold && a.rule == b.rule && a.unit == b.unit && a.inner.isEqual(to: b.inner)
  }

  /// Two bits for three numbers.
  public var bits: Int { 2 }

  /// The two numbers, p and n.
  public func gridSlot(_ shape: Shape) -> ParameterSlot { ParameterSlot(.step, [2], .ones) }

  /// Projects with p and n of 1.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    let ones: [Float] = [1, 1]
    project(&values, grid: ones.span, shape: shape)
  }

  /// Passes gradients straight through, within the mask.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    inner.backward(&gradient, masters: masters, shape: shape)
  }

  /// Replaces each element by zero or one of both numbers.
  public func project(_ values: inout MutableSpan<Float>, grid: Span<Float>, shape: Shape) {
    let border = border(values.span)
    let (positive, negative) = (unit * grid[0], -unit * grid[1])
    for i in values.indices {
      let value = values[i]
      // NaN stays NaN, so that a diverging training is noticed.
      values[i] = value > border ? positive : value < -border ? negative : value == value ? 0 : value
    }
    inner.project(&values, shape: shape)
  }

  /// Writes the paper's gradients by masters, and the derivatives by both numbers.
  public func backward(
    _ gradient: inout MutableSpan<Float>, masters: Span<Float>, grid: Span<Float>,
    gridGradient: inout MutableSpan<Float>, shape: Shape
  ) {
    inner.backward(&gradient, masters: masters, shape: shape)
    let border = border(masters)
    let (positive, negative) = (grid[0], grid[1])
    var (byPositive, byNegative) = (0.0, 0.0)
    for i in gradient.indices {
      let (master, slope) = (masters[i], gradient[i])
      if master > border {
        byPositive += Double(slope)
        gradient[i] = positive * slope
      } else if master < -border {
        byNegative -= Double(slope)
        gradient[i] = negative * slope
      }
    }
    gridGradient[0] = unit * Float(byPositive)
    gridGradient[1] = unit * Float(byNegative)
  }

  /// The elements that the inner encoding counts.
  public func nonZeroCount(_ values: Span<Float>) -> Int { inner.nonZeroCount(values) }

  /// The slice of the inner encoding, with the same threshold and unit.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> TrainedTernary {
    TrainedTernary(
      threshold: threshold, of: rule, unit: unit, inner: inner.sliced(kept, shape: shape))
  }

  /// The rest of the inner encoding: channels with different factors no longer share numbers.
  public func afterChannelScaling() -> any Encoding { inner.afterChannelScaling() }

  /// Stores the stream `rule` (threshold, unit, and 1 if the mean counts, as floats), then those of the inner
  /// encoding.
  public func store(_ tensor: Tensor) -> StoredTensor {
    let numbers = [threshold, unit, rule == .mean ? 1 : 0]
    return stored(tensor, behind: [.init(name: "rule", bits: 32, symbols: numbers.map(\.bitPattern))])
  }

  /// Restores threshold, unit and inner encoding; refuses other numbers, and an inner encoding of other kinds.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (TrainedTernary, Tensor) {
    let numbers = try stored.stream("rule", bits: 32, of: kind).map(Float.init(bitPattern:))
    guard numbers.count == 3, problem(threshold: numbers[0], unit: numbers[1]) == nil else {
      throw .invalid(
        kind: kind, what: "rule", expected: "a threshold between 0 and 1, a positive unit, and 0 or 1",
        found: "\(numbers)")
    }
    let (inner, tensor) = try restoreInner(stored, shape: shape, behind: 1)
    let encoding = TrainedTernary(
      threshold: numbers[0], of: numbers[2] == 1 ? .mean : .largest, unit: numbers[1], inner: inner)
    return (encoding, tensor)
  }
}
