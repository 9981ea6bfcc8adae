import Execution
import Graphs
import Methods
import Tensors
import TestSupport

/// The evidence of the loss `functional · logits / batch` on random images.
///
/// The loss is linear in the logits, so in a linear network first-order changes are exact.
struct LinearLoss: Evidence {
  let graph: Graph
  /// The images of each batch.
  let batches: [Tensor]
  let functional: [Float]

  init(_ graph: Graph, batches: Int, batch: Int, seed: UInt64) {
    self.graph = graph
    let shape = Shape([batch] + graph.inputs[0].shape.dimensions)
    self.batches = (0..<batches).map { Tensor(random: shape, seed: seed, "batch \($0)") }
    let classes = graph.shape(of: graph.outputs[0])?.count ?? 0
    functional = Tensor(random: [classes], seed: seed, "functional").values
  }

  /// The mean loss on each batch of a network with these inputs and outputs.
  func losses(of graph: Graph) throws -> [Double] {
    let batch = batches[0].shape[0]
    let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: batch, mode: .inference))
    let tap = try plan.tap(graph.outputs[0])
    return batches.map { images in
      plan.forward(images.values.span, key: 0)
      var logits = Array(repeating: Float(0), count: tap.count)
      var span = logits.mutableSpan
      plan.readTap(tap, into: &span)
      return logits.indices.reduce(0) {
        $0 + Double(logits[$1]) * Double(functional[$1 % functional.count]) / Double(batch)
      }
    }
  }

  func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {
    let batch = batches[0].shape[0]
    let plan = try ReferenceBackend().compile(graph, PlanOptions(batch: batch, mode: .training))
    let tap = try plan.tap(graph.outputs[0])
    let seed = (0..<tap.count).map { functional[$0 % functional.count] / Float(batch) }
    for images in batches {
      plan.forward(images.values.span, key: 0)
      plan.writeSeed(tap, seed.span)
      plan.backward()
      body(try plan.gradients())
    }
  }

  func forEachActivation(
    of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {
    let batch = batches[0].shape[0]
    let plan = try ReferenceBackend().compile(
      graph, PlanOptions(batch: batch, mode: .inference, taps: values))
    var activations: [String: Tensor] = [:]
    for images in batches {
      plan.forward(images.values.span, key: 0)
      for name in values {
        var tensor = Tensor(zeros: graph.shape(of: name, batch: batch) ?? [])
        var span = tensor.values.mutableSpan
        plan.readTap(try plan.tap(name), into: &span)
        activations[name] = tensor
      }
      body(activations)
    }
  }
}
