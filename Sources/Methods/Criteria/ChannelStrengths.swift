import Graphs
import Ops
import Tensors

/// Maps elements of a layer's weight `[outputs, inputs of a group, …]` to the channels that they join.
struct ProductShape {
  private let outputs: Int
  private let inputs: Int
  private let inner: Int
  private let groups: Int

  init(_ node: Node, _ shape: Shape) {
    outputs = shape[0]
    inputs = shape.rank > 1 ? shape[1] : 1
    inner = shape.spatialCount
    groups = (node.op as? any ProductOp)?.groups ?? 1
  }

  /// The output channel of an element.
  func output(of element: Int) -> Int { element / inner / inputs }
  /// The input channel of an element, counted over all groups.
  func input(of element: Int) -> Int {
    output(of: element) / max(outputs / groups, 1) * inputs + element / inner % inputs
  }
}

/// Squared norms of the weights that make and that read each channel, as far as the next layers of weights.
///
/// Norms between multiply by their squared factor; the branches of sums and concatenations are added up.
struct ChannelStrengths {
  /// Squared norms of the weights that make a channel, by value; 1 for inputs of the network.
  private(set) var incoming: [String: [Double]] = [:]
  /// Squared norms of the weights that read a channel, by value; 1 for outputs of the network.
  private(set) var outgoing: [String: [Double]] = [:]

  /// Computes both for all values of a graph.
  init(_ graph: Graph) {
    func channels(_ value: String) -> Int {
      let shape = graph.shape(of: value) ?? []
      return shape.rank > 1 ? shape[1] : 1
    }
    let layers = graph.nodes.map { Layer($0, in: graph) }
    for input in graph.inputs {
      incoming[input.name] = Array(repeating: 1, count: channels(input.name))
    }
    for layer in layers {
      let node = layer.node
      incoming[node.name] =
        layer.making
        ?? layer.forward(
          node.inputs.map { incoming[$0] ?? [] }, channels: channels(node.name))
    }
    for value in graph.inputs.map(\.name) + graph.nodes.map(\.name) {
      let isOutput = graph.outputs.contains(value)
      outgoing[value] = Array(repeating: isOutput ? 1 : 0, count: channels(value))
    }
    for layer in layers.reversed() {
      let read = outgoing[layer.node.name] ?? []
      for (index, value) in layer.node.inputs.enumerated() {
        let counts = layer.node.inputs.map(channels)
        let squares = layer.reading ?? layer.backward(read, to: index, channels: counts)
        guard let sum = outgoing[value], sum.count == squares.count else { continue }
        outgoing[value] = zip(sum, squares).map { $0 + $1 }
      }
    }
  }
}

/// A node, and how squared norms pass through it.
private struct Layer {
  let node: Node
  let rule: ChannelRule
  /// The squared norms of its own weights by output channel; `nil` if it has none.
  var making: [Double]?
  /// The squared norms of its own weights by input channel; `nil` if it has none.
  var reading: [Double]?
  /// The squared factors of a norm by channel.
  private var factors: [Double]?

  init(_ node: Node, in graph: Graph) {
    self.node = node
    rule = node.op.channels(graph.inputShapes(of: node))
    let weight = graph.slots(of: node).first { $0.slot.isPrunable && $0.slot.outputAxis == 0 }
    if let weight, let tensor = graph.parameters[weight.name]?.projected {
      let shape = ProductShape(node, tensor.shape)
      var making = Array(repeating: 0.0, count: tensor.shape[0])
      var reading = Array(repeating: 0.0, count: graph.inputShapes(of: node)[0][1])
      for (element, value) in tensor.values.enumerated() {
        making[shape.output(of: element)] += Double(value) * Double(value)
        reading[shape.input(of: element)] += Double(value) * Double(value)
      }
      (self.making, self.reading) = (making, reading)
    }
    if let norm = node.op as? BatchNorm, let scale = graph[.scale, of: node.name]?.projected,
      let variance = graph[.variance, of: node.name]?.projected
    {
      factors = zip(scale.values, variance.values).map {
        Double($0) * Double($0) / (Double($1) + Double(norm.epsilon))
      }
    }
  }

  /// The squares of the output's channels from those of its inputs; 1 where the node makes channels anew.
  func forward(_ inputs: [[Double]], channels: Int) -> [Double] {
    var result = Array(repeating: 0.0, count: channels)
    switch rule {
    case .following:
      for input in inputs where input.count == channels {
        for channel in 0..<channels { result[channel] += input[channel] * (factors?[channel] ?? 1) }
      }
    case .stacking: result = inputs.flatMap(\.self)
    case .spreading(let count): result = (inputs.first ?? []).flatMap { Array(repeating: $0, count: count) }
    case .shuffling(let groups):
      let input = inputs.first ?? []
      result = (0..<channels).map { input[$0 % groups * (channels / groups) + $0 / groups] }
    case .slicing(let start): result = Array((inputs.first ?? []).dropFirst(start).prefix(channels))
    case .mixing, .fixed: result = Array(repeating: 1, count: channels)
    }
    return result
  }

  /// The squares of an input's channels from those of the output; 1 where the node makes channels anew.
  func backward(_ output: [Double], to index: Int, channels: [Int]) -> [Double] {
    let count = channels[index]
    switch rule {
    case .following:
      guard output.count == count else { return Array(repeating: 1, count: count) }
      return output.indices.map { output[$0] * (factors?[$0] ?? 1) }
    case .stacking:
      let start = channels[..<index].reduce(0, +)
      return Array(output[start..<start + count])
    case .spreading(let spread):
      return (0..<count).map { output[$0 * spread..<($0 + 1) * spread].reduce(0, +) }
    case .shuffling(let groups):
      let size = count / groups
      return (0..<count).map { output[$0 % size * groups + $0 / size] }
    case .slicing(let start):
      return (0..<count).map { output.indices.contains($0 - start) ? output[$0 - start] : 0 }
    case .mixing, .fixed: return Array(repeating: 1, count: count)
    }
  }
}
