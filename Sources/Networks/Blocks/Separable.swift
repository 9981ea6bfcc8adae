import Ops
public import Settings

/// A depthwise and a 1x1 convolution, each with norm and ReLU: `separable: {filters: 128, stride: 2}`.
///
/// Paper: Howard et al., "MobileNets", 2017, arXiv:1704.04861.
public struct Separable: Block {
  /// The name in specs: `separable`.
  public static let kind = "separable"
  /// One line for lists and documentation.
  public static let summary = "depthwise and pointwise convolution, each with norm and ReLU"

  /// The output channels.
  public var filters = 1
  /// The height and width of the depthwise kernel.
  public var kernel = 3
  /// The step of the depthwise convolution.
  public var stride = 1

  /// One filter.
  public init() {}

  /// Settings: `filters`, `kernel`, `stride`.
  public static var settings: [Setting<Self>] {
    [
      Setting("filters", \.filters, in: 1...65536, required: true, "output channels"),
      Setting("kernel", \.kernel, in: 1...1024, "height and width of the depthwise kernel"),
      Setting("stride", \.stride, in: 1...1024, "step of the depthwise convolution"),
    ]
  }

  /// Appends both convolutions with norms and ReLUs; the width multiplier scales the filters.
  public func append(to network: inout NetworkBuilder, from input: String) throws(NetworkError) -> String {
    let channels = try network.channels(of: input)
    let depthwise = Conv2D(
      filters: channels, kernel: kernel, stride: stride, padding: kernel / 2, groups: channels, bias: false)
    var value = try network.append(depthwise, named: "depthwise", from: [input])
    value = try network.append(BatchNorm(), as: "norm", from: [value])
    value = try network.append(ReLU(), as: "relu", from: [value])
    let pointwise = Conv2D(filters: network.scaled(filters), kernel: 1, bias: false)
    value = try network.append(pointwise, named: "pointwise", from: [value])
    value = try network.append(BatchNorm(), as: "norm", from: [value])
    return try network.append(ReLU(), as: "relu", from: [value])
  }
}
