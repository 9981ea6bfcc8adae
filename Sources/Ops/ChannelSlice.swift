public import Graphs
public import Settings
public import Tensors

/// A range of channels.
///
/// **Formula**: `y[n, c] = x[n, start + c]` for c < count
///
/// **Shapes**: `x [N, C, …]`, `y [N, count, …]`.
///
/// **Gradient**: `dy` at its channels, zero at the others.
///
/// **Cost**: traffic only.
///
/// **Settings**: start, count.
///
/// **Throws**: `ShapeError` when the range ends behind the last channel.
///
/// **Paper**: Ma et al., "ShuffleNet V2", 2018, arXiv:1807.11164, splits channels in this way.
public struct ChannelSlice: Op {
  /// The name in files: `channel-slice`.
  public static let kind = "channel-slice"

  /// The first channel.
  public var start = 0
  /// The number of channels.
  public var count = 1

  /// The first channel alone.
  public init() {}

  /// Makes a slice.
  public init(start: Int, count: Int) {
    self.start = start
    self.count = count
  }

  /// Settings: `start`, `count`.
  public static var settings: [Setting<ChannelSlice>] {
    [
      Setting("start", \.start, in: 0...Window.maximumSide, "the first channel"),
      Setting("count", \.count, in: 1...Window.maximumSide, required: true, "how many there are"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<ChannelSlice>] {
    [
      OpExample(ChannelSlice(start: 1, count: 3), [2, 6, 2, 3]),
      OpExample(ChannelSlice(start: 0, count: 2), [1, 4, 3, 3]),
      OpExample(ChannelSlice(start: 3, count: 2), [3, 5]),
    ]
  }

  /// Refuses a start outside 0...65536 and a count outside 1...65536.
  public func validate() throws(ShapeError) {
    try require(start, in: 0...Window.maximumSide, "start")
    try require(count, in: 1...Window.maximumSide, "count")
  }

  /// The input's shape with `count` channels; throws if the range ends behind the last channel.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    var shape = try requireChannels(inputs)
    guard start + count <= shape[1] else {
      throw .invalidSetting(
        op: kind, reason: "\(count) channels from \(start) on are more than the \(shape[1]) there are")
    }
    shape[1] = count
    return shape
  }

  /// Output channel c is input channel `start + c`.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .slicing(start: start) }

  /// The slice of the channels that are left; the new start counts the kept channels before the old one.
  public func resized(inputs: [Shape], outputChannels: Int, kept: [[Int]?]) -> ChannelSlice {
    let before = kept.first.flatMap { $0 }?.count { $0 < start } ?? start
    return ChannelSlice(start: before, count: outputChannels)
  }

  /// Moves numbers without changing them.
  public var valueFlow: ValueFlow { .moving }

  /// Copies the range of channels.
  public func forward(_ frame: inout KernelFrame) {
    let x = frame.inputs[0].values
    frame.output.values = sources(frame.inputs[0].shape).flatMap { x[$0] }
  }

  /// Copies `dy` to the range; other channels get zeros.
  public func backward(_ frame: inout GradientFrame) {
    let dy = frame.outputGradient.values
    var dx = Array(repeating: Float(0), count: frame.inputs[0].shape.count)
    var position = 0
    for range in sources(frame.inputs[0].shape) {
      dx.replaceSubrange(range, with: dy[position..<position + range.count])
      position += range.count
    }
    frame.inputGradients[0].values = dx
  }

  /// The input elements of each item that are copied.
  private func sources(_ shape: Shape) -> [Range<Int>] {
    let plane = shape.spatialCount
    return (0..<shape[0]).map { item in
      let first = (item * shape[1] + start) * plane
      return first..<first + count * plane
    }
  }
}
