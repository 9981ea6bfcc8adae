public import Graphs
import Tensors

/// The multiply-adds that a network needs for an image where `ChannelGate`s close channels.
///
/// A gated value is the `Multiply` of a value and a gate's factors. Two kinds of products are not needed:
/// those that make a closed channel, and those that read one. The former are saved in the layer that makes
/// the value, if only maps of single channels (norms, activations) lie between, which nothing else reads. The
/// latter are saved in layers that the gated value reaches through maps that leave zeros zero. A layer
/// `[O, I]` with o open outputs and i open inputs takes `o/O · i/I` of its multiply-adds. A layer that reads
/// a sum or a concatenation reads all of it.
public struct GatedWork: Sendable {
  /// The gates, in the order of the network.
  public let gates: [String]
  /// The channels of each gate, and the most that it opens.
  private let sizes: [(channels: Int, most: Int)]
  private let layers: [Layer]
  private let places: [String: Int]

  /// A node with multiply-adds.
  private struct Layer {
    let name: String
    let multiplyAdds: Int
    let groups: Int
    /// The gate that closes channels of the layer's output.
    var made: Int?
    /// The gate that closes channels of the layer's input.
    var read: Int?
    /// True if kernels can skip closed outputs: a convolution of one group that is computed after its gate.
    var isSkippable = false
  }

  /// Finds the gates of a network.
  ///
  /// O(nodes).
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

  /// The multiply-adds of an image; `open` holds the number of open channels of each gate.
  public func multiplyAdds(open: [Int]) -> Int {
    layers.reduce(0) { $0 + multiplyAdds(of: $1, open: { open[$0] }) }
  }

  /// The most multiply-adds of an image: every gate opens as many channels as it may.
  public var most: Int { multiplyAdds(open: sizes.map(\.most)) }

  /// The most multiply-adds of a node for an image; 0 for a node without any.
  public func most(of node: String) -> Int {
    places[node].map { multiplyAdds(of: layers[$0], open: { sizes[$0].most }) } ?? 0
  }

  /// The most multiply-adds of a node for an image when kernels skip closed outputs alone.
  ///
  /// Such kernels read closed inputs. Where they cannot skip, all of the node's multiply-adds count.
  public func mostByOutputs(of node: String) -> Int {
    guard let place = places[node] else { return 0 }
    var layer = layers[place]
    layer.read = nil
    return layer.isSkippable ? multiplyAdds(of: layer, open: { sizes[$0].most }) : layer.multiplyAdds
  }

  /// The gate by which kernels skip outputs of a node; `nil` if they compute all of them.
  public func skippingGate(of node: String) -> String? {
    places[node].flatMap { layers[$0].isSkippable ? layers[$0].made : nil }.map { gates[$0] }
  }

  /// The gate that closes channels of a node's output; `nil` if all are needed.
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
    // Counts do not tell which inputs a group's open outputs need: at most as many as either gate leaves.
    return min(made, share(layer.multiplyAdds, layer.read))
  }

  // MARK: Where gates act

  /// The gate by whose factors a product multiplies its first input.
  private static func gate(of node: Node, _ numbers: [String: Int]) -> Int? {
    node.op is Multiply && node.inputs[0] != node.inputs[1] ? numbers[node.inputs[1]] : nil
  }

  /// The gate whose closed channels are zero in a value, by value.
  private static func zeros(_ graph: Graph, _ numbers: [String: Int]) -> [String: Int] {
    var zeros: [String: Int] = [:]
    for node in graph.nodes {
      zeros[node.name] = gate(of: node, numbers) ?? (keepsZeros(node.op) ? zeros[node.inputs[0]] : nil)
    }
    return zeros
  }

  /// True if channels of zeros stay zeros, and apart from other channels.
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

  /// The gate that closes a node's channels; `nil` if more than the gated product needs them.
  ///
  /// The channels reach the product one by one, through maps of single channels.
  private static func closing(
    _ name: String, _ graph: Graph, _ numbers: [String: Int], _ readers: [String: [Node]]
  ) -> Int? {
    var value = name
    while !graph.outputs.contains(value), let all = readers[value], all.count == 1, let reader = all.first {
      if let gate = gate(of: reader, numbers), reader.inputs[0] == value { return gate }
      // A draw around a mean is closed with the mean.
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

/// Multiply-adds that are counted image by image.
public struct ImageWork: Sendable, Equatable {
  /// The number of images.
  public private(set) var images = 0
  /// The fewest multiply-adds of an image.
  public private(set) var least = 0
  /// The most multiply-adds of an image.
  public private(set) var most = 0
  private var total = 0.0

  /// Starts with no image.
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
