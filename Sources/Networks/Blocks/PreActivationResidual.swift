import Ops
public import Settings

/// A residual block with norm and ReLU before each of its two 3x3 convolutions, as in wide residual networks.
///
/// The value is the sum of the second convolution and the shortcut, which is the input. If the stride is not
/// 1 or the channels change, the shortcut is a 1x1 convolution, which reads the first ReLU.
///
/// Papers: He et al., "Identity mappings in deep residual networks", 2016, arXiv:1603.05027; Zagoruyko,
/// Komodakis, "Wide residual networks", 2016, arXiv:1605.07146.
public struct PreActivationResidual: Block {
  /// The name in specs: `pre-activation-residual`.
  public static let kind = "pre-activation-residual"
  /// One line for lists and documentation.
  public static let summary = "residual block with norm and ReLU before the convolutions"

  /// The output channels.
  public var filters = 1
  /// The step of the first convolution and the shortcut.
  public var stride = 1

  /// One filter.
  public init() {}

  /// Settings: `filters`, `stride`.
  public static var settings: [Setting<Self>] {
    [
      Setting("filters", \.filters, in: 1...65536, required: true, "output channels"),
      Setting("stride", \.stride, in: 1...1024, "step of the first convolution and the shortcut"),
    ]
  }

  /// Appends the convolutions and the sum; the width multiplier scales the filters.
  public func append(to network: inout NetworkBuilder, from input: String) throws(NetworkError) -> String {
    let width = network.scaled(filters)
    let channels = try network.channels(of: input)
    let isProjected = stride != 1 || channels != width
    var value = try network.append(BatchNorm(), as: "norm", from: [input])
    value = try network.append(ReLU(), as: "relu", from: [value])
    let projection = Conv2D(filters: width, kernel: 1, stride: stride, bias: false)
    let shortcut =
      isProjected ? try network.append(projection, named: "shortcut.conv", from: [value]) : input
    let first = Conv2D(filters: width, kernel: 3, stride: stride, padding: 1, bias: false)
    value = try network.append(first, as: "conv", from: [value])
    value = try network.append(BatchNorm(), as: "norm", from: [value])
    value = try network.append(ReLU(), as: "relu", from: [value])
    let second = Conv2D(filters: width, kernel: 3, padding: 1, bias: false)
    value = try network.append(second, as: "conv", from: [value])
    return try network.append(Add(), named: "add", from: [value, shortcut])
  }
}
