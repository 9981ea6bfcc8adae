public import Graphs
public import Settings
public import Tensors

/// Encodings for tests of what runs them: projections that are continuous, so that the last bits of two backends never
/// make a step between them, and that change every element, so that one that is left out shows.

/// Every third element is zero, the others grow by a quarter; gradients pass halved where elements live.
public struct ThinnedEncoding: Encoding {
  public static let kind = "thinned"

  /// Makes the encoding.
  public init() {}

  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    for i in values.indices { values[i] *= i % 3 == 1 ? 0 : 1.25 }
  }
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    for i in gradient.indices { gradient[i] *= i % 3 == 1 ? 0 : 0.5 }
  }
  public var keepsProjectedMasters: Bool { false }
  public func nonZeroCount(_ values: Span<Float>) -> Int { values.count - (values.count + 1) / 3 }
  public var bits: Int { 32 }
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> ThinnedEncoding { self }
  public func afterChannelScaling() -> any Encoding { self }
  public func store(_ tensor: Tensor) -> StoredTensor { Dense().store(tensor) }
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (ThinnedEncoding, Tensor) {
    (ThinnedEncoding(), try Dense.restore(stored, shape: shape).1)
  }
}

/// Neighbours along the last axis share their mean, and their gradients; the larger a master, the less it learns.
public struct PairedEncoding: Encoding {
  public static let kind = "paired"

  /// Makes the encoding.
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

  public func project(_ values: inout MutableSpan<Float>, shape: Shape) { average(&values, shape) }
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    average(&gradient, shape)
    for i in gradient.indices { gradient[i] /= 1 + masters[i] * masters[i] }
  }
  public var keepsProjectedMasters: Bool { false }
  public func nonZeroCount(_ values: Span<Float>) -> Int { values.count }
  public var bits: Int { 32 }
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> PairedEncoding { self }
  public func afterChannelScaling() -> any Encoding { self }
  public func store(_ tensor: Tensor) -> StoredTensor { Dense().store(tensor) }
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (PairedEncoding, Tensor) {
    (PairedEncoding(), try Dense.restore(stored, shape: shape).1)
  }
}

/// Values clamped to a range and halved.
public struct HalvedValue: ValueEncoding {
  public static let kind = "halved"
  public static var settings: [Setting<HalvedValue>] {
    [Setting("limit", \.limit, in: 0...1e9, "the largest magnitude")]
  }

  /// The largest magnitude that passes.
  public var limit: Float = 1

  /// Values in -1...1.
  public init() {}
  /// Values in -limit...limit.
  public init(limit: Float) { self.limit = limit }

  public var bits: Int { 32 }
  public var range: ClosedRange<Float> { -limit...limit }
  public var problem: String? { limit > 0 ? nil : "a limit of \(limit), expected a positive number" }
  public func project(_ values: Span<Float>, into projected: inout MutableSpan<Float>) {
    for i in values.indices { projected[i] = min(max(values[i], -limit), limit) / 2 }
  }
}

extension Graph {
  /// The graph whose parameters and values have encodings: all of them, or those whose position is odd.
  ///
  /// Running statistics stay plain. A network's values lie around one, so a limit of 1.5 clamps some, and one of 8 none.
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
