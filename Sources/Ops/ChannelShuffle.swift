public import Graphs
public import Settings
public import Tensors

/// A reordering of channels that interleaves groups, so that grouped convolutions mix channels.
///
/// **Formula**: with `m = C/groups`, `y[n, j·groups + g] = x[n, g·m + j]`
///
/// **Shapes**: `x, y [N, C, …]`.
///
/// **Gradient**: `dy` in the old order.
///
/// **Cost**: traffic only.
///
/// **Settings**: groups.
///
/// **Throws**: `ShapeError` when groups do not divide the channels.
///
/// **Paper**: Zhang et al., "ShuffleNet", 2018, arXiv:1707.01083.
public struct ChannelShuffle: Op {
  /// The name in files: `channel-shuffle`.
  public static let kind = "channel-shuffle"

  /// The number of groups that are interleaved.
  public var groups = 1

  /// One group: no change.
  public init() {}

  /// Makes a shuffle.
  public init(groups: Int) { self.groups = groups }

  /// Settings: `groups`.
  public static var settings: [Setting<ChannelShuffle>] {
    [Setting("groups", \.groups, in: 1...Window.maximumSide, required: true, "groups that are interleaved")]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<ChannelShuffle>] {
    [
      OpExample(ChannelShuffle(groups: 2), [2, 6, 2, 2]), OpExample(ChannelShuffle(groups: 3), [1, 6, 1, 3]),
    ]
  }

  /// Refuses a number of groups outside 1...65536.
  public func validate() throws(ShapeError) { try require(groups, in: 1...Window.maximumSide, "groups") }

  /// The input's shape; throws if the groups do not divide the channels.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let input = try requireChannels(inputs)
    guard input[1] % groups == 0 else {
      throw .invalidSetting(op: kind, reason: "\(groups) groups do not divide \(input[1]) channels")
    }
    return input
  }

  /// Channel `g·C/groups + j` of the input becomes channel `j·groups + g`.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .shuffling(groups: groups) }

  /// Moves numbers without changing them.
  public var valueFlow: ValueFlow { .moving }

  /// Copies whole planes to their new places.
  public func forward(_ frame: inout KernelFrame) {
    let x = frame.inputs[0].values
    var y: [Float] = []
    y.reserveCapacity(x.count)
    for range in sources(frame.output.shape) { y.append(contentsOf: x[range]) }
    frame.output.values = y
  }

  /// Copies planes of `dy` back to their old places.
  public func backward(_ frame: inout GradientFrame) {
    let dy = frame.outputGradient.values
    var dx = dy
    var position = 0
    for range in sources(frame.output.shape) {
      for i in range {
        dx[i] = dy[position]
        position += 1
      }
    }
    frame.inputGradients[0].values = dx
  }

  /// The input elements that each output plane copies.
  private func sources(_ shape: Shape) -> [Range<Int>] {
    let plane = shape.spatialCount
    let perGroup = shape[1] / groups
    return (0..<shape[0] * shape[1]).map { index in
      let channel = index % shape[1]
      let source = index - channel + channel % groups * perGroup + channel / groups
      return source * plane..<(source + 1) * plane
    }
  }
}
