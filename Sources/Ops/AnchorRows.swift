public import Graphs
public import Settings
public import Tensors

/// An op that lays out a detector's image as rows: place by place, one row of numbers for each anchor.
///
/// **Formula**: `y[n, (i·W + j)·C + c] = x[n, c, i, j]`. With K anchors at a place, the numbers of anchor k
/// at row i and column j are `y[n, r·C/K ..< (r + 1)·C/K]` with `r = (i·W + j)·K + k`. The anchor's centre is
/// at `((j + ½)/W, (i + ½)/H)` of the image.
///
/// **Shapes**: `x [N, C, H, W]`, `y [N, H·W·C]`.
///
/// **Gradient**: `dy` in the old order.
///
/// **Cost**: traffic only.
///
/// **Settings**: anchors, each a width and a height as shares of the image's.
///
/// **Throws**: `ShapeError` when anchors do not divide the channels.
///
/// **Paper**: Liu et al., "SSD: single shot multibox detector", ECCV 2016, arXiv:1512.02325.
public struct AnchorRows: Op {
  /// The name in files: `anchor-rows`.
  public static let kind = "anchor-rows"
  /// The most anchors at a place.
  public static let maximumAnchors = 64
  private static let sides: ClosedRange<Float> = 1e-4...8

  /// The width and the height of each anchor, as shares of the image's, one anchor after another.
  public var anchors: [Float] = [1, 1]

  /// One anchor as large as the image.
  public init() {}

  /// Makes rows for anchors, each a width and a height.
  public init(anchors: [Float]) { self.anchors = anchors }

  /// Settings: `anchors`.
  public static var settings: [Setting<AnchorRows>] {
    [
      Setting(
        "anchors", \.anchors, required: true,
        expected: "1 to \(maximumAnchors) pairs of width and height, each in 0.0001...8",
        "the width and the height of each anchor, as shares of the image's", accepts: isSensible)
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<AnchorRows>] {
    [
      OpExample(AnchorRows(anchors: [0.2, 0.1, 0.5, 0.5]), [2, 6, 3, 2]),
      OpExample(AnchorRows(anchors: [0.5, 0.25]), [1, 5, 1, 4]),
    ]
  }

  /// The number of anchors at each place.
  public var count: Int { anchors.count / 2 }

  private static func isSensible(_ anchors: [Float]) -> Bool {
    (2...2 * maximumAnchors).contains(anchors.count) && anchors.count.isMultiple(of: 2)
      && anchors.allSatisfy(sides.contains)
  }

  /// Refuses anchors that are not 1 to 64 pairs of sides in 0.0001...8.
  public func validate() throws(ShapeError) {
    guard Self.isSensible(anchors) else {
      throw .invalidSetting(op: kind, reason: "anchors \(anchors) are no pairs of width and height")
    }
  }

  /// The shape `[N, H·W·C]`; throws if the anchors do not divide the channels.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let input = try requireImages(inputs)
    guard input[1].isMultiple(of: count) else {
      throw .invalidSetting(op: kind, reason: "\(count) anchors do not divide \(input[1]) channels")
    }
    return [input[0], input[1] * input.spatialCount]
  }

  /// Channels cannot be removed: each is a number that a detector predicts for an anchor.
  public func channels(_ inputs: [Shape]) -> ChannelRule {
    .fixed(reason: "each is something that a detector says of an anchor")
  }

  /// Moves numbers without changing them.
  public var valueFlow: ValueFlow { .moving }

  /// Copies elements in the order of rows.
  public func forward(_ frame: inout KernelFrame) {
    let x = frame.inputs[0].values
    frame.output.values = Self.sources(frame.inputs[0].shape).map { x[$0] }
  }

  /// Copies `dy` back to the order of the image.
  public func backward(_ frame: inout GradientFrame) {
    let dy = frame.outputGradient.values
    var dx = dy
    for (position, source) in Self.sources(frame.inputs[0].shape).enumerated() { dx[source] = dy[position] }
    frame.inputGradients[0].values = dx
  }

  /// For every output element the input element that it copies.
  private static func sources(_ input: Shape) -> [Int] {
    let (channels, pixels) = (input[1], input.spatialCount)
    return (0..<input.count).map { position in
      let (item, place) = (position / (channels * pixels), position % (channels * pixels))
      return (item * channels + place % channels) * pixels + place / channels
    }
  }
}

extension AnchorRows: DetectorRows {}
