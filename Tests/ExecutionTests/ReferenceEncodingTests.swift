import Execution
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@Suite("Reference plan: encodings")
struct ReferenceEncodingTests {
  /// The graph y = x · weightᵀ: one feature with the weights 1, 2 and 3.
  private func graph(_ encoding: any Encoding = ThinnedEncoding()) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "x", shape: [3])])
    try graph.append(Linear(features: 1, bias: false), name: "y", inputs: ["x"])
    graph.outputs = ["y"]
    graph.parameters = ["y.weight": Parameter(Tensor([1, 2, 3], shape: [1, 3]), encoding: encoding)]
    return graph
  }

  private func value(_ name: String, _ plan: any Plan) throws -> [Float] {
    let tap = try plan.tap(name)
    var values = Array(repeating: Float(0), count: tap.count)
    var span = values.mutableSpan
    plan.readTap(tap, into: &span)
    return values
  }

  private func gradients(of plan: any Plan) -> [Float] {
    plan.withGradients { (span: inout MutableSpan<Float>) in (0..<span.count).map { span[$0] } }
  }

  @Test("kernels compute with the projection, gradients pass by the encoding, the master is what is kept")
  func parameter() throws {
    for mode in [ExecutionMode.training, .inference] {
      let plan = try ReferenceBackend().compile(graph(), PlanOptions(batch: 1, mode: mode))
      plan.forward([10, 20, 30].span, key: 0)
      #expect(try value("y", plan) == [125])
      #expect(plan.snapshot().parameters["y.weight"]?.values == [1, 2, 3])
      guard mode == .training else { continue }
      plan.writeSeed(try plan.tap("y"), [1].span)
      plan.backward()
      #expect(gradients(of: plan) == [5, 0, 15])
      plan.update(PlainSGD(), StepParameters(rate: 0.1))
      #expect(plan.snapshot().parameters["y.weight"]?.values == [0.5, 2, 1.5])
      plan.forward([10, 20, 30].span, key: 0)
      #expect(try value("y", plan) == [62.5])
    }
  }

  @Test("gradients are passed by the masters of the moment, one backward pass after another")
  func micro() throws {
    let plan = try ReferenceBackend().compile(
      graph(PairedEncoding()), PlanOptions(batch: 1, mode: .training, microBatches: 2))
    plan.forward([10, 20, 30].span, key: 0)
    #expect(try value("y", plan) == [135])
    plan.writeSeed(try plan.tap("y"), [1].span)
    plan.backward()
    #expect(gradients(of: plan) == [7.5, 3, 3])
    plan.backward()
    #expect(gradients(of: plan) == [15, 6, 6])
  }

  @Test("an encoded value is its projection to all who read it, and passes gradients within its range alone")
  func encodedValue() throws {
    var graph = try graph(Dense())
    try graph.append(Linear(features: 1, bias: false), name: "z", inputs: ["y"])
    graph.outputs = ["z"]
    graph.parameters["z.weight"] = Parameter(Tensor([5], shape: [1, 1]))
    graph.values = ["x": HalvedValue(limit: 10), "y": HalvedValue(limit: 20)]
    let plan = try ReferenceBackend().compile(
      graph, PlanOptions(batch: 2, mode: .training, taps: ["x", "y"]))
    plan.forward([2, 4, 12, 2, 4, 4].span, key: 0)
    #expect(try value("x", plan) == [1, 2, 5, 1, 2, 2])
    #expect(try value("y", plan) == [10, 5.5])
    #expect(try value("z", plan) == [50, 27.5])
    plan.writeSeed(try plan.tap("z"), [1, 1].span)
    plan.backward()
    // y = 20 and 11 before projection: both are within 20.
    #expect(gradients(of: plan) == [10, 20, 35, 15.5])
    plan.forward([2, 4, 16, 4, 4, 20].span, key: 0)
    plan.backward()
    // y = 5 + 15 and 2 + 4 + 15: the second exceeds 20 and passes no gradient.
    #expect(gradients(of: plan) == [5, 10, 25, 20])
  }
}
