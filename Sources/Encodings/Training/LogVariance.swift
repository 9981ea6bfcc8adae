import Foundation
public import Graphs
public import Tensors

/// Variances of Gaussian weights, with their logarithms as masters: they stay positive, and steps are ratios.
///
/// **Formula**: `w = inner(exp(master))`.
///
/// **Gradient**: `inner'(gradient) ⊙ exp(master)`.
///
/// It belongs to a layer of variances beside one of means. The trainer adds to the loss the divergence of
/// these weights from their prior (`LogUniformDivergence`), times `divergence`, and divided by the number of
/// training images.
///
/// **Paper**: Molchanov, Ashukha, Vetrov, "Variational dropout sparsifies deep neural networks", 2017,
/// arXiv:1701.05369.
public struct LogVariance: TrainingEncoding {
  /// The name in files: `log-variance`.
  public static let kind = "log-variance"

  /// The present factor of the divergence, 0 or more.
  public let divergence: Float
  /// Plain floats, or the mask of the means: weights that are pruned for good have no variance.
  public let inner: any Encoding

  /// Makes an encoding; the factor must be finite and not negative.
  public init(divergence: Float, inner: any Encoding = Dense()) {
    precondition(divergence >= 0 && divergence.isFinite, "a factor")
    self.divergence = divergence
    self.inner = inner
  }

  /// Equal if factors and inner encodings are.
  public static func == (a: LogVariance, b: LogVariance) -> Bool {
    a.divergence == b.divergence && a.inner.isEqual(to: b.inner)
  }

  /// False: masters are logarithms.
  public var mastersAreWeights: Bool { false }

  /// Takes the exponentials, and projects them by the inner encoding.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    for i in values.indices { values[i] = exp(values[i]) }
    inner.project(&values, shape: shape)
  }

  /// `inner'(gradient) ⊙ exp(master)`.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    inner.backward(&gradient, masters: masters, shape: shape)
    for i in gradient.indices { gradient[i] *= exp(masters[i]) }
  }

  /// The elements that the inner encoding counts.
  public func nonZeroCount(_ values: Span<Float>) -> Int { inner.nonZeroCount(values) }

  /// The slice of the inner encoding, with the same factor.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> LogVariance {
    LogVariance(divergence: divergence, inner: inner.sliced(kept, shape: shape))
  }

  /// The same encoding: scaled variances are variances.
  public func afterChannelScaling() -> any Encoding { self }

  /// Stores the stream `divergence` (one float), then those of the inner encoding for the variances.
  public func store(_ tensor: Tensor) -> StoredTensor {
    stored(tensor, behind: [.init(name: "divergence", bits: 32, symbols: [divergence.bitPattern])])
  }

  /// Restores the factor and the inner encoding.
  ///
  /// It refuses a factor that is negative or not finite, and an inner encoding that does not ship.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (LogVariance, Tensor) {
    let numbers = try stored.stream("divergence", bits: 32, of: kind).map(Float.init(bitPattern:))
    guard numbers.count == 1, numbers[0] >= 0, numbers[0].isFinite else {
      throw .invalid(
        kind: kind, what: "divergence", expected: "one finite number from 0", found: "\(numbers)")
    }
    let (inner, tensor) = try restoreInner(stored, shape: shape, behind: 1)
    return (LogVariance(divergence: numbers[0], inner: inner), tensor)
  }
}
