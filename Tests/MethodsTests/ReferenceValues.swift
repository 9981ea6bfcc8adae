import Graphs
import Methods
import Ops
import Tensors
import TestSupport

/// The values of a network by the reference kernels, node by node, with every encoding applied.
///
/// Plans must compute the same values.
struct ReferenceValues {
  /// The values by name.
  private(set) var values: [String: Tensor] = [:]

  /// Runs a graph in inference on images with the batch first.
  init(_ graph: Graph, _ images: Tensor) throws {
    let batch = images.shape[0]
    values[graph.inputs[0].name] = Self.projected(images, graph, graph.inputs[0].name)
    for node in graph.nodes {
      let inputs = node.inputs.compactMap { values[$0] }
      let parameters = graph.slots(of: node).compactMap { graph.parameters[$0.name]?.projected }
      var frame = KernelFrame(
        inputs: inputs, parameters: parameters,
        output: Tensor(zeros: try node.op.outputShape(inputs.map(\.shape))),
        mode: .inference, random: SeededRandom(seed: 0, purpose: node.name))
      node.op.forward(&frame)
      precondition(frame.output.shape[0] == batch)
      values[node.name] = Self.projected(frame.output, graph, node.name)
    }
  }

  private static func projected(_ tensor: Tensor, _ graph: Graph, _ name: String) -> Tensor {
    guard let encoding = graph.values[name] else { return tensor }
    var projected = tensor
    var span = projected.values.mutableSpan
    encoding.project(tensor.values.span, into: &span)
    return projected
  }
}

/// The activations of given images, in batches of eight.
struct ImageEvidence: Evidence {
  let graph: Graph
  let images: Tensor

  init(_ graph: Graph, images count: Int = 32, seed: UInt64 = 3) {
    self.graph = graph
    let shape = graph.inputs[0].shape
    images = Tensor(random: Shape([count] + shape.dimensions), in: -1...2, seed: seed, "image")
  }

  func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {
    throw MethodError.evidence(method: "test", reason: "no gradients")
  }

  func forEachActivation(
    of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {
    try forEachActivation(of: values, in: graph, images: images, real: real, body)
  }

  func forEachActivation(
    of values: [String], in graph: Graph, images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {
    var graph = graph
    if real { graph.values = [:] }
    for start in stride(from: 0, to: self.images.shape[0], by: 8) {
      let batch = self.images.gathering(Array(start..<start + 8), axis: 0)
      let all = try ReferenceValues(graph, batch).values
      body(all.filter { values.contains($0.key) })
    }
  }

  /// The numbers of a value for all images, one image after another.
  func values(_ name: String, _ graph: Graph) throws -> [Float] {
    var all: [Float] = []
    try forEachActivation(of: [name], in: graph, images: images.shape[0], real: true) {
      all += $0[name]?.values ?? []
    }
    return all
  }
}
