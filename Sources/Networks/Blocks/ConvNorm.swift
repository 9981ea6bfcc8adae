import Ops
public import Settings

/// A convolution without bias, a batch norm and ReLU: `conv-norm: 64` or
/// `conv-norm: {filters: 64, stride: 2}`.
///
/// Paper: Ioffe, Szegedy, "Batch normalization", 2015, arXiv:1502.03167.
public struct ConvNorm: Block {
  /// The name in specs: `conv-norm`.
  public static let kind = "conv-norm"
  /// One line for lists and documentation.
  public static let summary = "convolution, batch norm and ReLU"
  /// `nil`: values belong to the surrounding scope.
  public static let scopeName: String? = nil

  /// The output channels.
  public var filters = 1
  /// The kernel's height and width.
  public var kernel = 3
  /// The step in both directions.
  public var stride = 1
  /// The width of the border of zeros; `nil` is half the kernel, which keeps the size at stride 1.
  public var padding: Int?
  /// True if the convolution has a bias, which the norm makes redundant.
  public var bias = false

  /// One filter of 3x3.
  public init() {}

  /// Settings: `filters`, `kernel`, `stride`, `padding`, `bias`.
  public static var settings: [Setting<Self>] {
    [
      Setting("filters", \.filters, in: 1...65536, required: true, "output channels"),
      Setting("kernel", \.kernel, in: 1...1024, "height and width of the kernel"),
      Setting("stride", \.stride, in: 1...1024, "step in both directions"),
      Setting("padding", \.padding, in: 0...1024, "border of zeros; half the kernel if null"),
      Setting("bias", \.bias, "whether the convolution has a bias"),
    ]
  }

  /// Appends convolution, norm and ReLU; the width multiplier scales the filters.
  public func append(to network: inout NetworkBuilder, from input: String) throws(NetworkError) -> String {
    let conv = Conv2D(
      filters: network.scaled(filters), kernel: kernel, stride: stride, padding: padding ?? kernel / 2,
      bias: bias)
    var value = try network.append(conv, as: "conv", from: [input])
    value = try network.append(BatchNorm(), as: "norm", from: [value])
    return try network.append(ReLU(), as: "relu", from: [value])
  }
}
