public import Graphs
public import Settings
public import Tensors

/// The mean of each channel's plane.
///
/// **Formula**: `y[n,c] = Σ_{i,j} x[n,c,i,j] / (H·W)`
///
/// **Shapes**: `x [N, C, H, W]`, `y [N, C, 1, 1]`.
///
/// **Gradient**: `dy/(H·W)` to every element of the plane.
///
/// **Cost**: traffic only.
///
/// **Throws**: `ShapeError` when x is not images.
///
/// **Paper**: Lin, Chen, Yan, "Network in network", 2013, arXiv:1312.4400.
public struct GlobalAveragePool: Op {
  /// The name in files: `global-average-pool`.
  public static let kind = "global-average-pool"
  /// Makes a pooling.
  public init() {}
  /// No settings.
  public static var settings: [Setting<GlobalAveragePool>] { [] }
  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<GlobalAveragePool>] {
    [OpExample(GlobalAveragePool(), [2, 3, 4, 5])]
  }

  /// The shape `[N, C, 1, 1]`; throws for values that are no images.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let input = try requireImages(inputs)
    return [input[0], input[1], 1, 1]
  }

  /// Output channel c comes from channel c of each input.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .following }

  /// Averages each plane, with a sum in double precision.
  public func forward(_ frame: inout KernelFrame) {
    let x = frame.inputs[0].values
    let count = frame.inputs[0].shape.spatialCount
    frame.output.values = (0..<frame.output.shape.count).map { plane in
      Float(x[plane * count..<(plane + 1) * count].reduce(0.0) { $0 + Double($1) } / Double(count))
    }
  }

  /// Gives `dy/(H·W)` to every element of the plane.
  public func backward(_ frame: inout GradientFrame) {
    let count = frame.inputs[0].shape.spatialCount
    let dy = frame.outputGradient.values
    frame.inputGradients[0].values = dy.flatMap { Array(repeating: $0 / Float(count), count: count) }
  }
}
