public import Graphs
public import Tensors

/// Weights of one bit: plus or minus a scale.
///
/// **Formula**: `w ≈ scale[c] · sign(w)`, where zero counts as positive and c is the index on axis 0; one
/// scale may serve the whole tensor. The mean of |w| is the scale with the least squared error.
///
/// **Gradient**: straight through. It is zero where the master lies more than `reach` scales from zero and
/// the gradient would move it further. Masters therefore stay bounded, as if they were clipped, and can
/// always come back.
///
/// **Papers**: Courbariaux, Bengio, David, "BinaryConnect: training deep neural networks with binary weights
/// during propagations", NIPS 2015, arXiv:1511.00363; Rastegari, Ordonez, Redmon, Farhadi, "XNOR-Net:
/// ImageNet classification using binary convolutional neural networks", ECCV 2016, arXiv:1603.05279.
public struct Binary: Encoding {
  /// The name in files: `binary`.
  public static let kind = "binary"
  /// The distance from zero that masters may reach, in scales.
  public static let reach: Float = 2

  /// The magnitudes: one for each output channel (axis 0), or a single one.
  public let scales: [Float]

  /// Makes an encoding of at least one scale; scales must be positive normal numbers.
  public init(scales: [Float]) {
    let problem = Self.problem(scales)
    precondition(problem == nil, problem ?? "")
    self.scales = scales
  }

  /// The reason for which scales are invalid; `nil` if they are valid.
  static func problem(_ scales: [Float]) -> String? {
    guard !scales.isEmpty else { return "no scale" }
    return scales.first { !($0 >= .leastNormalMagnitude && $0.isFinite) }
      .map { "a scale of \($0), expected a positive number" }
  }

  /// One bit for a sign.
  public var bits: Int { 1 }
  /// The signed integers of two bits with the same scales, which include both numbers.
  public var grid: Integer { Integer(bits: 2, scales: scales) }
  /// False: small updates must add up until a sign changes.
  public var keepsProjectedMasters: Bool { false }
  /// All elements: no weight is zero.
  public func nonZeroCount(_ values: Span<Float>) -> Int { values.count }

  /// Replaces each element by plus or minus the scale of its channel.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    let width = rowWidth(values.count, shape)
    for (channel, scale) in scales.enumerated() {
      Self.project(&values, (channel * width)..<((channel + 1) * width), scale)
    }
  }

  private static func project(_ values: inout MutableSpan<Float>, _ row: Range<Int>, _ scale: Float) {
    precondition(row.lowerBound >= 0 && row.upperBound <= values.count)
    // NaN stays NaN, so that a diverging training is noticed.
    for i in row { values[i] = values[i] >= 0 ? scale : values[i] < 0 ? -scale : values[i] }
  }

  /// Passes gradients straight through, but for those that would move a distant master further away.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    let width = rowWidth(gradient.count, shape)
    for (channel, scale) in scales.enumerated() {
      Self.backward(
        &gradient, masters, (channel * width)..<((channel + 1) * width), bound: Self.reach * scale)
    }
  }

  private static func backward(
    _ gradient: inout MutableSpan<Float>, _ masters: Span<Float>, _ row: Range<Int>, bound: Float
  ) {
    precondition(row.lowerBound >= 0 && row.upperBound <= gradient.count && row.upperBound <= masters.count)
    for i in row {
      let returns = masters[i] * gradient[i] > 0
      gradient[i] = masters[i].magnitude <= bound || returns ? gradient[i] : 0
    }
  }

  private func rowWidth(_ count: Int, _ shape: Shape) -> Int {
    precondition(
      scales.count == 1 || scales.count == shape[0], "\(scales.count) scales for a tensor of \(shape)")
    return count / scales.count
  }

  /// The scales of the channels that are kept.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Binary {
    guard scales.count > 1, let channels = kept[0] else { return self }
    return Binary(scales: channels.map { scales[$0] })
  }

  /// Dense: channels that are scaled need other scales.
  public func afterChannelScaling() -> any Encoding { Dense() }

  /// Multiplies each channel's scale by the magnitude of its factor; a negative factor turns the signs.
  public func scalingChannels(by factors: [Float], shape: Shape) -> Binary? {
    guard let scaled = scaled(scales, by: factors), Self.problem(scaled) == nil else { return nil }
    return Binary(scales: scaled)
  }

  /// Stores the streams `scales` (floats) and `signs` (1 for plus).
  public func store(_ tensor: Tensor) -> StoredTensor {
    StoredTensor(streams: [
      .init(name: "scales", bits: 32, symbols: scales.map(\.bitPattern)),
      .init(name: "signs", bits: 1, symbols: tensor.values.map { $0 > 0 ? 1 : 0 }, isElementwise: true),
    ])
  }

  /// Restores signs; throws for scales that are not positive, or neither one nor one a channel.
  public static func restore(_ stored: StoredTensor, shape: Shape) throws(EncodingError) -> (Binary, Tensor) {
    let scales = try stored.stream("scales", bits: 32, of: kind).map(Float.init(bitPattern:))
    if let problem = problem(scales) {
      throw .invalid(kind: kind, what: "scales", expected: "positive numbers", found: problem)
    }
    guard scales.count == 1 || (shape.rank > 0 && scales.count == shape[0]) else {
      throw .invalid(
        kind: kind, what: "scales", expected: "1, or 1 for each index on axis 0 of \(shape)",
        found: "\(scales.count)")
    }
    let signs = try stored.stream("signs", bits: 1, of: kind)
    guard signs.count == shape.count else {
      throw .invalid(
        kind: kind, what: "signs", expected: "\(shape.count) for \(shape)", found: "\(signs.count)")
    }
    let width = max(signs.count / scales.count, 1)
    let values = signs.enumerated().map { $1 == 1 ? scales[$0 / width] : -scales[$0 / width] }
    return (Binary(scales: scales), Tensor(values, shape: shape))
  }
}
