import Foundation
public import Graphs
public import Tensors

/// Variances of Gaussian weights, whose masters are their logarithms: they stay positive, and steps are ratios.
///
/// **Formula**: `w = inner(exp(master))`.
///
/// **Gradient**: `inner'(gradient) ⊙ exp(master)`.
///
/// It belongs to a layer of variances beside one of means. `divergence` is the factor by which the trainer adds, to what a step
/// minimizes, the divergence of these weights from their prior (`LogUniformDivergence`), a share 1/N of it for N training images.
///
/// **Paper**: Molchanov, Ashukha, Vetrov, "Variational dropout sparsifies deep neural networks", 2017, arXiv:1701.05369.
public struct LogVariance: TrainingEncoding {
  public static let kind = "log-variance"

  /// The factor of the divergence at present, 0 or more.
  public let divergence: Float
  /// Plain floats, or the mask that the means have: what is pruned for good has no variance.
  public let inner: any Encoding

  /// Makes an encoding.
  public init(divergence: Float, inner: any Encoding = Dense()) {
    precondition(divergence >= 0 && divergence.isFinite, "a factor")
    self.divergence = divergence
    self.inner = inner
  }

  public static func == (a: LogVariance, b: LogVariance) -> Bool {
    a.divergence == b.divergence && a.inner.isEqual(to: b.inner)
  }

  public var mastersAreWeights: Bool { false }

  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    for i in values.indices { values[i] = exp(values[i]) }
    inner.project(&values, shape: shape)
  }

  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    inner.backward(&gradient, masters: masters, shape: shape)
    for i in gradient.indices { gradient[i] *= exp(masters[i]) }
  }

  public func nonZeroCount(_ values: Span<Float>) -> Int { inner.nonZeroCount(values) }

  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> LogVariance {
    LogVariance(divergence: divergence, inner: inner.sliced(kept, shape: shape))
  }

  public func afterChannelScaling() -> any Encoding { self }

  /// The stream `divergence`, one float, then the inner encoding's of the variances.
  public func store(_ tensor: Tensor) -> StoredTensor {
    stored(tensor, behind: [.init(name: "divergence", bits: 32, symbols: [divergence.bitPattern])])
  }

  /// Refuses a factor that is negative or not finite, and an inner encoding that does not ship.
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
