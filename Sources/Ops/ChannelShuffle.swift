public import Graphs
public import Settings
public import Tensors

/// Channels in another order: groups interleaved, so that grouped convolutions see one another's channels.
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
  public static let kind = "channel-shuffle"

  /// The groups that are interleaved.
  public var groups = 1

  /// One group: no change.
  public init() {}

  /// Makes a shuffle.
  public init(groups: Int) { self.groups = groups }

  public static var settings: [Setting<ChannelShuffle>] {
    [Setting("groups", \.groups, in: 1...Window.maximumSide, required: true, "groups that are interleaved")]
  }

  public static var examples: [OpExample<ChannelShuffle>] {
    [
      OpExample(ChannelShuffle(groups: 2), [2, 6, 2, 2]), OpExample(ChannelShuffle(groups: 3), [1, 6, 1, 3]),
    ]
  }

  public func validate() throws(ShapeError) { try require(groups, in: 1...Window.maximumSide, "groups") }

  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let input = try requireChannels(inputs)
    guard input[1] % groups == 0 else {
      throw .invalidSetting(op: kind, reason: "\(groups) groups do not divide \(input[1]) channels")
    }
    return input
  }

  public func channels(_ inputs: [Shape]) -> ChannelRule { .shuffling(groups: groups) }

  public var valueFlow: ValueFlow { .moving }

  public func forward(_ frame: inout KernelFrame) {
    let x = frame.inputs[0].values
    var y: [Float] = []
    y.reserveCapacity(x.count)
    for range in sources(frame.output.shape) { y.append(contentsOf: x[range]) }
    frame.output.values = y
  }

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

  /// For every output plane, the input elements that it copies.
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
