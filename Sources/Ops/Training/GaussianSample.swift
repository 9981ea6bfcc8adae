public import Graphs
public import Settings
public import Tensors

/// Draws from normal distributions in training, one number an element; gives their means in inference.
///
/// What a layer with Gaussian weights makes of its input is Gaussian: means and variances come from two layers, and drawing here
/// in place of the weights draws anew for each image (the local reparametrization).
///
/// **Formula**: in training `y[i] = mean[i] + √(max(variance[i], 0) + epsilon) · random.normal(at: i)`, i being the row-major
/// position in the batch; in inference `y = mean`.
///
/// **Shapes**: `mean, variance, y [N, C, …]`.
///
/// **Gradient**: by mean `dy`; by variance in training `dy · random.normal(at: i) / (2·√(variance + epsilon))`, 0 where it is
/// negative, in inference 0.
///
/// **Cost**: traffic only.
///
/// **Settings**: epsilon.
///
/// **Throws**: `ShapeError` when mean and variance differ in shape, and for an epsilon outside 1e-12...1.
///
/// **Paper**: Kingma, Salimans, Welling, "Variational dropout and the local reparameterization trick", 2015, arXiv:1506.02557.
public struct GaussianSample: TrainingOp {
  public static let kind = "gaussian-sample"

  /// Added to the variance, so that its root has a derivative everywhere.
  public var epsilon: Float = 1e-8

  /// The smallest that matters to no network.
  public init() {}

  /// Makes the op.
  public init(epsilon: Float) { self.epsilon = epsilon }

  public static var settings: [Setting<GaussianSample>] {
    [
      Setting(
        "epsilon", \.epsilon, in: 1e-12...1,
        "added to the variance, so that its root has a derivative everywhere")
    ]
  }

  public static var examples: [OpExample<GaussianSample>] {
    [
      OpExample(GaussianSample(epsilon: 0.25), [2, 3, 4, 2], [2, 3, 4, 2]),
      OpExample(GaussianSample(epsilon: 0.5), [3, 5], [3, 5]),
    ]
  }

  public func validate() throws(ShapeError) {
    guard epsilon >= 1e-12, epsilon <= 1 else {
      throw .invalidSetting(op: kind, reason: "epsilon \(epsilon) is outside 1e-12...1")
    }
  }

  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 2)
    let shape = try requireChannels([inputs[0]])
    guard inputs[1] == shape else {
      throw .mismatch(op: kind, what: "mean and variance differ", first: shape, second: inputs[1])
    }
    return shape
  }

  public func channels(_ inputs: [Shape]) -> ChannelRule { .following }

  public func forward(_ frame: inout KernelFrame) {
    var values = frame.inputs[0].values
    if frame.mode == .training {
      let variance = frame.inputs[1].values
      for i in values.indices { values[i] += deviation(variance[i]) * frame.random.normal(at: i) }
    }
    frame.output.values = values
  }

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

  /// The standard deviation; not a number where the variance is none.
  private func deviation(_ variance: Float) -> Float {
    ((variance < 0 ? 0 : variance) + epsilon).squareRoot()
  }
}
