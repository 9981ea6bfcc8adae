public import Graphs
public import Settings
public import Tensors

/// One factor for each channel of an image, zero for most channels.
///
/// A `Multiply` by these factors closes channels of another value. The elements of a closed channel need not
/// be computed (`GatedWork`).
///
/// **Formula**: `y[n,c] = max(0, x[n,c] + offset)` if `x[n,c]` is among the `open` largest of image n, else
/// 0. Of equal numbers, that of the earlier channel counts as larger.
///
/// **Shapes**: `x, y [N, C]` or `[N, C, 1, 1]`, `open` ≤ C.
///
/// **Gradient**: `dy` where y > 0, else 0.
///
/// **Cost**: traffic only.
///
/// **Settings**: open, offset.
///
/// **Throws**: `ShapeError` for planes of more than one pixel, and if there are fewer channels than `open`.
///
/// **Paper**: Gao, Zhao, Dudziak, Mullins, Xu, "Dynamic channel pruning: feature boosting and suppression",
/// ICLR 2019, arXiv:1810.05331.
public struct ChannelGate: Op {
  /// The name in files: `channel-gate`.
  public static let kind = "channel-gate"

  /// The most channels that are open for an image.
  public var open = 1
  /// The number that is added: as x starts near zero, open gates start near it.
  public var offset: Float = 1

  /// One open channel.
  public init() {}

  /// Makes a gate.
  public init(open: Int, offset: Float = 1) {
    self.open = open
    self.offset = offset
  }

  /// Settings: `open`, `offset`.
  public static var settings: [Setting<ChannelGate>] {
    [
      Setting(
        "open", \.open, in: 1...Window.maximumSide, required: true,
        "the most channels that are open for an image"),
      Setting("offset", \.offset, in: 0...100, "what is added to each number"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<ChannelGate>] {
    [
      OpExample(ChannelGate(open: 2, offset: 0.9), [3, 5, 1, 1]),
      OpExample(ChannelGate(open: 3, offset: 1.2), [2, 4]),
      OpExample(ChannelGate(open: 3, offset: 0), [2, 3, 1, 1]),
    ]
  }

  /// Refuses less than one open channel, and an offset outside 0...100.
  public func validate() throws(ShapeError) {
    try require(open, in: 1...Window.maximumSide, "open")
    guard offset >= 0, offset <= 100 else {
      throw .invalidSetting(op: kind, reason: "offset \(offset) is outside 0...100")
    }
  }

  /// The input's shape; throws for planes of more than one pixel, and if there are fewer channels than
  /// `open`.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let input = try requireChannels(inputs)
    guard input.spatialCount == 1, input.rank == 2 || input.rank == 4 else {
      throw .wrongRank(op: kind, expected: "one number a channel, NxC or NxCx1x1", found: input)
    }
    guard open <= input[1] else {
      throw .invalidSetting(op: kind, reason: "\(open) open channels of \(input[1])")
    }
    return input
  }

  /// Channels cannot be removed: without one of them, others would be among the largest.
  public func channels(_ inputs: [Shape]) -> ChannelRule {
    .fixed(reason: "a gate chooses among all of them; remove channels before gates are set")
  }

  /// Sorts the channels of each image and keeps the `open` largest.
  public func forward(_ frame: inout KernelFrame) {
    let x = frame.inputs[0].values
    let channels = frame.inputs[0].shape[1]
    var y = Array(repeating: Float(0), count: x.count)
    for start in stride(from: 0, to: x.count, by: max(1, channels)) {
      let order = (start..<start + channels).sorted { x[$0] > x[$1] || (x[$0] == x[$1] && $0 < $1) }
      for i in order.prefix(open) { y[i] = max(0, x[i] + offset) }
    }
    frame.output.values = y
  }

  /// Passes `dy` on where y > 0.
  public func backward(_ frame: inout GradientFrame) {
    let y = frame.output.values
    var gradient = frame.outputGradient.values
    for i in gradient.indices where y[i] <= 0 { gradient[i] = 0 }
    frame.inputGradients[0].values = gradient
  }
}
