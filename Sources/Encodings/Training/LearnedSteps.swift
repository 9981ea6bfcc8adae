public import Graphs
public import Tensors

/// Integers whose steps are learned together with the masters (LSQ).
///
/// **Formula**: `w = s · round(clamp(v, -m, m))` with `v = master/s`, `m = 2^(bits-1) - 1` and ties to even,
/// where s is the step of the output channel or of the whole tensor, held at 2⁻¹⁰⁰ or more. Elements outside
/// a mask are zero.
///
/// **Gradient**: by a master, straight through: `dw` where `|v| ≤ m`, else 0. By a step, the sum over its
/// elements of dw times `round(v) - v` where `|v| ≤ m`, elsewhere times `m` or `-m`, divided by `√(n · m)`
/// for n elements within the mask, so that steps move as fast, relative to their size, as weights. The
/// rounded value has no derivatives.
///
/// **Shapes**: masters `[O, …]`, steps `[O]` or `[1]`, as many as the integers that ship have scales.
///
/// The paper's weights reach from `-2^(bits-1)`; the integers that ship, and so these, are symmetric.
///
/// **Paper**: Esser, McKinstry, Bablani, Appuswamy, Modha, "Learned step size quantization", ICLR 2020,
/// arXiv:1902.08153.
public struct LearnedSteps: TrainingEncoding, LearnedGrid {
  /// The name in files: `learned-steps`.
  public static let kind = "learned-steps"
  /// The least step.
  public static let leastStep: Float = 0x1p-100

  /// The integers with the steps at which the training started, alone or under a mask.
  public let inner: any Encoding
  /// The integers themselves.
  private let integers: Integer

  /// Makes an encoding of integers, which may be under a mask; `nil` for other numbers.
  public init?(_ inner: any Encoding) {
    guard let integers = ((inner as? Sparse)?.inner ?? inner) as? Integer, integers.bits <= 16 else {
      return nil
    }
    self.inner = inner
    self.integers = integers
  }

  /// The start of steps by the paper: `2 · mean|w| / √m` for each output channel or for all weights.
  ///
  /// Zeros, such as masked weights, have no part in the mean. A channel of zeros gets 0.
  public static func start(of weight: Tensor, bits: Int, perChannel: Bool) -> [Float] {
    let channels = perChannel && weight.shape.rank > 0 ? weight.shape[0] : 1
    let width = weight.values.count / max(channels, 1)
    let root = Double(Integer.limit(bits: bits)).squareRoot()
    return (0..<channels).map { channel in
      var (sum, count) = (0.0, 0)
      for value in weight.values[channel * width..<(channel + 1) * width] where value != 0 {
        sum += Double(value.magnitude)
        count += 1
      }
      return count == 0 ? 0 : Float(2 * sum / Double(count) / root)
    }
  }

  /// The steps at which the training started.
  public var steps: [Float] { integers.scales }

  /// The encoding that ships with learned steps; `nil` if a step makes no valid integers.
  public func settled(_ steps: [Float]) -> (any Encoding)? {
    let scales = steps.map { max($0, Self.leastStep) }
    guard steps.allSatisfy(\.isFinite), Integer.problem(bits: integers.bits, scales: scales) == nil else {
      return nil
    }
    let settled = Integer(bits: integers.bits, scales: scales)
    return mask.map { Sparse(mask: $0, inner: settled) } ?? settled
  }

  private var mask: Mask? { (inner as? Sparse)?.mask }

  /// Equal if the inner encodings are.
  public static func == (a: LearnedSteps, b: LearnedSteps) -> Bool { a.inner.isEqual(to: b.inner) }

  /// One step a channel, or one for all.
  public func gridSlot(_ shape: Shape) -> ParameterSlot {
    ParameterSlot(.step, [steps.count], .ones, outputAxis: steps.count > 1 ? 0 : nil)
  }

  /// Projects onto the integers at the start.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    inner.project(&values, shape: shape)
  }

  /// Applies the rule of the integers at the start.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    inner.backward(&gradient, masters: masters, shape: shape)
  }

  /// Rounds each element to the nearest multiple of its channel's step.
  public func project(_ values: inout MutableSpan<Float>, grid: Span<Float>, shape: Shape) {
    let width = rowWidth(values.count, grid.count)
    let limit = Float(Integer.limit(bits: integers.bits))
    for channel in grid.indices {
      let step = Self.held(grid[channel])
      for i in channel * width..<(channel + 1) * width {
        values[i] = roundedToEven(clamped(values[i] / step, -limit, limit)) * step
      }
    }
    mask?.apply(to: &values)
  }

  /// Writes the gradients that stand in for derivatives of the rounded masters.
  public func backward(
    _ gradient: inout MutableSpan<Float>, masters: Span<Float>, grid: Span<Float>,
    gridGradient: inout MutableSpan<Float>, shape: Shape
  ) {
    mask?.apply(to: &gradient)
    let width = rowWidth(gradient.count, grid.count)
    let limit = Float(Integer.limit(bits: integers.bits))
    for channel in grid.indices {
      let step = Self.held(grid[channel])
      let row = channel * width..<(channel + 1) * width
      var sum = 0.0
      for i in row {
        let multiple = masters[i] / step
        let nearest = roundedToEven(clamped(multiple, -limit, limit))
        let isWithin = multiple.magnitude <= limit
        sum += Double(gradient[i] * (isWithin ? nearest - multiple : nearest))
        gradient[i] = isWithin ? gradient[i] : 0
      }
      let count = mask.map { mask in row.reduce(0) { $0 + (mask[$1] ? 1 : 0) } } ?? width
      gridGradient[channel] = Float(sum) / (Float(max(count, 1)) * limit).squareRoot()
    }
  }

  private func rowWidth(_ count: Int, _ steps: Int) -> Int {
    precondition(steps == self.steps.count, "\(steps) steps for \(self.steps.count) scales")
    return count / steps
  }

  /// The step, at least 2⁻¹⁰⁰; NaN if it is NaN.
  private static func held(_ step: Float) -> Float { step < leastStep ? leastStep : step }

  /// The elements that the inner encoding counts.
  public func nonZeroCount(_ values: Span<Float>) -> Int { inner.nonZeroCount(values) }

  /// The slice of the inner encoding.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> LearnedSteps {
    LearnedSteps(inner.sliced(kept, shape: shape)) ?? self
  }

  /// The rest of the inner encoding: steps do not follow scaled channels.
  public func afterChannelScaling() -> any Encoding { inner.afterChannelScaling() }

  /// Stores the streams of the inner encoding.
  public func store(_ tensor: Tensor) -> StoredTensor { stored(tensor, behind: []) }

  /// Restores the inner encoding; refuses one that is not of integers of at most 16 bits.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (LearnedSteps, Tensor) {
    let (inner, tensor) = try restoreInner(stored, shape: shape, behind: 0)
    guard let encoding = LearnedSteps(inner) else {
      throw .invalid(
        kind: kind, what: "inner encoding", expected: "integers of at most 16 bits", found: inner.kind)
    }
    return (encoding, tensor)
  }
}
