import Encodings
import Execution
import Graphs
import Ops
import Tensors

extension Graph {
  /// The network on grids of eight bits that reach what occurs on some images.
  func quantized(on images: Tensor) throws -> Graph {
    var graph = try foldingBatchNorms()
    let places = graph.valuePlaces()
    let names = graph.inputs.map(\.name) + graph.nodes.map(\.name)
    let stored = names.filter { places[$0] == .stored }
    let plan = try ReferenceBackend().compile(
      graph, PlanOptions(batch: images.shape[0], mode: .inference, taps: stored))
    let numbers = images.values
    plan.forward(numbers.span, key: 0)
    for name in stored {
      let tap = try plan.tap(name)
      var values = [Float](repeating: 0, count: tap.count)
      var span = values.mutableSpan
      plan.readTap(tap, into: &span)
      graph.values[name] = IntegerValue(bits: 8, covering: (values.min() ?? 0)...(values.max() ?? 0))
    }
    for name in names {
      if case .alike(let source) = places[name] { graph.values[name] = graph.values[source] }
    }
    for node in graph.nodes where node.op is Conv2D || node.op is Linear {
      guard let weight = graph.parameters["\(node.name).weight"]?.value,
        let scale = (graph.storedEncoding(of: node.inputs[0]) as? IntegerValue)?.scale
      else { continue }
      let encoding = Integer(bits: 8, covering: weight, perChannel: true)
      graph.parameters["\(node.name).weight"]?.encoding = encoding
      graph.parameters["\(node.name).bias"]?.encoding = Integer(
        bits: 32, scales: encoding.scales.map { $0 * scale })
    }
    return graph
  }
}
