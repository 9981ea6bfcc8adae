public import Graphs
public import Settings
public import Tensors

// Encodings for tests of the code that runs encodings. Their projections are continuous, so that the last
// bits of two backends never decide about a jump. They change every element, so that a missing projection
// shows.

/// An encoding that sets every third element to zero and multiplies the others by 1.25; gradients of these
/// are halved.
public struct ThinnedEncoding: Encoding {
  /// The kind of this encoding: `thinned`.
  public static let kind = "thinned"

  /// Creates the encoding.
  public init() {}

  /// Multiplies every third element, from index 1 on, by 0 and all others by 1.25.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    for i in values.indices { values[i] *= i % 3 == 1 ? 0 : 1.25 }
  }
  /// Multiplies every third element of the gradient by 0 and all others by 0.5.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    for i in gradient.indices { gradient[i] *= i % 3 == 1 ? 0 : 0.5 }
  }
  /// False: masters keep their own values.
  public var keepsProjectedMasters: Bool { false }
  /// The number of elements that the projection does not set to zero.
  public func nonZeroCount(_ values: Span<Float>) -> Int { values.count - (values.count + 1) / 3 }
  /// 32 bits for each element.
  public var bits: Int { 32 }
  /// The encoding itself, for any part of the tensor.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> ThinnedEncoding { self }
  /// The encoding itself.
  public func afterChannelScaling() -> any Encoding { self }
  /// Stores the tensor densely.
  public func store(_ tensor: Tensor) -> StoredTensor { Dense().store(tensor) }
  /// Restores a dense tensor.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (ThinnedEncoding, Tensor) {
    (ThinnedEncoding(), try Dense.restore(stored, shape: shape).1)
  }
}

/// An encoding by which neighbours along the last axis share their mean and their gradients.
///
/// The larger a master is, the smaller is its gradient.
public struct PairedEncoding: Encoding {
  /// The kind of this encoding: `paired`.
  public static let kind = "paired"

  /// Creates the encoding.
  public init() {}

  private func average(_ values: inout MutableSpan<Float>, _ shape: Shape) {
    let width = shape.dimensions.last ?? 1
    for row in 0..<shape.count / max(width, 1) {
      for i in stride(from: row * width, to: (row + 1) * width - 1, by: 2) {
        let mean = (values[i] + values[i + 1]) / 2
        values[i] = mean
        values[i + 1] = mean
      }
    }
  }

  /// Replaces each pair of neighbours by its mean; the last element of an odd row stays.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) { average(&values, shape) }
  /// Averages the gradients of each pair and divides them by 1 + master².
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    average(&gradient, shape)
    for i in gradient.indices { gradient[i] /= 1 + masters[i] * masters[i] }
  }
  /// False: masters keep their own values.
  public var keepsProjectedMasters: Bool { false }
  /// The number of all elements.
  public func nonZeroCount(_ values: Span<Float>) -> Int { values.count }
  /// 32 bits for each element.
  public var bits: Int { 32 }
  /// The encoding itself, for any part of the tensor.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> PairedEncoding { self }
  /// The encoding itself.
  public func afterChannelScaling() -> any Encoding { self }
  /// Stores the tensor densely.
  public func store(_ tensor: Tensor) -> StoredTensor { Dense().store(tensor) }
  /// Restores a dense tensor.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (PairedEncoding, Tensor) {
    (PairedEncoding(), try Dense.restore(stored, shape: shape).1)
  }
}

/// An encoding that clamps values to a range and halves them.
public struct HalvedValue: ValueEncoding {
  /// The kind of this encoding: `halved`.
  public static let kind = "halved"
  /// Settings: `limit`.
  public static var settings: [Setting<HalvedValue>] {
    [Setting("limit", \.limit, in: 0...1e9, "the largest magnitude")]
  }

  /// The largest magnitude that passes unclamped.
  public var limit: Float = 1

  /// Creates an encoding of values in -1...1.
  public init() {}
  /// Creates an encoding of values in -limit...limit.
  public init(limit: Float) { self.limit = limit }

  /// 32 bits for each value.
  public var bits: Int { 32 }
  /// The range -limit...limit.
  public var range: ClosedRange<Float> { -limit...limit }
  /// The reason why the limit is refused; `nil` for a positive limit.
  public var problem: String? { limit > 0 ? nil : "a limit of \(limit), expected a positive number" }
  /// Computes min(max(x, -limit), limit) / 2.
  public func project(_ values: Span<Float>, into projected: inout MutableSpan<Float>) {
    for i in values.indices { projected[i] = min(max(values[i], -limit), limit) / 2 }
  }
}

extension Graph {
  /// The graph with encodings of its parameters and values: of all of them, or of those at odd positions.
  ///
  /// Running statistics have no encoding. The values of a network lie around one, so a limit of 1.5 clamps
  /// some of them, and a limit of 8 none.
  public func encoded(
    parameters: Bool = true, values: Bool = true, everyOther: Bool = false, limit: Float = 1.5
  ) -> Graph {
    var graph = self
    let slots = nodes.flatMap { self.slots(of: $0) }.filter(\.slot.isTrainable)
    for (position, (name, _)) in slots.enumerated() where parameters && !(everyOther && position % 2 == 0) {
      graph.parameters[name]?.encoding = position % 4 < 2 ? ThinnedEncoding() : PairedEncoding()
    }
    let names = inputs.map(\.name) + nodes.map(\.name)
    for (position, name) in names.enumerated() where values && !(everyOther && position % 2 == 0) {
      graph.values[name] = HalvedValue(limit: limit)
    }
    return graph
  }
}
