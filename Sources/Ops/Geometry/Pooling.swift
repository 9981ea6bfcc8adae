public import Graphs
import Settings
public import Tensors

/// An op that makes one element of each window of a plane.
public protocol Pooling: Op {
  /// Rows and columns of a window.
  var kernel: Extent { get set }
  /// The step between windows; `nil` is the kernel.
  var stride: Extent? { get set }
  /// Rows and columns of padding at the top and on the left.
  var padding: Extent { get set }
  /// Rows and columns of padding at the bottom and on the right; `nil` is as many as `padding`.
  var endPadding: Extent? { get set }
}

extension Pooling {
  /// The window, whose stride is the kernel where none is set.
  public var window: Window {
    Window(kernel: kernel, stride: stride ?? kernel, padding: padding, endPadding: endPadding)
  }

  /// The settings of the window; `padding` is the summary of that setting.
  static func windowSettings(padding: String) -> [Setting<Self>] {
    let side = 1...Window.maximumSide
    return [
      .extent("kernel", \.kernel, in: side, required: true, "rows and columns of a window"),
      .extent("stride", \.stride, in: side, "step between windows; null is the kernel"),
      .extent("padding", \.padding, in: 0...Window.maximumSide, padding),
      .extent(
        "endPadding", \.endPadding, in: 0...Window.maximumSide,
        "the same at the bottom and on the right; null is as much as padding"
      ).omittedAsDefault(),
    ]
  }

  /// Refuses sides out of range, and padding as large as the kernel, in which a window could lie whole.
  public func validate() throws(ShapeError) {
    try window.validate(op: kind)
    for (name, extent) in [("padding", padding), ("endPadding", window.endPadding)]
    where extent.height >= kernel.height || extent.width >= kernel.width {
      throw .invalidSetting(op: kind, reason: "\(name) \(extent) must be smaller than the kernel \(kernel)")
    }
  }

  /// The shape `[N, C, Ho, Wo]`; throws if the kernel exceeds the padded image.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let input = try requireImages(inputs)
    let plane = try window.outputExtent(input, op: kind)
    return [input[0], input[1], plane.height, plane.width]
  }

  /// Every channel is pooled by itself.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .following }
}
