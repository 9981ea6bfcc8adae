public import Graphs
public import Settings
public import Tensors

/// Images enlarged by a whole factor.
///
/// **Formula**: `nearest` is `y[n,c,i,j] = x[n, c, ⌊i/f⌋, ⌊j/f⌋]`; `bilinear` interpolates x at
/// `(i + ½)/f - ½`, clamped to the image (half-pixel centres).
///
/// **Shapes**: `x [N, C, H, W]`, `y [N, C, H·f, W·f]`.
///
/// **Gradient**: the transposed interpolation of `dy`.
///
/// **Cost**: traffic only.
///
/// **Settings**: factor, mode.
///
/// **Throws**: `ShapeError` when x is not images.
public struct Upsample: Op {
  /// The name in files: `upsample`.
  public static let kind = "upsample"

  /// An interpolation of new pixels.
  public enum Mode: String, Sendable, SettingChoice {
    /// The value of the nearest pixel, and the interpolation of four.
    case nearest, bilinear
  }

  /// The factor by which rows and columns are multiplied.
  public var factor = 2
  /// The interpolation of new pixels.
  public var mode = Mode.nearest

  /// Twice the size, by the nearest pixel.
  public init() {}

  /// Makes an upsampling.
  public init(factor: Int, mode: Mode = .nearest) {
    self.factor = factor
    self.mode = mode
  }

  /// Settings: `factor`, `mode`.
  public static var settings: [Setting<Upsample>] {
    [
      Setting("factor", \.factor, in: 1...64, "how many times more rows and columns"),
      Setting("mode", \.mode, "how new pixels are made"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<Upsample>] {
    [
      OpExample(Upsample(factor: 2), [2, 2, 3, 2]),
      OpExample(Upsample(factor: 3, mode: .bilinear), [1, 2, 3, 4]),
      OpExample(Upsample(factor: 2, mode: .bilinear), [2, 1, 1, 3]),
    ]
  }

  /// Refuses a factor outside 1...64.
  public func validate() throws(ShapeError) { try require(factor, in: 1...64, "factor") }

  /// The shape `[N, C, H·factor, W·factor]`; throws for values that are not images.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let input = try requireImages(inputs)
    return [input[0], input[1], input[2] * factor, input[3] * factor]
  }

  /// Output channel c comes from channel c of each input.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .following }

  /// The nearest pixel is moved; bilinear pixels are computed.
  public var valueFlow: ValueFlow { mode == .nearest ? .moving : .computing }

  /// Sums the weighted input elements of each output element in double precision.
  public func forward(_ frame: inout KernelFrame) {
    let x = frame.inputs[0].values
    var sums = Array(repeating: Double(0), count: frame.output.shape.count)
    forEachShare(frame.inputs[0].shape) { from, to, weight in sums[to] += weight * Double(x[from]) }
    frame.output.values = sums.map { Float($0) }
  }

  /// Adds each output element's gradient to the input elements, by the same weights.
  public func backward(_ frame: inout GradientFrame) {
    let dy = frame.outputGradient.values
    var dx = Array(repeating: Double(0), count: frame.inputs[0].shape.count)
    forEachShare(frame.inputs[0].shape) { from, to, weight in dx[from] += weight * Double(dy[to]) }
    frame.inputGradients[0].values = dx.map { Float($0) }
  }

  /// Calls `body` with every input element, each output element it adds to, and its weight there.
  private func forEachShare(_ input: Shape, _ body: (_ from: Int, _ to: Int, _ weight: Double) -> Void) {
    let rows = (0..<input[2] * factor).map { shares(of: $0, extent: input[2]) }
    let columns = (0..<input[3] * factor).map { shares(of: $0, extent: input[3]) }
    var to = 0
    for plane in 0..<input[0] * input[1] {
      for row in rows {
        for column in columns {
          for (i, rowWeight) in row {
            for (j, columnWeight) in column {
              body((plane * input[2] + i) * input[3] + j, to, rowWeight * columnWeight)
            }
          }
          to += 1
        }
      }
    }
  }

  /// The input positions that make an output position along one axis, with their weights.
  private func shares(of position: Int, extent: Int) -> [(Int, Double)] {
    guard mode == .bilinear else { return [(position / factor, 1)] }
    let center = (Double(position) + 0.5) / Double(factor) - 0.5
    let clamped = min(max(center, 0), Double(extent - 1))
    let lower = Int(clamped)
    let weight = clamped - Double(lower)
    return weight == 0 ? [(lower, 1)] : [(lower, 1 - weight), (lower + 1, weight)]
  }
}
