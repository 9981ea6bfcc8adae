public import Graphs
public import Tensors

/// Weights whose path through a training is followed, to learn the part that each had in the loss's change.
///
/// **Formula**: `w = inner(master)`. Beside it stands the path integral of the loss's derivative,
/// `integral ≈ ∫ dE/dw dw` from the first to the last point, by the trapezoidal rule over the points at which
/// a method looks.
///
/// **Gradient**: that of the inner encoding; training is the same with this encoding as without.
///
/// **Paper**: Karnin, "A simple procedure for pruning back-propagation trained neural networks", 1990,
/// doi:10.1109/72.80236.
public struct Traced: TrainingEncoding {
  /// The name in files: `traced`.
  public static let kind = "traced"

  /// The weights at the first point, as kernels saw them, row-major.
  public let start: [Float]
  /// The weights at the last point.
  public let last: [Float]
  /// The loss's derivative by each weight at the last point.
  public let slope: [Float]
  /// The path integral of the derivative from the first to the last point.
  public let integral: [Float]
  /// The encoding that the parameter ships with.
  public let inner: any Encoding

  /// Begins a path at some weights, with the loss's derivative by each.
  public init(at weights: [Float], slope: [Float], inner: any Encoding = Dense()) {
    self.init(
      start: weights, last: weights, slope: slope,
      integral: Array(repeating: 0, count: weights.count), inner: inner)
  }

  private init(
    start: [Float], last: [Float], slope: [Float], integral: [Float], inner: any Encoding
  ) {
    precondition(
      [last, slope, integral].allSatisfy { $0.count == start.count }, "numbers an element")
    self.start = start
    self.last = last
    self.slope = slope
    self.integral = integral
    self.inner = inner
  }

  /// The path with another point behind the last one, with the loss's derivative there.
  ///
  /// **Formula**: `integral + (slope + slope')/2 · (w' - last)`.
  public func followed(to weights: [Float], slope: [Float]) -> Traced {
    let integral = weights.indices.map { i in
      self.integral[i] + (self.slope[i] + slope[i]) / 2 * (weights[i] - last[i])
    }
    return Traced(start: start, last: weights, slope: slope, integral: integral, inner: inner)
  }

  /// Equal if paths and inner encodings are.
  public static func == (a: Traced, b: Traced) -> Bool {
    a.start == b.start && a.last == b.last && a.slope == b.slope && a.integral == b.integral
      && a.inner.isEqual(to: b.inner)
  }

  /// Projects by the inner encoding.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    inner.project(&values, shape: shape)
  }

  /// Applies the inner encoding's rule.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    inner.backward(&gradient, masters: masters, shape: shape)
  }

  /// The elements that the inner encoding counts.
  public func nonZeroCount(_ values: Span<Float>) -> Int { inner.nonZeroCount(values) }

  /// The slice of the path and the inner encoding.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Traced {
    func slice(_ numbers: [Float]) -> [Float] { Self.sliced(numbers, kept, shape: shape) }
    return Traced(
      start: slice(start), last: slice(last), slope: slice(slope), integral: slice(integral),
      inner: inner.sliced(kept, shape: shape))
  }

  /// The rest of the inner encoding: scaling weights is no step of their path.
  public func afterChannelScaling() -> any Encoding { inner.afterChannelScaling() }

  private static let names = ["start", "last", "slope", "integral"]

  /// Stores the streams `start`, `last`, `slope` and `integral` (floats), then those of the inner encoding.
  public func store(_ tensor: Tensor) -> StoredTensor {
    let streams = zip(Self.names, [start, last, slope, integral]).map { name, numbers in
      StoredTensor.Stream(name: name, bits: 32, symbols: numbers.map(\.bitPattern))
    }
    return stored(tensor, behind: streams)
  }

  /// Restores path and inner encoding.
  ///
  /// It refuses numbers that are not finite or not one for each element, and an inner encoding that does not
  /// ship.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (Traced, Tensor) {
    var parts: [[Float]] = []
    for name in names {
      let numbers = try stored.stream(name, bits: 32, of: kind).map(Float.init(bitPattern:))
      guard numbers.count == shape.count else {
        throw .invalid(kind: kind, what: name, expected: "\(shape.count) numbers", found: "\(numbers.count)")
      }
      if let bad = numbers.first(where: { !$0.isFinite }) {
        throw .invalid(kind: kind, what: name, expected: "finite numbers", found: "\(bad)")
      }
      parts.append(numbers)
    }
    let (inner, tensor) = try restoreInner(stored, shape: shape, behind: names.count)
    return (
      Traced(start: parts[0], last: parts[1], slope: parts[2], integral: parts[3], inner: inner), tensor
    )
  }
}
