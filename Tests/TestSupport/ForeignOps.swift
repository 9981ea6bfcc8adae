public import Graphs
public import Ops
public import Settings
public import Tensors

/// A product op whose type no consumer knows: a linear layer under another name.
public struct ForeignProduct: ProductOp {
  /// The kind of this op: `foreign-product`.
  public static let kind = "foreign-product"

  /// The number of output features.
  public var features = 1
  /// True if each feature adds a bias.
  public var bias = true

  /// Creates a product of one feature with a bias.
  public init() {}

  /// Creates a product of some features.
  public init(features: Int, bias: Bool = true) {
    self.features = features
    self.bias = bias
  }

  /// Settings: `features`, `bias`.
  public static var settings: [Setting<ForeignProduct>] {
    [
      Setting("features", \.features, in: 1...100, "output features"),
      Setting("bias", \.bias, "whether each feature adds a bias"),
    ]
  }

  /// No examples, because the op is in no catalogue.
  public static var examples: [OpExample<ForeignProduct>] { [] }

  private var linear: Linear { Linear(features: features, bias: bias) }

  /// The shape `[batch, features]`.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try linear.outputShape(inputs) }
  /// The parameters of the linear layer: weight and bias.
  public func parameters(_ inputs: [Shape]) -> [ParameterSlot] { linear.parameters(inputs) }
  /// Mixing: every output channel reads all input channels.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .mixing }
  /// The op with another number of output features.
  public func resized(inputs: [Shape], outputChannels: Int) -> ForeignProduct {
    ForeignProduct(features: outputChannels, bias: bias)
  }
  /// Computes y = weight · x + bias.
  public func forward(_ frame: inout KernelFrame) { linear.forward(&frame) }
  /// Computes the gradients of the linear layer.
  public func backward(_ frame: inout GradientFrame) { linear.backward(&frame) }
}

/// An op with parameters whose effect no consumer knows: y = weight · x for each feature.
public struct ForeignWeights: Op {
  /// The kind of this op: `foreign-weights`.
  public static let kind = "foreign-weights"

  /// Creates the op.
  public init() {}

  /// No settings.
  public static var settings: [Setting<ForeignWeights>] { [] }
  /// No examples, because the op is in no catalogue.
  public static var examples: [OpExample<ForeignWeights>] { [] }

  /// The shape of the input.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  /// One weight for each feature, initially 1.
  public func parameters(_ inputs: [Shape]) -> [ParameterSlot] {
    [ParameterSlot(.weight, [inputs[0][1]], .ones, outputAxis: 0)]
  }
  /// Following: output channel i depends on input channel i alone.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .following }
  /// Computes y = weight · x for each feature.
  public func forward(_ frame: inout KernelFrame) {
    let weight = frame.parameters[0].values
    frame.output.values = frame.inputs[0].values.enumerated().map { $1 * weight[$0 % weight.count] }
  }
  /// Leaves all gradients as they are; the op is not trained.
  public func backward(_ frame: inout GradientFrame) {}
}

extension Graph {
  /// A graph from five features to three scores through a foreign product, a norm and a rectifier.
  ///
  /// With weights, foreign weights follow the rectifier.
  public static func foreign(withWeights: Bool = false) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [5])])
    try graph.append(ForeignProduct(features: 4, bias: false), name: "product", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm", inputs: ["product"])
    var value = try graph.append(ReLU(), name: "relu", inputs: ["norm"])
    if withWeights { value = try graph.append(ForeignWeights(), name: "odd", inputs: [value]) }
    try graph.append(Linear(features: 3), name: "logits", inputs: [value])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 3)
    for (index, role) in [ParameterRole.scale, .shift, .mean, .variance].enumerated() {
      graph[role, of: "norm"] = Parameter(Tensor(random: [4], in: 0.5...1.5, seed: UInt64(index), "norm"))
    }
    return graph
  }
}
