import Graphs
import Ops
import Tensors

/// A network prepared for sending numbers of its values back through it, node by node.
///
/// Its parameters are plain, a softmax at its end is removed, and its norms are folded into the layers before
/// them. Values keep their names.
struct BackwardMessages {
  /// The prepared network.
  let graph: Graph
  /// The names of the layers of weights that mix the channels they read.
  private let readers: Set<String>

  /// Prepares a network.
  init(_ original: Graph) throws {
    var plain = original
    plain.parameters = original.parameters.mapValues { Parameter($0.projected) }
    plain.values = [:]
    plain = try plain.withoutProbabilities()?.graph ?? plain
    let graph = try plain.foldingBatchNorms()
    self.graph = graph
    readers = Set(
      graph.nodes.filter { node in graph.slots(of: node).contains { $0.slot.inputAxis != nil } }.map(\.name))
  }

  /// True if a node is a layer of weights that mixes the channels it reads.
  func isReader(_ node: Node) -> Bool { readers.contains(node.name) }

  /// True if each element of the node's output comes from one element of its only input, in the same order.
  static func isElementwise(_ node: Node) -> Bool {
    // An op whose output may lie over its input reads for each element that element alone.
    node.inputs.count == 1 && !(node.op is any ProductOp)
      && (node.op.placement != .apart || node.op is Softmax)
  }

  /// The node's parameters with each weight changed; biases and other summands are zero.
  func weights(of node: Node, _ change: (Float) -> Float) -> [Tensor] {
    graph.slots(of: node).map { name, slot in
      guard slot.isPrunable, var tensor = graph.parameters[name]?.value else {
        return Tensor(zeros: slot.shape)
      }
      for i in tensor.values.indices { tensor.values[i] = change(tensor.values[i]) }
      return tensor
    }
  }

  /// The node's parameters as they are.
  func parameters(of node: Node) -> [Tensor] {
    graph.slots(of: node).map { graph.parameters[$0.name]?.value ?? Tensor(zeros: $0.slot.shape) }
  }

  /// The frame of a run of a node's reference kernel on inputs.
  static func frame(_ op: any Op, _ inputs: [Tensor], _ parameters: [Tensor], output: Shape) -> KernelFrame {
    var frame = KernelFrame(
      inputs: inputs, parameters: parameters, output: Tensor(zeros: output), mode: .inference,
      random: SeededRandom(seed: 0, purpose: "inference"))
    op.forward(&frame)
    return frame
  }

  /// The gradients by the inputs of a run.
  static func gradients(_ op: any Op, _ frame: KernelFrame, by output: Tensor) -> [Tensor] {
    var gradient = GradientFrame(frame, outputGradient: output)
    op.backward(&gradient)
    return gradient.inputGradients
  }

  /// The largest number that is sent on as it is.
  private static let most: Float = 1e15

  /// Sends numbers back from some values, through the nodes in reverse order.
  ///
  /// `step` returns the numbers of a node's inputs from those of its output. `reading` is called with the
  /// input of each layer that mixes its channels, the numbers that arrive there, and a factor to multiply
  /// them by. The factor keeps numbers that grow from layer to layer within the range of floats.
  func send(
    _ start: [String: Tensor], _ step: (Node, Tensor) -> [Tensor],
    reading: (String, Tensor, _ scale: Double) -> Void
  ) {
    var numbers = start
    var scale = 1.0
    for node in graph.nodes.reversed() {
      guard let output = numbers[node.name] else { continue }
      var messages = step(node, output)
      let largest = messages.reduce(0) { $1.values.reduce($0) { max($0, abs($1)) } }
      // All pending numbers are divided at once, so they stay comparable.
      if largest > Self.most, largest.isFinite {
        messages = messages.map { $0.mapping { $0 / largest } }
        numbers = numbers.mapValues { $0.mapping { $0 / largest } }
        scale *= Double(largest)
      }
      for (value, message) in zip(node.inputs, messages) {
        if isReader(node) { reading(value, message, scale) }
        guard var sum = numbers[value] else {
          numbers[value] = message
          continue
        }
        for i in sum.values.indices { sum.values[i] += message.values[i] }
        numbers[value] = sum
      }
      numbers[node.name] = nil
    }
  }
}

extension Tensor {
  /// The sums over all axes but the channels', axis 1.
  func channelSums() -> [Double] { shape.sums(along: 1) { Double(values[$0]) } }

  /// The tensor with each element changed.
  func mapping(_ change: (Float) -> Float) -> Tensor { Tensor(values.map(change), shape: shape) }
}
