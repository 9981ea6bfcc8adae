public import Graphs
import Ops
import Tensors

/// Networks of a few layers that together contain every way of joining nodes.
public enum SmallGraph: String, CaseIterable, Sendable {
  case perceptron, lenet, residual, separable, fire, squeezeExcite, twoOutputs, shuffled, dropout

  /// The network with random parameters.
  public func graph() throws -> Graph {
    var graph =
      switch self {
      case .perceptron: try Self.perceptron()
      case .lenet: try Self.lenet()
      case .residual: try Self.residual()
      case .separable: try Self.separable()
      case .fire: try Self.fire()
      case .squeezeExcite: try Self.squeezeExcite()
      case .twoOutputs: try Self.twoOutputs()
      case .shuffled: try Self.shuffled()
      case .dropout: try Self.dropout()
      }
    graph.scatterParameters(seed: 5)
    return graph
  }

  private static func perceptron() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 3, 3])])
    try graph.append(Flatten(), name: "flat", inputs: ["image"])
    try graph.append(Linear(features: 12), name: "hidden", inputs: ["flat"])
    try graph.append(BatchNorm(), name: "norm", inputs: ["hidden"])
    try graph.append(Tanh(), name: "act", inputs: ["norm"])
    try graph.append(Linear(features: 5), name: "logits", inputs: ["act"])
    graph.outputs = ["logits"]
    return graph
  }

  private static func lenet() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 14, 14])])
    try graph.append(Conv2D(filters: 4, kernel: 5), name: "conv1", inputs: ["image"])
    try graph.append(MaxPool(kernel: 2), name: "pool1", inputs: ["conv1"])
    try graph.append(ReLU(), name: "relu1", inputs: ["pool1"])
    try graph.append(Conv2D(filters: 6, kernel: 3), name: "conv2", inputs: ["relu1"])
    try graph.append(ReLU(), name: "relu2", inputs: ["conv2"])
    try graph.append(AveragePool(kernel: 3), name: "pool2", inputs: ["relu2"])
    try graph.append(Flatten(), name: "flat", inputs: ["pool2"])
    try graph.append(Linear(features: 8), name: "hidden", inputs: ["flat"])
    try graph.append(ReLU(), name: "relu3", inputs: ["hidden"])
    try graph.append(Linear(features: 5), name: "logits", inputs: ["relu3"])
    graph.outputs = ["logits"]
    return graph
  }

  private static func residual() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 8, 8])])
    try graph.convBlock("stem", from: "image", filters: 4)
    try graph.convBlock("a1", from: "stem", filters: 4)
    try graph.convBlock("a2", from: "a1", filters: 4, activation: nil)
    try graph.append(Add(), name: "a.sum", inputs: ["a2", "stem"])
    try graph.append(ReLU(), name: "a", inputs: ["a.sum"])
    try graph.convBlock("b1", from: "a", filters: 6, stride: 2)
    try graph.convBlock("b2", from: "b1", filters: 6, activation: nil)
    try graph.convBlock("b.project", from: "a", filters: 6, kernel: 1, stride: 2, activation: nil)
    try graph.append(Add(), name: "b.sum", inputs: ["b2", "b.project"])
    try graph.append(ReLU(), name: "b", inputs: ["b.sum"])
    try graph.appendHead(from: "b")
    return graph
  }

  private static func separable() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 8, 8])])
    try graph.convBlock("stem", from: "image", filters: 6, activation: ReLU6())
    try graph.convBlock("depth", from: "stem", filters: 6, groups: 6, activation: ReLU6())
    try graph.convBlock("point", from: "depth", filters: 8, kernel: 1, activation: HardSwish())
    try graph.convBlock("wide", from: "point", filters: 16, stride: 2, groups: 8)
    try graph.convBlock("narrow", from: "wide", filters: 5, kernel: 1, activation: LeakyReLU())
    try graph.appendHead(from: "narrow")
    return graph
  }

  private static func fire() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 9, 9])])
    try graph.append(Conv2D(filters: 6, kernel: 3, stride: 2), name: "conv", inputs: ["image"])
    try graph.append(ReLU(), name: "relu", inputs: ["conv"])
    try graph.append(Conv2D(filters: 3, kernel: 1), name: "squeeze", inputs: ["relu"])
    try graph.append(ReLU(), name: "squeezed", inputs: ["squeeze"])
    try graph.append(Conv2D(filters: 4, kernel: 1), name: "expand1", inputs: ["squeezed"])
    try graph.append(Conv2D(filters: 5, kernel: 3, padding: 1), name: "expand3", inputs: ["squeezed"])
    try graph.append(ReLU(), name: "wide1", inputs: ["expand1"])
    try graph.append(ReLU(), name: "wide3", inputs: ["expand3"])
    try graph.append(Concat(), name: "fire", inputs: ["wide1", "wide3"])
    try graph.append(Conv2D(filters: 5, kernel: 1), name: "classes", inputs: ["fire"])
    try graph.append(GlobalAveragePool(), name: "pool", inputs: ["classes"])
    try graph.append(Flatten(), name: "logits", inputs: ["pool"])
    graph.outputs = ["logits"]
    return graph
  }

  private static func squeezeExcite() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 6, 6])])
    try graph.convBlock("stem", from: "image", filters: 6)
    try graph.append(GlobalAveragePool(), name: "squeeze", inputs: ["stem"])
    try graph.append(Conv2D(filters: 3, kernel: 1), name: "reduce", inputs: ["squeeze"])
    try graph.append(ReLU(), name: "reduced", inputs: ["reduce"])
    try graph.append(Conv2D(filters: 6, kernel: 1), name: "expand", inputs: ["reduced"])
    try graph.append(Sigmoid(), name: "gate", inputs: ["expand"])
    try graph.append(Multiply(), name: "excited", inputs: ["stem", "gate"])
    try graph.append(Conv2D(filters: 1, kernel: 1), name: "attend", inputs: ["excited"])
    try graph.append(Sigmoid(), name: "attention", inputs: ["attend"])
    try graph.append(Multiply(), name: "attended", inputs: ["excited", "attention"])
    try graph.appendHead(from: "attended")
    return graph
  }

  private static func twoOutputs() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 6, 6])])
    try graph.convBlock("trunk", from: "image", filters: 5)
    try graph.convBlock("deep", from: "trunk", filters: 4, stride: 2)
    try graph.append(Upsample(factor: 2, mode: .bilinear), name: "up", inputs: ["deep"])
    try graph.append(Concat(), name: "joined", inputs: ["up", "trunk"])
    try graph.append(Conv2D(filters: 2, kernel: 1), name: "mask", inputs: ["joined"])
    try graph.appendHead(from: "deep")
    graph.outputs = ["logits", "mask"]
    return graph
  }

  private static func shuffled() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 6, 6])])
    try graph.convBlock("stem", from: "image", filters: 8)
    try graph.append(ChannelShuffle(groups: 2), name: "shuffle", inputs: ["stem"])
    try graph.convBlock("depth", from: "shuffle", filters: 8, groups: 8, activation: nil)
    try graph.convBlock("mixed", from: "depth", filters: 6, kernel: 1)
    try graph.append(Conv2D(filters: 4, kernel: 3, groups: 2), name: "grouped", inputs: ["mixed"])
    try graph.append(AveragePool(kernel: 2), name: "pool", inputs: ["grouped"])
    try graph.append(Reshape(shape: [-1]), name: "flat", inputs: ["pool"])
    try graph.append(Linear(features: 5), name: "scores", inputs: ["flat"])
    try graph.append(Softmax(), name: "probabilities", inputs: ["scores"])
    graph.outputs = ["probabilities"]
    return graph
  }

  private static func dropout() throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2, 5, 5])])
    try graph.append(Conv2D(filters: 4, kernel: 3), name: "conv", inputs: ["image"])
    try graph.append(Dropout(rate: 0.25), name: "drop1", inputs: ["conv"])
    try graph.append(Flatten(), name: "flat", inputs: ["drop1"])
    try graph.append(Linear(features: 10), name: "hidden", inputs: ["flat"])
    try graph.append(ReLU(), name: "relu", inputs: ["hidden"])
    try graph.append(Dropout(), name: "drop2", inputs: ["relu"])
    try graph.append(Linear(features: 4), name: "logits", inputs: ["drop2"])
    graph.outputs = ["logits"]
    return graph
  }
}

extension Graph {
  /// Appends a convolution without bias, a batch norm and an activation; the name belongs to the last one.
  fileprivate mutating func convBlock(
    _ name: String, from input: String, filters: Int, kernel: Int = 3, stride: Int = 1, groups: Int = 1,
    activation: (any Op)? = ReLU()
  ) throws {
    let conv = Conv2D(
      filters: filters, kernel: kernel, stride: stride, padding: kernel / 2, groups: groups, bias: false)
    try append(conv, name: "\(name).conv", inputs: [input])
    guard let activation else {
      try append(BatchNorm(), name: name, inputs: ["\(name).conv"])
      return
    }
    try append(BatchNorm(), name: "\(name).norm", inputs: ["\(name).conv"])
    try append(activation, name: name, inputs: ["\(name).norm"])
  }

  /// Appends global pooling and five logits, which become the output.
  fileprivate mutating func appendHead(from input: String) throws {
    try append(GlobalAveragePool(), name: "pool", inputs: [input])
    try append(Flatten(), name: "features", inputs: ["pool"])
    try append(Linear(features: 5), name: "logits", inputs: ["features"])
    outputs = ["logits"]
  }
}
