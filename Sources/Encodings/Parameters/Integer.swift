public import Graphs
public import Tensors

/// Symmetric signed integers of a width times a scale; zero is exact and there is no zero point.
///
/// **Formula**: `w ≈ scale[c] · q` and `q = clamp(round(w / scale[c]), -m, m)` with `m = 2^(bits-1) - 1` and
/// ties to even, where c is the index on axis 0; one scale may serve the whole tensor.
///
/// **Gradient**: straight through (Bengio et al., 2013, arXiv:1308.3432), and zero where the master lies more
/// than half a step beyond `±m · scale`. Masters are not replaced by their projections, so that small updates
/// add up between two steps.
///
/// **Widths**: 2…16 bits for weights, and 32 for biases, which are added to sums of products and have the
/// products' scale. At 32 bits, the precision above 2²⁴ steps is that of the masters' 24 bits.
///
/// **Paper**: Jacob et al., "Quantization and training of neural networks for efficient
/// integer-arithmetic-only inference", CVPR 2018, arXiv:1712.05877.
public struct Integer: Encoding {
  /// The name in files: `integer`.
  public static let kind = "integer"

  /// The bits of an integer: 2…16, or 32.
  public let bits: Int
  /// The steps: one for each output channel (axis 0), or a single one.
  public let scales: [Float]

  /// Makes an encoding of numbers for which `problem` is `nil`.
  public init(bits: Int, scales: [Float]) {
    let problem = Self.problem(bits: bits, scales: scales)
    precondition(problem == nil, problem ?? "")
    self.bits = bits
    self.scales = scales
  }

  /// The finest grid that reaches every element: `scale = max|w| / m` for each output channel or for all
  /// together.
  ///
  /// A channel of zeros gets the scale of the whole tensor, a tensor of zeros the scale 1.
  public init(bits: Int, covering tensor: Tensor, perChannel: Bool) {
    let limit = Float(Self.limit(bits: bits))
    // For the largest floats, the scale's largest multiple would round to infinity.
    let ceiling = (Float.greatestFiniteMagnitude / limit).nextDown
    func scale(_ values: ArraySlice<Float>) -> Float? {
      let largest = min(values.reduce(Float(0)) { max($0, $1.magnitude) } / limit, ceiling)
      return largest >= .leastNormalMagnitude ? largest : nil
    }
    let values = tensor.values
    let whole = scale(values[...]) ?? 1
    let channels = perChannel && tensor.shape.rank > 0 ? tensor.shape[0] : 1
    let width = values.count / max(channels, 1)
    let scales = (0..<channels).map { scale(values[($0 * width)..<(($0 + 1) * width)]) ?? whole }
    self.init(bits: bits, scales: scales)
  }

  /// The largest integer of a width: `2^(bits-1) - 1`.
  public static func limit(bits: Int) -> Int { 1 << (bits - 1) - 1 }

  /// The reason for which a width and scales are invalid; `nil` if they are valid.
  public static func problem(bits: Int, scales: [Float]) -> String? {
    guard (2...16).contains(bits) || bits == 32 else {
      return "integers of \(bits) bits, expected 2…16 or 32"
    }
    guard !scales.isEmpty else { return "no scale" }
    let limit = Float(Self.limit(bits: bits))
    let bad = scales.first { !($0 >= .leastNormalMagnitude && ($0 * limit).isFinite) }
    return bad.map { "a scale of \($0), expected a positive number whose largest multiple is finite" }
  }

  /// False: small updates must add up between two steps.
  public var keepsProjectedMasters: Bool { false }
  /// All elements, as no integer is zero by construction.
  public func nonZeroCount(_ values: Span<Float>) -> Int { values.count }

  /// Rounds each element to the nearest multiple of its channel's scale.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    let width = rowWidth(values.count, shape)
    let limit = Self.limit(bits: bits)
    for (channel, scale) in scales.enumerated() {
      let row = (channel * width)..<((channel + 1) * width)
      if bits <= 16 {
        Self.project(&values, row, scale, Float(limit))
      } else {
        Self.projectWide(&values, row, scale, Double(limit))
      }
    }
  }

  private static func project(
    _ values: inout MutableSpan<Float>, _ row: Range<Int>, _ scale: Float, _ limit: Float
  ) {
    precondition(row.lowerBound >= 0 && row.upperBound <= values.count)
    for i in row { values[i] = roundedToEven(clamped(values[i] / scale, -limit, limit)) * scale }
  }

  private static func projectWide(
    _ values: inout MutableSpan<Float>, _ row: Range<Int>, _ scale: Float, _ limit: Double
  ) {
    precondition(row.lowerBound >= 0 && row.upperBound <= values.count)
    let scale = Double(scale)
    for i in row {
      values[i] = Float(roundedToEven(clamped(Double(values[i]) / scale, -limit, limit)) * scale)
    }
  }

  /// Passes gradients straight through, and stops them for masters beyond the grid.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    let width = rowWidth(gradient.count, shape)
    for (channel, scale) in scales.enumerated() {
      let bound = (Float(Self.limit(bits: bits)) + 0.5) * scale
      Self.backward(&gradient, masters, (channel * width)..<((channel + 1) * width), bound: bound)
    }
  }

  private static func backward(
    _ gradient: inout MutableSpan<Float>, _ masters: Span<Float>, _ row: Range<Int>, bound: Float
  ) {
    precondition(row.lowerBound >= 0 && row.upperBound <= gradient.count && row.upperBound <= masters.count)
    for i in row { gradient[i] = masters[i].magnitude <= bound ? gradient[i] : 0 }
  }

  private func rowWidth(_ count: Int, _ shape: Shape) -> Int {
    precondition(
      scales.count == 1 || scales.count == shape[0], "\(scales.count) scales for a tensor of \(shape)")
    return count / scales.count
  }

  /// The scales of the channels that are kept.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Integer {
    guard scales.count > 1, let channels = kept[0] else { return self }
    return Integer(bits: bits, scales: channels.map { scales[$0] })
  }

  /// Dense: channels that are scaled need other scales.
  public func afterChannelScaling() -> any Encoding { Dense() }

  /// Multiplies each channel's scale by the magnitude of its factor; a negative factor turns the integers'
  /// signs.
  public func scalingChannels(by factors: [Float], shape: Shape) -> Integer? {
    guard let scaled = scaled(scales, by: factors), Self.problem(bits: bits, scales: scaled) == nil else {
      return nil
    }
    return Integer(bits: bits, scales: scaled)
  }
}
