public import Graphs
public import Settings
public import Tensors

/// A dense layer.
///
/// **Formula**: `y[n,o] = bias[o] + Σ_i weight[o,i] · x[n,i]`
///
/// **Shapes**: `x [N, I]`, `weight [O, I]`, `bias [O]`, `y [N, O]`.
///
/// **Gradient**: `dx = dy · weight`, `dweight = dyᵀ · x`, and `dbias` is the sum of `dy` over the batch.
///
/// **Cost**: `N·O·I` multiply-adds.
///
/// **Settings**: features, bias.
///
/// **Throws**: `ShapeError` when x is not `[N, I]`.
public struct Linear: ProductOp {
  /// The name in files: `linear`.
  public static let kind = "linear"
  /// The most output features.
  static let maximumFeatures = 1 << 24

  /// Output features.
  public var features = 1
  /// True if each feature adds a bias.
  public var bias = true

  /// One feature.
  public init() {}

  /// Makes a dense layer.
  public init(features: Int, bias: Bool = true) {
    self.features = features
    self.bias = bias
  }

  /// Settings: `features`, `bias`.
  public static var settings: [Setting<Linear>] {
    [
      Setting("features", \.features, in: 1...maximumFeatures, required: true, "output features"),
      Setting("bias", \.bias, "whether each feature adds a bias"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<Linear>] {
    [OpExample(Linear(features: 4), [3, 5]), OpExample(Linear(features: 2, bias: false), [1, 7])]
  }

  /// Refuses a number of features outside 1...2²⁴.
  public func validate() throws(ShapeError) {
    try require(features, in: 1...Self.maximumFeatures, "features")
  }

  /// The shape `[N, features]`; throws if x is not `[N, I]`.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 1)
    guard inputs[0].rank == 2 else {
      throw .wrongRank(op: kind, expected: "features NxF (flatten images first)", found: inputs[0])
    }
    return [inputs[0][0], features]
  }

  /// The slots `weight` `[O, I]` and, if there is one, `bias` `[O]`.
  public func parameters(_ inputs: [Shape]) -> [ParameterSlot] {
    let start = Initializer.uniform(fanIn: inputs[0][1])
    let weight = ParameterSlot(
      .weight, [features, inputs[0][1]], start, decays: true, outputAxis: 0, inputAxis: 1)
    return bias ? [weight, ParameterSlot(.bias, [features], start, outputAxis: 0)] : [weight]
  }

  /// I multiply-adds for each output element.
  public func cost(_ inputs: [Shape], output: Shape) -> OpCost {
    OpCost(multiplyAdds: output.count * inputs[0][1], inputs: inputs, output: output)
  }

  /// Every output channel is made of all input channels.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .mixing }

  /// The layer with `outputChannels` features.
  public func resized(inputs: [Shape], outputChannels: Int) -> Linear {
    Linear(features: outputChannels, bias: bias)
  }

  /// Computes `x · weightᵀ + bias`, with sums in double precision.
  public func forward(_ frame: inout KernelFrame) {
    let x = frame.inputs[0].values
    let weight = frame.parameters[0].values
    let bias = bias ? frame.parameters[1].values : Array(repeating: 0, count: features)
    let inputs = frame.inputs[0].shape[1]
    var y: [Float] = []
    y.reserveCapacity(frame.output.shape.count)
    for item in 0..<frame.inputs[0].shape[0] {
      for feature in 0..<features {
        var sum = Double(bias[feature])
        for i in 0..<inputs { sum += Double(weight[feature * inputs + i]) * Double(x[item * inputs + i]) }
        y.append(Float(sum))
      }
    }
    frame.output.values = y
  }

  /// Writes the gradients of x, weight and bias, with sums in double precision.
  public func backward(_ frame: inout GradientFrame) {
    let x = frame.inputs[0].values
    let weight = frame.parameters[0].values
    let dy = frame.outputGradient.values
    let inputs = frame.inputs[0].shape[1]
    var dx = Array(repeating: Double(0), count: x.count)
    var dWeight = Array(repeating: Double(0), count: weight.count)
    var dBias = Array(repeating: Double(0), count: features)
    for item in 0..<frame.inputs[0].shape[0] {
      for feature in 0..<features {
        let gradient = Double(dy[item * features + feature])
        dBias[feature] += gradient
        for i in 0..<inputs {
          dx[item * inputs + i] += gradient * Double(weight[feature * inputs + i])
          dWeight[feature * inputs + i] += gradient * Double(x[item * inputs + i])
        }
      }
    }
    frame.inputGradients[0].values = dx.map { Float($0) }
    frame.parameterGradients[0].values = dWeight.map { Float($0) }
    if bias { frame.parameterGradients[1].values = dBias.map { Float($0) } }
  }
}
