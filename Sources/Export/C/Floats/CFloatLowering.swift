import Graphs
import Ops
import Tensors

/// An op with a kernel in C for networks of floats.
protocol CFloatLowering: Op {
  /// The kernel of a node with all its constants.
  func floatKernel(_ frame: CFloatFrame) -> any CKernel
}

/// The context of a node that is lowered: the shapes for one image, and its parameters.
struct CFloatFrame {
  /// The node.
  let node: Node
  /// The network.
  let graph: Graph
  /// The layers of which only non-zero weights are stored.
  let sparse: CSparse

  /// The shapes of the node's inputs, without the batch.
  var inputs: [Shape] { graph.inputShapes(of: node).map { Shape(Array($0.dimensions.dropFirst())) } }
  /// The shape of the node's output, without the batch.
  var output: Shape { Shape(Array((graph.shape(of: node.name) ?? [1]).dimensions.dropFirst())) }

  /// A parameter of the node by its role; `nil` where it has none.
  func parameter(_ role: ParameterRole) -> Parameter? { graph[role, of: node.name] }

  /// The weight of a layer of products, which every verified model has.
  var weight: Parameter {
    guard let weight = parameter(.weight) else {
      preconditionFailure("\(node.name) has no weight in a verified model")
    }
    return weight
  }

  /// The values that kernels compute with; zeros where the parameter is missing.
  func values(_ role: ParameterRole, count: Int) -> [Float] {
    parameter(role)?.projected.values ?? Array(repeating: 0, count: count)
  }
}

extension CNetwork {
  /// The parts of a network of floats that cannot be written as C.
  static func floatRefusals(of graph: Graph) -> [CRefusal] {
    var refusals = graph.nodes.filter { !($0.op is any CFloatLowering) }.map(CRefusal.withoutKernel)
    if graph.inputs.count != 1 {
      refusals.insert(
        CRefusal(
          node: "inputs", kind: "input", reason: "C takes one input, the network has \(graph.inputs.count)"),
        at: 0)
    }
    return refusals
  }

  /// Takes a network of floats with folded batch norms; throws for ops without a kernel in C.
  init(floats graph: Graph, sparse: CSparse) throws(CRefusal) {
    if let refusal = Self.floatRefusals(of: graph).first { throw refusal }
    let names = graph.inputs.map(\.name) + graph.nodes.map(\.name)
    let positions = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let values = names.map { name in
      Value(name: name, shape: Shape(Array((graph.shape(of: name) ?? [1, 1]).dimensions.dropFirst())))
    }
    let work = GatedWork(graph)
    var steps: [Step] = []
    for (index, node) in graph.nodes.enumerated() {
      guard let op = node.op as? any CFloatLowering else { throw .withoutKernel(node) }
      let output = graph.inputs.count + index
      var kernel = op.floatKernel(CFloatFrame(node: node, graph: graph, sparse: sparse))
      var inputs = node.inputs.compactMap { positions[$0] }
      if var products = kernel as? FloatProducts, products.canBeGated,
        let gate = work.skippingGate(of: node.name).flatMap({ positions[$0] })
      {
        products.isGated = true
        products.title += ", gated"
        products.multiplyAdds = work.mostByOutputs(of: node.name)
        kernel = products
        inputs.append(gate)
      }
      steps.append(Step(node: node.name, kernel: kernel, inputs: inputs, output: output))
    }
    guard let output = graph.outputs.first.flatMap({ positions[$0] }) else {
      throw CRefusal(node: "outputs", kind: "output", reason: "the network has none")
    }
    guard graph.outputs.count == 1 || !graph.nodes.contains(where: { $0.op is AnchorRows }) else {
      throw CRefusal.ofOutputs(graph.outputs.count)
    }
    self.init(values: values, steps: steps, input: 0, output: output, element: .float)
  }
}

extension CRefusal {
  /// The refusal of a node whose op has no kernel in C.
  fileprivate static func withoutKernel(_ node: Node) -> CRefusal {
    CRefusal(node: node.name, kind: node.op.kind, reason: "has no kernel in C")
  }
}
