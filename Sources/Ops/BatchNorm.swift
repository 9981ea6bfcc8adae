public import Graphs
public import Settings
public import Tensors

/// Batch normalization, with running statistics for inference.
///
/// **Formula**: `y = (x - μ)/√(σ² + epsilon) · scale + shift`. In training, μ and the biased σ² are those of
/// the channel over the batch, and the running statistics follow: `mean ← (1 - momentum)·mean + momentum·μ`,
/// and `variance` likewise by the unbiased `σ²·n/(n - 1)`. In inference, μ and σ² are the running statistics.
///
/// **Shapes**: `x, y [N, C, …]`, `scale, shift, mean, variance [C]`.
///
/// **Gradient**: with `x̂ = (x - μ)/√(σ² + epsilon)` and means over the channel's n elements,
/// `dx = scale/√(σ² + epsilon) · (dy - mean(dy) - x̂·mean(dy·x̂))` in training, `scale/√(σ² + epsilon) · dy`
/// in inference; `dscale = Σ dy·x̂`, `dshift = Σ dy`.
///
/// **Cost**: no multiply-adds by the papers' count; memory traffic of input and output.
///
/// **Settings**: epsilon, momentum (PyTorch's meaning).
///
/// **Throws**: `ShapeError` when x has no channel axis.
///
/// **Paper**: Ioffe, Szegedy, "Batch normalization", 2015, arXiv:1502.03167.
public struct BatchNorm: Op {
  /// The name in files: `batch-norm`.
  public static let kind = "batch-norm"

  /// Added to the variance.
  public var epsilon: Float = 1e-5
  /// The weight of a batch's statistics in the running ones.
  public var momentum: Float = 0.1

  /// PyTorch's defaults.
  public init() {}

  /// Makes a batch norm.
  public init(epsilon: Float = 1e-5, momentum: Float = 0.1) {
    self.epsilon = epsilon
    self.momentum = momentum
  }

  /// Settings: `epsilon`, `momentum`.
  public static var settings: [Setting<BatchNorm>] {
    [
      Setting("epsilon", \.epsilon, in: 1e-12...1, "added to the variance"),
      Setting("momentum", \.momentum, in: 0...1, "how fast the running statistics follow"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<BatchNorm>] {
    [
      OpExample(BatchNorm(), [3, 2, 3, 4]),
      OpExample(BatchNorm(epsilon: 0.01, momentum: 0.3), [8, 3]),
    ]
  }

  /// Refuses an epsilon outside 1e-12...1 and a momentum outside 0...1.
  public func validate() throws(ShapeError) {
    guard epsilon >= 1e-12, epsilon <= 1 else {
      throw .invalidSetting(op: kind, reason: "epsilon \(epsilon) is outside 1e-12...1")
    }
    guard momentum >= 0, momentum <= 1 else {
      throw .invalidSetting(op: kind, reason: "momentum \(momentum) is outside 0...1")
    }
  }

  /// The input's shape.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try requireChannels(inputs) }

  /// The slots `scale`, `shift`, `mean` and `variance`, each `[C]`; the last two are not trained by gradient.
  public func parameters(_ inputs: [Shape]) -> [ParameterSlot] {
    let channels: Shape = [inputs[0][1]]
    return [
      ParameterSlot(.scale, channels, .ones, outputAxis: 0),
      ParameterSlot(.shift, channels, .zeros, outputAxis: 0),
      ParameterSlot(.mean, channels, .zeros, isTrainable: false, outputAxis: 0),
      ParameterSlot(
        .variance, channels, .ones, isTrainable: false, outputAxis: 0, isNonNegative: true),
    ]
  }

  /// Output channel c comes from channel c of each input.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .following }
  /// The output may lie over the input in memory.
  public var placement: OutputPlacement { .inPlace }

  /// Normalizes each channel; in training, also updates the running mean and variance.
  public func forward(_ frame: inout KernelFrame) {
    let shape = frame.output.shape
    let x = frame.inputs[0].values
    let statistics = statistics(
      x, shape, frame.mode, mean: frame.parameters[2], variance: frame.parameters[3])
    let scale = frame.parameters[0].values
    let shift = frame.parameters[1].values
    var y = x
    for (channel, range) in Self.rows(shape) {
      let mean = statistics[channel].mean
      let factor = Double(scale[channel]) * statistics[channel].inverseDeviation
      for i in range { y[i] = Float((Double(x[i]) - mean) * factor + Double(shift[channel])) }
    }
    frame.output.values = y
    if frame.mode == .training { follow(statistics, count: shape.count / shape[1], &frame.parameters) }
  }

  /// Writes the gradients of x, scale and shift; statistics depend on x in training alone.
  public func backward(_ frame: inout GradientFrame) {
    let shape = frame.output.shape
    let x = frame.inputs[0].values
    let dy = frame.outputGradient.values
    let scale = frame.parameters[0].values
    let statistics = statistics(
      x, shape, frame.mode, mean: frame.parameters[2], variance: frame.parameters[3])
    var dScale = Array(repeating: Double(0), count: shape[1])
    var dShift = dScale
    for (channel, range) in Self.rows(shape) {
      let channelStatistics = statistics[channel]
      for i in range {
        dShift[channel] += Double(dy[i])
        dScale[channel] += Double(dy[i]) * channelStatistics.normalized(x[i])
      }
    }
    let count = Double(shape.count / shape[1])
    let isTraining = frame.mode == .training
    var dx = x
    for (channel, range) in Self.rows(shape) {
      let channelStatistics = statistics[channel]
      let factor = Double(scale[channel]) * channelStatistics.inverseDeviation
      let meanGradient = isTraining ? dShift[channel] / count : 0
      let meanProduct = isTraining ? dScale[channel] / count : 0
      for i in range {
        let centered = Double(dy[i]) - meanGradient - channelStatistics.normalized(x[i]) * meanProduct
        dx[i] = Float(factor * centered)
      }
    }
    frame.inputGradients[0].values = dx
    frame.parameterGradients[0].values = dScale.map { Float($0) }
    frame.parameterGradients[1].values = dShift.map { Float($0) }
  }

  /// The stretches of elements of one image and one channel, with their channel.
  private static func rows(_ shape: Shape) -> [(channel: Int, range: Range<Int>)] {
    let count = shape.spatialCount
    return (0..<shape[0] * shape[1]).map { ($0 % shape[1], $0 * count..<($0 + 1) * count) }
  }

  /// The statistics that normalize each channel: the batch's in training, the running ones in inference.
  private func statistics(
    _ x: [Float], _ shape: Shape, _ mode: ExecutionMode, mean: Tensor, variance: Tensor
  ) -> [ChannelStatistics] {
    if mode == .inference {
      return zip(mean.values, variance.values).map {
        ChannelStatistics(mean: Double($0), variance: Double($1), epsilon: Double(epsilon))
      }
    }
    let count = Double(shape.count / shape[1])
    var sums = Array(repeating: Double(0), count: shape[1])
    for (channel, range) in Self.rows(shape) { for i in range { sums[channel] += Double(x[i]) } }
    let means = sums.map { $0 / count }
    var squares = Array(repeating: Double(0), count: shape[1])
    for (channel, range) in Self.rows(shape) {
      for i in range {
        let deviation = Double(x[i]) - means[channel]
        squares[channel] += deviation * deviation
      }
    }
    return zip(means, squares).map {
      ChannelStatistics(mean: $0, variance: $1 / count, epsilon: Double(epsilon))
    }
  }

  /// Moves the running statistics towards the batch's, by its unbiased variance.
  private func follow(_ statistics: [ChannelStatistics], count: Int, _ parameters: inout [Tensor]) {
    let momentum = Double(momentum)
    let correction = count > 1 ? Double(count) / Double(count - 1) : 1
    for (channel, batch) in statistics.enumerated() {
      let mean = (1 - momentum) * Double(parameters[2].values[channel]) + momentum * batch.mean
      let variance =
        (1 - momentum) * Double(parameters[3].values[channel]) + momentum * batch.variance * correction
      parameters[2].values[channel] = Float(mean)
      parameters[3].values[channel] = Float(variance)
    }
  }
}

/// Mean and variance of one channel.
private struct ChannelStatistics {
  let mean: Double
  let variance: Double
  let inverseDeviation: Double

  init(mean: Double, variance: Double, epsilon: Double) {
    self.mean = mean
    self.variance = variance
    inverseDeviation = 1 / (variance + epsilon).squareRoot()
  }

  func normalized(_ x: Float) -> Double { (Double(x) - mean) * inverseDeviation }
}
