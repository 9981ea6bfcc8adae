public import Graphs
public import Settings
public import Tensors

/// Some channels in a row.
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
/// **Throws**: `ShapeError` when the channels are not all there.
///
/// **Paper**: Ma et al., "ShuffleNet V2", 2018, arXiv:1807.11164, splits channels so.
public struct ChannelSlice: Op {
  public static let kind = "channel-slice"

  /// The first channel.
  public var start = 0
  /// How many there are.
  public var count = 1

  /// The first channel alone.
  public init() {}

  /// Makes a slice.
  public init(start: Int, count: Int) {
    self.start = start
    self.count = count
  }

  public static var settings: [Setting<ChannelSlice>] {
    [
      Setting("start", \.start, in: 0...Window.maximumSide, "the first channel"),
      Setting("count", \.count, in: 1...Window.maximumSide, required: true, "how many there are"),
    ]
  }

  public static var examples: [OpExample<ChannelSlice>] {
    [
      OpExample(ChannelSlice(start: 1, count: 3), [2, 6, 2, 3]),
      OpExample(ChannelSlice(start: 0, count: 2), [1, 4, 3, 3]),
      OpExample(ChannelSlice(start: 3, count: 2), [3, 5]),
    ]
  }

  public func validate() throws(ShapeError) {
    try require(start, in: 0...Window.maximumSide, "start")
    try require(count, in: 1...Window.maximumSide, "count")
  }

  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    var shape = try requireChannels(inputs)
    guard start + count <= shape[1] else {
      throw .invalidSetting(
        op: kind, reason: "\(count) channels from \(start) on are more than the \(shape[1]) there are")
    }
    shape[1] = count
    return shape
  }

  public func channels(_ inputs: [Shape]) -> ChannelRule { .slicing(start: start) }

  public func resized(inputs: [Shape], outputChannels: Int, kept: [[Int]?]) -> ChannelSlice {
    let before = kept.first.flatMap { $0 }?.count { $0 < start } ?? start
    return ChannelSlice(start: before, count: outputChannels)
  }

  public var valueFlow: ValueFlow { .moving }

  public func forward(_ frame: inout KernelFrame) {
    let x = frame.inputs[0].values
    frame.output.values = sources(frame.inputs[0].shape).flatMap { x[$0] }
  }

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

  /// For every item, the input elements that are copied.
  private func sources(_ shape: Shape) -> [Range<Int>] {
    let plane = shape.spatialCount
    return (0..<shape[0]).map { item in
      let first = (item * shape[1] + start) * plane
      return first..<first + count * plane
    }
  }
}
