import Encodings
import Graphs
import Ops
import Settings
import Tensors

/// The models whose files are damaged: small, with many kinds of operation and setting.
enum FuzzedModels {
  static func convolutional(seed: UInt64) throws -> Model {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 8, 8])])
    try graph.append(Conv2D(filters: 3, kernel: 3, bias: false), name: "conv1", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm1", inputs: ["conv1"])
    try graph.append(ReLU(), name: "relu1", inputs: ["norm1"])
    try graph.append(MaxPool(kernel: 2), name: "pool1", inputs: ["relu1"])
    try graph.append(Flatten(), name: "flatten1", inputs: ["pool1"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["flatten1"])
    return model(graph, channels: 1, side: 8, seed: seed)
  }

  static func branched(seed: UInt64) throws -> Model {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 6, 6])])
    try graph.append(
      Conv2D(filters: 6, kernel: 3, stride: 2, padding: 2, dilation: 2, groups: 3), name: "left",
      inputs: ["image"])
    try graph.append(Conv2D(filters: 6, kernel: 1, stride: 2), name: "right", inputs: ["image"])
    try graph.append(Add(), name: "add", inputs: ["left", "right"])
    try graph.append(LeakyReLU(), name: "relu", inputs: ["add"])
    try graph.append(Concat(), name: "concat", inputs: ["relu", "left"])
    try graph.append(ChannelShuffle(groups: 4), name: "shuffle", inputs: ["concat"])
    try graph.append(Upsample(factor: 2, mode: .bilinear), name: "up", inputs: ["shuffle"])
    try graph.append(AveragePool(kernel: 3, stride: 2, padding: 1), name: "pool", inputs: ["up"])
    try graph.append(GlobalAveragePool(), name: "mean", inputs: ["pool"])
    try graph.append(Reshape(shape: [-1]), name: "flat", inputs: ["mean"])
    try graph.append(Dropout(rate: 0.25), name: "drop", inputs: ["flat"])
    try graph.append(Linear(features: 3, bias: false), name: "logits", inputs: ["drop"])
    return model(graph, channels: 3, side: 6, seed: seed)
  }

  /// The model with an encoding for every parameter and every computed value.
  ///
  /// Parameters take each kind of encoding in turn, beginning with the kind `first`.
  static func encoded(_ model: Model, from first: Int) -> Model {
    var model = model
    for (index, name) in model.graph.parameters.keys.sorted().enumerated() {
      guard let parameter = model.graph.parameters[name] else { continue }
      let encodings = encodings(of: parameter.value)
      model.graph.parameters[name]?.encoding = encodings[(first + index) % encodings.count]
    }
    for (index, node) in model.graph.nodes.enumerated() {
      model.graph.values[node.name] = IntegerValue(bits: 8, scale: 0.25, zeroPoint: index - 3)
    }
    return model
  }

  /// The model as an integer program: all values are signed bytes.
  ///
  /// Weights take each kind of storage in turn, beginning with the kind `first`.
  static func integers(_ model: Model, from first: Int) -> Model {
    var model = model
    let places = model.graph.valuePlaces()
    let names = model.graph.inputs.map(\.name) + model.graph.nodes.map(\.name)
    for (index, name) in names.enumerated() {
      if places[name] == .stored {
        model.graph.values[name] = IntegerValue(bits: 8, scale: 0.0625, zeroPoint: index - 3)
      } else if case .alike(let source) = places[name] {
        model.graph.values[name] = model.graph.values[source]
      }
    }
    for (index, name) in model.graph.parameters.keys.sorted().enumerated()
    where ParameterRole.split(name)?.role == .weight {
      guard let weight = model.graph.parameters[name]?.value else { continue }
      let numbers = Integer(bits: 8, covering: weight, perChannel: index % 2 == 0)
      let mask = Mask(weight.values.indices.map { $0 % 3 > 0 })
      let shared = Codebook(
        assignments: weight.values.indices.map { UInt16($0 % 3) }, count: 3, hasZero: false,
        grid: Integer(bits: 6, scales: [0.015625]))
      let powers = PowersOfTwo(levels: LevelSet(termBits: 4), exponents: [-6])
      let signs = Binary(scales: Array(repeating: 0.0625, count: weight.shape[0]))
      let grid = Integer(bits: 8, scales: [0.0078125])
      let ways: [any Encoding] = [
        Sparse(mask: mask, inner: numbers), shared, numbers, powers, signs, rows(of: weight).onGrid(grid),
        Hashed(shape: weight.shape, count: 7, seed: 1, grid: grid),
      ]
      model.graph.parameters[name]?.encoding = ways[(first + index) % ways.count]
    }
    return model
  }

  /// A codebook of two whole rows, between which the tensor's rows alternate.
  private static func rows(of tensor: Tensor) -> ProductCodebook {
    let rows = tensor.shape[0]
    return ProductCodebook(
      assignments: (0..<rows).map { UInt32($0 % 2) }, subspaces: 1, width: tensor.values.count / rows,
      count: 2)
  }

  private static func encodings(of tensor: Tensor) -> [any Encoding] {
    let mask = Mask(tensor.values.indices.map { $0 % 3 == 0 })
    let clusters = Codebook(
      assignments: tensor.values.indices.map { UInt16($0 % 3) }, count: 3, hasZero: false)
    let integers = Integer(bits: 4, covering: tensor, perChannel: true)
    return [
      Sparse(mask: mask), clusters, Sparse(mask: mask, inner: integers), Dense(), integers,
      Sparse(mask: mask, inner: clusters), clusters.onGrid(Integer(bits: 8, scales: [0.0078125])),
      PowersOfTwo(levels: LevelSet(termBits: 4), exponents: Array(repeating: -6, count: tensor.shape[0])),
      Binary(scales: [0.125]), Sparse(mask: mask, inner: Binary(scales: [0.5])),
      Sparse(mask: mask, inner: PowersOfTwo(levels: LevelSet(alphabet: 1), rounding: .log, exponents: [-7])),
      rows(of: tensor), Hashed(shape: tensor.shape, count: 5, seed: 9),
      Sparse(mask: mask, inner: Hashed(shape: tensor.shape, count: 5, seed: 9)),
    ]
  }

  private static func model(_ graph: Graph, channels: Int, side: Int, seed: UInt64) -> Model {
    var graph = graph
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: seed)
    return Model(
      graph: graph, classes: ["circle", "Dreieck größer", "line"],
      input: InputDescription(
        shape: [channels, side, side], mean: Array(repeating: 127.5, count: channels),
        deviation: Array(repeating: 64.25, count: channels)),
      split: SettingsNode(mapping: ["seed": 0.node, "validation": 0.1.node]),
      provenance: SettingsNode(mapping: ["network": "fuzzed".node, "threads": 1.node]))
  }
}
