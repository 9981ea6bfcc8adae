public import Graphs
import Settings
public import Ops
public import Tensors

/// One example of an op with an erased type, for the laws that hold over the catalogue.
public struct OpCase: Sendable, CustomStringConvertible {
  /// The op.
  public let op: any Op
  /// The input shapes, with the batch first.
  public let inputs: [Shape]

  /// Creates a case.
  public init(op: any Op, inputs: [Shape]) {
    self.op = op
    self.inputs = inputs
  }

  /// Every example of every op in a catalogue.
  public static func all(_ catalogue: OpCatalogue = .standard) -> [OpCase] {
    catalogue.types.flatMap { cases(of: $0) }
  }

  /// Every example of the ops other than channel gates, which integer devices and other formats do not
  /// support.
  public static let withoutGates = all().filter { !($0.op is ChannelGate) }

  /// The examples with an integer kernel; group norms have none, because they divide by a statistic of each
  /// image.
  public static let withIntegers = withoutGates.filter { !($0.op is GroupNorm) }

  private static func cases<O: Op>(of type: O.Type) -> [OpCase] {
    O.examples.map { OpCase(op: $0.op, inputs: $0.inputs) }
  }

  /// The case in words: `conv2d {"filters":3,…} on 2x2x5x4`.
  public var description: String {
    "\(op.kind) \(op.settingsNode.canonicalJSON) on \(inputs.map(\.description).joined(separator: ", "))"
  }

  /// A graph of this op alone with the inputs `x0`, `x1`, … and the output `y`.
  public func graph() throws -> Graph {
    var graph = Graph(inputs: graphInputs)
    try graph.append(op, name: "y", inputs: graphInputs.map(\.name))
    graph.outputs = ["y"]
    graph.scatterParameters(seed: 11)
    return graph
  }

  /// A graph in which a layer with weights precedes every input, so that these weights' gradients show input
  /// gradients.
  public func graphBehindLayers() throws -> Graph {
    var graph = Graph(inputs: graphInputs)
    var names: [String] = []
    for (index, shape) in inputs.enumerated() {
      let layer: any Op =
        shape.rank == 4 ? Conv2D(filters: shape[1], kernel: 3, padding: 1) : Linear(features: shape[1])
      names.append(try graph.append(layer, name: "layer\(index)", inputs: ["x\(index)"]))
    }
    try graph.append(op, name: "y", inputs: names)
    graph.outputs = ["y"]
    graph.scatterParameters(seed: 12)
    return graph
  }

  private var graphInputs: [GraphInput] {
    inputs.enumerated().map { GraphInput(name: "x\($0)", shape: Shape(Array($1.dimensions.dropFirst()))) }
  }
}
