import Ops
public import Settings

/// A 1x1 convolution that reduces the channels, then 1x1 and 3x3 ones side by side:
/// `fire: {squeeze: 16, expand: 64}`.
///
/// The value has twice `expand` channels: those of the 1x1 convolution, then those of the 3x3 one.
///
/// Paper: Iandola et al., "SqueezeNet", 2016, arXiv:1602.07360.
public struct Fire: Block {
  /// The name in specs: `fire`.
  public static let kind = "fire"
  /// One line for lists and documentation.
  public static let summary = "squeeze by 1x1, expand by 1x1 and 3x3 side by side"
  /// Unnamed blocks are counted as `fire1`, `fire2`, ….
  public static let scopeName: String? = "fire"

  /// The number of channels between.
  public var squeeze = 1
  /// The number of channels of each of the two expanding convolutions.
  public var expand = 1
  /// True if each convolution, then without bias, is followed by a batch norm.
  public var norm = false

  /// One channel everywhere.
  public init() {}

  /// Settings: `squeeze`, `expand`, `norm`.
  public static var settings: [Setting<Self>] {
    [
      Setting("squeeze", \.squeeze, in: 1...65536, required: true, "channels in between"),
      Setting("expand", \.expand, in: 1...65536, required: true, "channels of each expanding convolution"),
      Setting("norm", \.norm, "whether a batch norm follows each convolution"),
    ]
  }

  /// Appends the three convolutions with ReLUs, and the concatenation; the width multiplier scales all
  /// channels.
  public func append(to network: inout NetworkBuilder, from input: String) throws(NetworkError) -> String {
    let squeezed = try unit(&network, "squeeze", network.scaled(squeeze), kernel: 1, input)
    let narrow = try unit(&network, "expand1x1", network.scaled(expand), kernel: 1, squeezed)
    let wide = try unit(&network, "expand3x3", network.scaled(expand), kernel: 3, squeezed)
    return try network.append(Concat(), named: "concat", from: [narrow, wide])
  }

  private func unit(
    _ network: inout NetworkBuilder, _ name: String, _ filters: Int, kernel: Int, _ input: String
  ) throws(NetworkError) -> String {
    let conv = Conv2D(filters: filters, kernel: kernel, padding: kernel / 2, bias: !norm)
    var value = try network.append(conv, named: name, from: [input])
    if norm { value = try network.append(BatchNorm(), named: "\(name).norm", from: [value]) }
    return try network.append(ReLU(), named: "\(name).relu", from: [value])
  }
}
