public import Graphs
public import Settings
public import Tensors

/// One learned number for each channel, the same for every item of a batch.
///
/// **Formula**: `y[n,c] = bias[c]`.
///
/// **Shapes**: `x [N, …]`, of which only the number of items matters; `bias [C]`, `y [N, C]`.
///
/// **Gradient**: `dbias[c] = Σ_n dy[n,c]`, `dx = 0`.
///
/// **Settings**: channels.
public struct ChannelConstants: ObjectiveOp {
  /// The name of the kind, which no file holds: `channel-constants`.
  public static let kind = "channel-constants"

  /// The number of channels.
  public var channels = 1

  /// One channel.
  public init() {}

  /// Makes the op.
  public init(channels: Int) { self.channels = channels }

  /// Settings: `channels`.
  public static var settings: [Setting<ChannelConstants>] {
    [Setting("channels", \.channels, in: 1...Window.maximumSide, required: true, "how many numbers")]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<ChannelConstants>] {
    [
      OpExample(ChannelConstants(channels: 3), [2, 4]),
      OpExample(ChannelConstants(channels: 5), [3, 2, 2, 2]),
    ]
  }

  /// Refuses a number of channels outside 1...65536.
  public func validate() throws(ShapeError) { try require(channels, in: 1...Window.maximumSide, "channels") }

  /// The shape `[N, channels]`.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 1)
    return [inputs[0][0], channels]
  }

  /// The slot `bias`, `[C]`, which starts at zero.
  public func parameters(_ inputs: [Shape]) -> [ParameterSlot] { [ParameterSlot(.bias, [channels], .zeros)] }

  /// Repeats the numbers for every item.
  public func forward(_ frame: inout KernelFrame) {
    let bias = frame.parameters[0].values
    frame.output.values = (0..<frame.output.shape.count).map { bias[$0 % channels] }
  }

  /// Sums `dy` over the items for each number; x gets no gradient.
  public func backward(_ frame: inout GradientFrame) {
    for (i, slope) in frame.outputGradient.values.enumerated() {
      frame.parameterGradients[0].values[i % channels] += slope
    }
  }
}
