import Ops
public import Settings

/// Convolution without bias, batch norm and ReLU: `conv-norm: 64` or `conv-norm: {filters: 64, stride: 2}`.
///
/// Paper: Ioffe, Szegedy, "Batch normalization", 2015, arXiv:1502.03167.
public struct ConvNorm: Block {
  public static let kind = "conv-norm"
  public static let summary = "convolution, batch norm and ReLU"
  public static let scopeName: String? = nil

  /// The output channels.
  public var filters = 1
  /// The kernel's height and width.
  public var kernel = 3
  /// The step in both directions.
  public var stride = 1
  /// The border of zeros; half the kernel if `nil`, which keeps the size at stride 1.
  public var padding: Int?
  /// Whether the convolution has a bias, which the norm makes redundant.
  public var bias = false

  public init() {}

  public static var settings: [Setting<Self>] {
    [
      Setting("filters", \.filters, in: 1...65536, required: true, "output channels"),
      Setting("kernel", \.kernel, in: 1...1024, "height and width of the kernel"),
      Setting("stride", \.stride, in: 1...1024, "step in both directions"),
      Setting("padding", \.padding, in: 0...1024, "border of zeros; half the kernel if null"),
      Setting("bias", \.bias, "whether the convolution has a bias"),
    ]
  }

  public func append(to network: inout NetworkBuilder, from input: String) throws(NetworkError) -> String {
    let conv = Conv2D(
      filters: network.scaled(filters), kernel: kernel, stride: stride, padding: padding ?? kernel / 2,
      bias: bias)
    var value = try network.append(conv, as: "conv", from: [input])
    value = try network.append(BatchNorm(), as: "norm", from: [value])
    return try network.append(ReLU(), as: "relu", from: [value])
  }
}
