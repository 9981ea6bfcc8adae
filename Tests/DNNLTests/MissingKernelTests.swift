import Execution
import Graphs
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@testable import DNNL

/// A linear layer that promises to fuse a ReLU and then has no native path.
private struct Promising: DNNLOp {
  static let kind = "promising"

  private var linear: Linear { Linear(features: 4) }

  static var settings: [Setting<Promising>] { [] }
  static var examples: [OpExample<Promising>] { [] }
  static func fusesReLU(_ output: Shape) -> Bool { true }

  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool { false }
  func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try linear.outputShape(inputs) }
  func parameters(_ inputs: [Shape]) -> [ParameterSlot] { linear.parameters(inputs) }
  func channels(_ inputs: [Shape]) -> ChannelRule { linear.channels(inputs) }
  func forward(_ frame: inout KernelFrame) { linear.forward(&frame) }
  func backward(_ frame: inout GradientFrame) { linear.backward(&frame) }
}

@Suite("Ops without a native kernel")
struct MissingKernelTests {
  @Test("A ReLU that was to be part of a kernel that there is not comes behind the reference kernel")
  func fused() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3])])
    try graph.append(Promising(), name: "promising", inputs: ["image"])
    try graph.append(ReLU(), name: "relu", inputs: ["promising"])
    try graph.append(Linear(features: 2), name: "scores", inputs: ["relu"])
    graph.outputs = ["scores"]
    graph.initializeParameters(seed: 4)
    let images = Tensor(random: [5, 3], in: -2...2, seed: 1, "images").values
    func gradients(_ backend: any Backend) throws -> (values: [Float], gradients: [String: Tensor]) {
      let plan = try backend.compile(graph, PlanOptions(batch: 5, mode: .training))
      plan.forward(images.span, key: 0)
      let tap = try plan.tap("scores")
      var values = [Float](repeating: 0, count: tap.count)
      var span = values.mutableSpan
      plan.readTap(tap, into: &span)
      plan.writeSeed(tap, [Float](repeating: 1, count: tap.count).span)
      plan.backward()
      return (values, try plan.gradients())
    }
    let (expected, found) = (try gradients(ReferenceBackend()), try gradients(DNNLBackend()))
    #expect(zip(expected.values, found.values).allSatisfy { abs($0 - $1) < 1e-5 })
    for (name, gradient) in expected.gradients {
      let own = try #require(found.gradients[name])
      #expect(zip(gradient.values, own.values).allSatisfy { abs($0 - $1) < 1e-4 }, "\(name)")
    }
  }
}
