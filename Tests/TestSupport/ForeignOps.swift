public import Graphs
public import Ops
public import Settings
public import Tensors

/// A layer of products that nothing knows by its type: a linear layer under another name.
public struct ForeignProduct: ProductOp {
  public static let kind = "foreign-product"

  public var features = 1
  public var bias = true

  public init() {}

  public init(features: Int, bias: Bool = true) {
    self.features = features
    self.bias = bias
  }

  public static var settings: [Setting<ForeignProduct>] {
    [
      Setting("features", \.features, in: 1...100, "output features"),
      Setting("bias", \.bias, "whether each feature adds a bias"),
    ]
  }

  public static var examples: [OpExample<ForeignProduct>] { [] }

  private var linear: Linear { Linear(features: features, bias: bias) }

  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try linear.outputShape(inputs) }
  public func parameters(_ inputs: [Shape]) -> [ParameterSlot] { linear.parameters(inputs) }
  public func channels(_ inputs: [Shape]) -> ChannelRule { .mixing }
  public func resized(inputs: [Shape], outputChannels: Int) -> ForeignProduct {
    ForeignProduct(features: outputChannels, bias: bias)
  }
  public func forward(_ frame: inout KernelFrame) { linear.forward(&frame) }
  public func backward(_ frame: inout GradientFrame) { linear.backward(&frame) }
}

/// An op with parameters of which no consumer knows what they do: y = weight · x, feature by feature.
public struct ForeignWeights: Op {
  public static let kind = "foreign-weights"

  public init() {}

  public static var settings: [Setting<ForeignWeights>] { [] }
  public static var examples: [OpExample<ForeignWeights>] { [] }

  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  public func parameters(_ inputs: [Shape]) -> [ParameterSlot] {
    [ParameterSlot(.weight, [inputs[0][1]], .ones, outputAxis: 0)]
  }
  public func channels(_ inputs: [Shape]) -> ChannelRule { .following }
  public func forward(_ frame: inout KernelFrame) {
    let weight = frame.parameters[0].values
    frame.output.values = frame.inputs[0].values.enumerated().map { $1 * weight[$0 % weight.count] }
  }
  public func backward(_ frame: inout GradientFrame) {}
}

extension Graph {
  /// Five features through a foreign product, a norm and a rectifier to foreign weights, where asked for, and three scores.
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
