import Graphs
import Ops
import Tensors

/// The layers that replace a convolution, added one after another; the last one bears its name.
struct FilterBlock {
  /// The value that the block makes in the end.
  let value: String
  /// The layers so far, in order.
  private(set) var layers: [NewLayer] = []
  /// The layers that make the old layer's channels, and so may be fitted to it.
  private(set) var parts: [OutputFit.Part] = []
  /// The value of the last layer so far.
  private(set) var present: String
  private let graph: Graph

  /// An empty block in place of a convolution.
  init(_ traits: ConvolutionTraits, in graph: Graph) {
    value = traits.node.name
    present = traits.input
    self.graph = graph
  }

  /// Adds a layer that reads the last one's value, or `input`; `part` names it behind the block's name.
  mutating func add(
    _ op: any Op, _ part: String, from input: String? = nil, weight: Tensor? = nil, bias: Tensor? = nil
  ) {
    append(op, graph.unusedName(value, part), from: input.map { [$0] }, weight: weight, bias: bias)
  }

  /// Adds a norm, if asked to, and an activation behind the last layer of a part.
  mutating func clamp(_ part: String, norm: Bool, by activation: any Op = ReLU()) {
    if norm { add(BatchNorm(), part + ".norm") }
    add(activation, part + ".relu")
  }

  /// Adds the layer that bears the old name and makes all of its channels.
  mutating func finish(_ op: Conv2D, weight: Tensor? = nil, bias: Tensor? = nil) {
    append(op, value, from: nil, weight: weight, bias: bias)
    parts.append(OutputFit.Part(value: value, layer: value, channels: 0..<op.filters))
  }

  /// Adds the concatenation that bears the old name.
  ///
  /// Each input comes with the channels of the old layer that it makes.
  mutating func finish(joining inputs: [(name: String, channels: Range<Int>)]) {
    append(Concat(), value, from: inputs.map(\.name), weight: nil, bias: nil)
    parts += inputs.map { OutputFit.Part(value: value, layer: $0.name, channels: $0.channels) }
  }

  private mutating func append(
    _ op: any Op, _ name: String, from inputs: [String]?, weight: Tensor?, bias: Tensor?
  ) {
    var layer = NewLayer(op: op, name: name, inputs: inputs ?? [present])
    layer.parameters[.weight] = weight
    layer.parameters[.bias] = bias
    layers.append(layer)
    present = name
  }
}

extension Tensor {
  /// The 1x1 kernel `[O, I, 1, 1]` of the sums of taps of a kernel `[O, I, Kh, Kw]`.
  ///
  /// Both make the same where the input is constant over the window.
  func summingTaps() -> Tensor {
    let taps = shape.spatialCount
    let sums = (0..<values.count / taps).map { values[$0 * taps..<($0 + 1) * taps].reduce(0, +) }
    return Tensor(sums, shape: [shape[0], shape[1], 1, 1])
  }
}
