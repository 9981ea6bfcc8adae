import Ops
public import Settings

/// Two 3x3 convolutions with norms, then a sum with the input and ReLU: `residual: {filters: 32, stride: 2}`.
///
/// If the stride is not 1 or the channels change, the input passes a 1x1 convolution with norm (option B).
///
/// Paper: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", 2015, arXiv:1512.03385.
public struct Residual: Block {
  /// The name in specs: `residual`.
  public static let kind = "residual"
  /// One line for lists and documentation.
  public static let summary = "basic residual block with projection shortcut"

  /// The output channels.
  public var filters = 1
  /// The step of the first convolution and the shortcut.
  public var stride = 1
  /// True if the convolutions have biases, which the norms make redundant.
  public var bias = false
  /// True if a norm follows the shortcut's convolution.
  public var shortcutNorm = true

  /// One filter.
  public init() {}

  /// Settings: `filters`, `stride`, `bias`, `shortcut-norm`.
  public static var settings: [Setting<Self>] {
    [
      Setting("filters", \.filters, in: 1...65536, required: true, "output channels"),
      Setting("stride", \.stride, in: 1...1024, "step of the first convolution and the shortcut"),
      Setting("bias", \.bias, "whether the convolutions have biases"),
      Setting("shortcut-norm", \.shortcutNorm, "whether a norm follows the shortcut's convolution"),
    ]
  }

  /// Appends the convolutions, the shortcut, the sum and the last ReLU; the width multiplier scales the
  /// filters.
  public func append(to network: inout NetworkBuilder, from input: String) throws(NetworkError) -> String {
    let width = network.scaled(filters)
    let first = Conv2D(filters: width, kernel: 3, stride: stride, padding: 1, bias: bias)
    var value = try network.append(first, as: "conv", from: [input])
    value = try network.append(BatchNorm(), as: "norm", from: [value])
    value = try network.append(ReLU(), as: "relu", from: [value])
    let second = Conv2D(filters: width, kernel: 3, padding: 1, bias: bias)
    value = try network.append(second, as: "conv", from: [value])
    value = try network.append(BatchNorm(), as: "norm", from: [value])
    let sum = try network.append(Add(), named: "add", from: [value, shortcut(&network, input, width)])
    return try network.append(ReLU(), as: "relu", from: [sum])
  }

  private func shortcut(
    _ network: inout NetworkBuilder, _ input: String, _ width: Int
  ) throws(NetworkError) -> String {
    let channels = try network.channels(of: input)
    guard stride != 1 || channels != width else { return input }
    let projection = Conv2D(filters: width, kernel: 1, stride: stride, bias: bias)
    let value = try network.append(projection, named: "shortcut.conv", from: [input])
    return shortcutNorm ? try network.append(BatchNorm(), named: "shortcut.norm", from: [value]) : value
  }
}
