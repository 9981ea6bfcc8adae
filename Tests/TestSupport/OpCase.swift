public import Graphs
import Settings
public import Ops
public import Tensors

/// One example of an op, its type erased: what the laws over the catalogue run on.
public struct OpCase: Sendable, CustomStringConvertible {
  /// The op.
  public let op: any Op
  /// Its input shapes, batch first.
  public let inputs: [Shape]

  /// Makes a case.
  public init(op: any Op, inputs: [Shape]) {
    self.op = op
    self.inputs = inputs
  }

  /// Every example of every op of a catalogue.
  public static func all(_ catalogue: OpCatalogue = .standard) -> [OpCase] {
    catalogue.types.flatMap { cases(of: $0) }
  }

  /// Every example of every op that devices of integers know, and that other formats may hold: gates are refused by them.
  public static let withoutGates = all().filter { !($0.op is ChannelGate) }

  /// Those of them that have an integer kernel: a norm over groups divides by what an image shows.
  public static let withIntegers = withoutGates.filter { !($0.op is GroupNorm) }

  private static func cases<O: Op>(of type: O.Type) -> [OpCase] {
    O.examples.map { OpCase(op: $0.op, inputs: $0.inputs) }
  }

  /// `conv2d {"filters":3,…} on 2x2x5x4`.
  public var description: String {
    "\(op.kind) \(op.settingsNode.canonicalJSON) on \(inputs.map(\.description).joined(separator: ", "))"
  }

  /// A graph of this op alone, reading graph inputs `x0`, `x1`, …; its output is `y`.
  public func graph() throws -> Graph {
    var graph = Graph(inputs: graphInputs)
    try graph.append(op, name: "y", inputs: graphInputs.map(\.name))
    graph.outputs = ["y"]
    graph.scatterParameters(seed: 11)
    return graph
  }

  /// A graph in which every input comes from a layer with weights, so that input gradients show in their gradients.
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
