public import Graphs
public import Settings
public import Tensors

/// A norm by the statistics of each item: of groups of channels over the image, or of each pixel's channels.
///
/// **Formula**: `y = scale[c] · (x - m) / √(v + epsilon) + shift[c]`. The mean m and the biased variance v
/// are those of the elements that are normalized together: the group of `C/groups` channels over all pixels
/// (`image`), or the channels at x's pixel (`pixel`).
///
/// **Shapes**: `x, y [N, C, …]`; `scale, shift [C]`.
///
/// **Gradient**: with `u = scale · dy` and `z = (x - m)/√(v + epsilon)`,
/// `dx = (u - mean(u) - z · mean(u · z)) / √(v + epsilon)`; `dscale` is the sum of `dy · z`, `dshift` that of
/// `dy`.
///
/// **Cost**: traffic only.
///
/// **Settings**: groups, epsilon, span. One group and the span `pixel` make layer norm over channels; as many
/// groups as channels and the span `image` make instance norm.
///
/// **Throws**: `ShapeError` when groups do not divide the channels, or a pixel's channels are several groups.
///
/// **Paper**: Wu, He, "Group normalization", 2018, arXiv:1803.08494; Ba, Kiros, Hinton, "Layer
/// normalization", 2016, arXiv:1607.06450.
public struct GroupNorm: Op {
  /// The name in files: `group-norm`.
  public static let kind = "group-norm"

  /// The pixels over which statistics are taken.
  public enum Span: String, Sendable, SettingChoice {
    /// The whole image, or each pixel by itself.
    case image, pixel
  }

  /// The number of groups of channels with their own statistics.
  public var groups = 1
  /// Added to the variance.
  public var epsilon: Float = 1e-5
  /// The pixels over which statistics are taken.
  public var span = Span.image

  /// One group over the image.
  public init() {}

  /// Makes a norm.
  public init(groups: Int, epsilon: Float = 1e-5, span: Span = .image) {
    self.groups = groups
    self.epsilon = epsilon
    self.span = span
  }

  /// Settings: `groups`, `epsilon`, `span`.
  public static var settings: [Setting<GroupNorm>] {
    [
      Setting(
        "groups", \.groups, in: 1...Window.maximumSide, "groups of channels with statistics of their own"),
      Setting("epsilon", \.epsilon, in: 1e-12...1, "added to the variance"),
      Setting("span", \.span, "over what statistics are taken: the image, or each pixel"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<GroupNorm>] {
    [
      OpExample(GroupNorm(groups: 2), [2, 4, 3, 2]),
      OpExample(GroupNorm(groups: 1, epsilon: 0.01, span: .pixel), [2, 5, 2, 3]),
      OpExample(GroupNorm(groups: 3), [2, 3, 2, 4]),
    ]
  }

  /// Refuses values out of range, and several groups with the span `pixel`.
  public func validate() throws(ShapeError) {
    try require(groups, in: 1...Window.maximumSide, "groups")
    guard epsilon >= 1e-12, epsilon <= 1 else {
      throw .invalidSetting(op: kind, reason: "epsilon \(epsilon) is outside 1e-12...1")
    }
    guard span == .image || groups == 1 else {
      throw .invalidSetting(op: kind, reason: "a pixel's channels are one group, not \(groups)")
    }
  }

  /// The input's shape; throws if the groups do not divide the channels.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let input = try requireChannels(inputs)
    guard input[1] % groups == 0 else {
      throw .invalidSetting(op: kind, reason: "\(groups) groups do not divide \(input[1]) channels")
    }
    return input
  }

  /// The slots `scale` and `shift`, each `[C]`.
  public func parameters(_ inputs: [Shape]) -> [ParameterSlot] {
    [
      ParameterSlot(.scale, [inputs[0][1]], .ones, outputAxis: 0),
      ParameterSlot(.shift, [inputs[0][1]], .zeros, outputAxis: 0),
    ]
  }

  /// The rule for channels: those that are normalized together cannot be removed.
  ///
  /// In instance norm, channels follow.
  public func channels(_ inputs: [Shape]) -> ChannelRule {
    span == .image && groups == inputs[0][1]
      ? .following : .fixed(reason: "they are normalized with one another")
  }

  /// The norm with as many groups as output channels, as only instance norm is resized.
  public func resized(inputs: [Shape], outputChannels: Int) -> GroupNorm {
    GroupNorm(groups: outputChannels, epsilon: epsilon, span: span)
  }

  /// Normalizes each set of elements in double precision.
  public func forward(_ frame: inout KernelFrame) {
    let x = frame.inputs[0].values
    let (scale, shift) = (frame.parameters[0].values, frame.parameters[1].values)
    var y = x
    forEachSet(frame.inputs[0].shape) { places, channels in
      let (mean, inverse) = statistics(x, places)
      for (place, channel) in zip(places, channels) {
        let normal = (Double(x[place]) - mean) * inverse
        y[place] = Float(Double(scale[channel]) * normal + Double(shift[channel]))
      }
    }
    frame.output.values = y
  }

  /// Writes the gradients of x, scale and shift, with sums in double precision.
  public func backward(_ frame: inout GradientFrame) {
    let x = frame.inputs[0].values
    let dy = frame.outputGradient.values
    let scale = frame.parameters[0].values
    var dx = x
    var dScale = Array(repeating: Double(0), count: scale.count)
    var dShift = dScale
    forEachSet(frame.inputs[0].shape) { places, channels in
      let (mean, inverse) = statistics(x, places)
      var (sum, product) = (0.0, 0.0)
      for (place, channel) in zip(places, channels) {
        let normal = (Double(x[place]) - mean) * inverse
        let gradient = Double(dy[place])
        dScale[channel] += gradient * normal
        dShift[channel] += gradient
        sum += gradient * Double(scale[channel])
        product += gradient * Double(scale[channel]) * normal
      }
      let count = Double(places.count)
      for (place, channel) in zip(places, channels) {
        let normal = (Double(x[place]) - mean) * inverse
        let gradient = Double(dy[place]) * Double(scale[channel])
        dx[place] = Float((gradient - sum / count - normal * product / count) * inverse)
      }
    }
    frame.inputGradients[0].values = dx
    frame.parameterGradients[0].values = dScale.map { Float($0) }
    frame.parameterGradients[1].values = dShift.map { Float($0) }
  }

  /// The mean of some elements, and the factor `1/√(v + epsilon)` of their distances from it.
  private func statistics(_ x: [Float], _ places: [Int]) -> (mean: Double, inverse: Double) {
    let count = Double(places.count)
    let mean = places.reduce(0.0) { $0 + Double(x[$1]) } / count
    let variance = places.reduce(0.0) { $0 + (Double(x[$1]) - mean) * (Double(x[$1]) - mean) } / count
    return (mean, 1 / (variance + Double(epsilon)).squareRoot())
  }

  /// Calls `body` with the places of the elements that are normalized together, and their channels.
  private func forEachSet(_ shape: Shape, _ body: (_ places: [Int], _ channels: [Int]) -> Void) {
    let (plane, members) = (shape.spatialCount, shape[1] / groups)
    for item in 0..<shape[0] {
      for group in 0..<groups {
        let channels = group * members..<(group + 1) * members
        func places(_ pixels: Range<Int>) -> [Int] {
          channels.flatMap { channel in pixels.map { (item * shape[1] + channel) * plane + $0 } }
        }
        func repeated(_ count: Int) -> [Int] { channels.flatMap { Array(repeating: $0, count: count) } }
        guard span == .pixel else {
          body(places(0..<plane), repeated(plane))
          continue
        }
        for pixel in 0..<plane { body(places(pixel..<pixel + 1), repeated(1)) }
      }
    }
  }
}
