public import Graphs
import Tensors

/// The multiply-adds that a network needs for an image where `ChannelGate`s close channels.
///
/// A gated value is the `Multiply` of a value and of a gate's numbers. Not needed are products that make a closed channel, in
/// the layer from which the value comes by maps of single channels (norms, activations) that nothing else reads, and products
/// that read one, in layers to which the gated value comes by maps that leave zeros zero. Of a layer `[O, I]` with o open
/// outputs and i open inputs that leaves `o/O · i/I` of its multiply-adds. What reads a sum or a concatenation reads all of it.
public struct GatedWork: Sendable {
  /// The gates, in the order of the network.
  public let gates: [String]
  /// Channels of each gate, and how many are open at most.
  private let sizes: [(channels: Int, most: Int)]
  private let layers: [Layer]
  private let places: [String: Int]

  /// A node with multiply-adds.
  private struct Layer {
    let name: String
    let multiplyAdds: Int
    let groups: Int
    /// The gate that closes channels that it makes.
    var made: Int?
    /// The gate that closes channels that it reads.
    var read: Int?
    /// Whether kernels can skip what is closed: a convolution of one group that is computed after its gate.
    var isSkippable = false
  }

  /// Finds the gates of a network. O(nodes).
  public init(_ graph: Graph) {
    let found = graph.nodes.filter { $0.op is ChannelGate }
    let names = found.map(\.name)
    gates = names
    sizes = found.map { node in
      (graph.shape(of: node.name)?[1] ?? 1, (node.op as? ChannelGate)?.open ?? 1)
    }
    let numbers = Dictionary(gates.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let zeros = Self.zeros(graph, numbers)
    let readers = numbers.isEmpty ? [:] : Self.readers(graph)
    var isKnown: Set<String> = []
    layers = graph.nodes.compactMap { node in
      if node.op is ChannelGate { isKnown.insert(node.name) }
      let cost = graph.cost(of: node).multiplyAdds
      guard cost > 0 else { return nil }
      var layer = Layer(
        name: node.name, multiplyAdds: cost, groups: (node.op as? any ProductOp)?.groups ?? 1)
      layer.made = Self.closing(node.name, graph, numbers, readers)
      let gate = layer.made.map { names[$0] }
      layer.isSkippable = node.op is Conv2D && layer.groups == 1 && gate.map(isKnown.contains) == true
      layer.read = node.inputs.first.flatMap { zeros[$0] }
      return layer
    }
    places = Dictionary(layers.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Multiply-adds of an image for which so many channels of each gate are open.
  public func multiplyAdds(open: [Int]) -> Int {
    layers.reduce(0) { $0 + multiplyAdds(of: $1, open: { open[$0] }) }
  }

  /// Multiply-adds of an image at most: as many channels are open as the gates let.
  public var most: Int { multiplyAdds(open: sizes.map(\.most)) }

  /// Multiply-adds of a node for an image at most.
  public func most(of node: String) -> Int {
    places[node].map { multiplyAdds(of: layers[$0], open: { sizes[$0].most }) } ?? 0
  }

  /// Multiply-adds of a node for an image at most by kernels that skip closed outputs where they can, and read closed inputs.
  public func mostByOutputs(of node: String) -> Int {
    guard let place = places[node] else { return 0 }
    var layer = layers[place]
    layer.read = nil
    return layer.isSkippable ? multiplyAdds(of: layer, open: { sizes[$0].most }) : layer.multiplyAdds
  }

  /// The gate by which kernels skip outputs of a node; `nil` where they compute all of them.
  public func skippingGate(of node: String) -> String? {
    places[node].flatMap { layers[$0].isSkippable ? layers[$0].made : nil }.map { gates[$0] }
  }

  /// The gate that closes channels that a node makes; `nil` where all are needed.
  public func gate(closing node: String) -> String? {
    places[node].flatMap { layers[$0].made }.map { gates[$0] }
  }

  private func multiplyAdds(of layer: Layer, open: (Int) -> Int) -> Int {
    func share(_ count: Int, _ gate: Int?) -> Int {
      guard let gate else { return count }
      let channels = sizes[gate].channels
      return channels.dividingFullWidth(count.multipliedFullWidth(by: min(open(gate), channels))).quotient
    }
    let made = share(layer.multiplyAdds, layer.made)
    guard layer.groups > 1, layer.made != nil else { return share(made, layer.read) }
    // Which of its inputs a group's open outputs need is not told by counts: at most as many as either gate leaves.
    return min(made, share(layer.multiplyAdds, layer.read))
  }

  // MARK: Where gates act

  /// The gate by whose numbers a product multiplies its first input.
  private static func gate(of node: Node, _ numbers: [String: Int]) -> Int? {
    node.op is Multiply && node.inputs[0] != node.inputs[1] ? numbers[node.inputs[1]] : nil
  }

  /// By value, the gate whose closed channels are zero in it.
  private static func zeros(_ graph: Graph, _ numbers: [String: Int]) -> [String: Int] {
    var zeros: [String: Int] = [:]
    for node in graph.nodes {
      zeros[node.name] = gate(of: node, numbers) ?? (keepsZeros(node.op) ? zeros[node.inputs[0]] : nil)
    }
    return zeros
  }

  /// Whether channels of zeros stay such, and stay apart from others.
  private static func keepsZeros(_ op: any Op) -> Bool {
    switch op {
    case is ReLU, is ReLU6, is HardSwish, is LeakyReLU, is ELU, is GELU, is Tanh, is Multiply, is MaxPool,
      is AveragePool,
      is GlobalAveragePool, is Flatten, is ChannelShuffle, is Dropout, is Upsample:
      true
    default: false
    }
  }

  private static func readers(_ graph: Graph) -> [String: [Node]] {
    var readers: [String: [Node]] = [:]
    for node in graph.nodes { for input in node.inputs { readers[input, default: []].append(node) } }
    return readers
  }

  /// The gate behind a node to which its channels come one by one, and that alone needs them.
  private static func closing(
    _ name: String, _ graph: Graph, _ numbers: [String: Int], _ readers: [String: [Node]]
  ) -> Int? {
    var value = name
    while !graph.outputs.contains(value), let all = readers[value], all.count == 1, let reader = all.first {
      if let gate = gate(of: reader, numbers), reader.inputs[0] == value { return gate }
      // What is drawn around a mean is closed with it.
      guard reader.inputs.count == 1 || reader.op is GaussianSample, reader.inputs[0] == value,
        reader.op.channels(graph.inputShapes(of: reader)) == .following
      else {
        return nil
      }
      value = reader.name
    }
    return nil
  }
}

/// Multiply-adds counted image by image.
public struct ImageWork: Sendable, Equatable {
  /// How many images were counted.
  public private(set) var images = 0
  /// The fewest of an image.
  public private(set) var least = 0
  /// The most of an image.
  public private(set) var most = 0
  private var total = 0.0

  /// No image.
  public init() {}

  /// The mean over images; 0 for none.
  public var mean: Double { images == 0 ? 0 : total / Double(images) }

  /// Counts an image.
  public mutating func add(_ multiplyAdds: Int) {
    least = images == 0 ? multiplyAdds : min(least, multiplyAdds)
    most = max(most, multiplyAdds)
    images += 1
    total += Double(multiplyAdds)
  }
}
