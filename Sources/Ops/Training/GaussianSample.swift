public import Graphs
public import Settings
public import Tensors

/// Draws from normal distributions in training, one number for each element; returns their means in
/// inference.
///
/// The output of a layer with Gaussian weights is Gaussian. Its means and variances come from two layers.
/// Drawing the output in place of the weights gives each image its own draw (the local reparametrization).
///
/// **Formula**: in training `y[i] = mean[i] + √(max(variance[i], 0) + epsilon) · random.normal(at: i)`, where
/// i is the row-major position in the batch; in inference `y = mean`.
///
/// **Shapes**: `mean, variance, y [N, C, …]`.
///
/// **Gradient**: by the mean `dy`; by the variance, in training
/// `dy · random.normal(at: i) / (2·√(variance + epsilon))`, or 0 where it is negative, and 0 in inference.
///
/// **Cost**: traffic only.
///
/// **Settings**: epsilon.
///
/// **Throws**: `ShapeError` when mean and variance differ in shape, and for an epsilon outside 1e-12...1.
///
/// **Paper**: Kingma, Salimans, Welling, "Variational dropout and the local reparameterization trick", 2015,
/// arXiv:1506.02557.
public struct GaussianSample: TrainingOp {
  /// The name in files: `gaussian-sample`.
  public static let kind = "gaussian-sample"

  /// Added to the variance, so that its root has a derivative everywhere.
  public var epsilon: Float = 1e-8

  /// An epsilon of 1e-8, which is too small to matter to a network.
  public init() {}

  /// Makes the op.
  public init(epsilon: Float) { self.epsilon = epsilon }

  /// Settings: `epsilon`.
  public static var settings: [Setting<GaussianSample>] {
    [
      Setting(
        "epsilon", \.epsilon, in: 1e-12...1,
        "added to the variance, so that its root has a derivative everywhere")
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<GaussianSample>] {
    [
      OpExample(GaussianSample(epsilon: 0.25), [2, 3, 4, 2], [2, 3, 4, 2]),
      OpExample(GaussianSample(epsilon: 0.5), [3, 5], [3, 5]),
    ]
  }

  /// Refuses an epsilon outside 1e-12...1.
  public func validate() throws(ShapeError) {
    guard epsilon >= 1e-12, epsilon <= 1 else {
      throw .invalidSetting(op: kind, reason: "epsilon \(epsilon) is outside 1e-12...1")
    }
  }

  /// The shape of the means; throws if that of the variances differs.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 2)
    let shape = try requireChannels([inputs[0]])
    guard inputs[1] == shape else {
      throw .mismatch(op: kind, what: "mean and variance differ", first: shape, second: inputs[1])
    }
    return shape
  }

  /// Output channel c comes from channel c of each input.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .following }

  /// Adds a draw to each mean in training, and copies the means in inference.
  public func forward(_ frame: inout KernelFrame) {
    var values = frame.inputs[0].values
    if frame.mode == .training {
      let variance = frame.inputs[1].values
      for i in values.indices { values[i] += deviation(variance[i]) * frame.random.normal(at: i) }
    }
    frame.output.values = values
  }

  /// Writes both gradients, from the draws of the forward pass.
  public func backward(_ frame: inout GradientFrame) {
    let gradient = frame.outputGradient.values
    frame.inputGradients[0].values = gradient
    guard frame.mode == .training else { return }
    let variance = frame.inputs[1].values
    for i in gradient.indices where !(variance[i] < 0) {
      let slope = frame.random.normal(at: i) / (2 * deviation(variance[i]))
      frame.inputGradients[1].values[i] = gradient[i] * slope
    }
  }

  /// The standard deviation, with negative variances taken as 0; NaN for a variance of NaN.
  private func deviation(_ variance: Float) -> Float {
    ((variance < 0 ? 0 : variance) + epsilon).squareRoot()
  }
}
