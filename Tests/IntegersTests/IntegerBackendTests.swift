import Encodings
import Execution
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Integers

@Suite("The integer backend")
struct IntegerBackendTests {
  private func quantized(_ network: SmallGraph, batch: Int) throws -> (graph: Graph, images: [Float]) {
    let graph = try network.graph()
    let images = Tensor(
      random: Shape([batch] + graph.inputs[0].shape.dimensions), in: -3...4, seed: 2, "images"
    ).values
    return (try graph.quantized(calibratedOn: images, batch: batch), images)
  }

  @Test("A last softmax is the host's, of the floats that the logits stand for")
  func softmax() throws {
    let (graph, images) = try quantized(.shuffled, batch: 3)
    let plan = try IntegerBackend().compile(graph, PlanOptions(batch: 3, mode: .inference, taps: ["scores"]))
    plan.forward(images.span, key: 0)
    var frame = KernelFrame(
      inputs: [Tensor(try plan.numbers("scores"), shape: [3, 5])], parameters: [],
      output: Tensor(zeros: [3, 5]), mode: .inference, random: SeededRandom(seed: 0, purpose: ""))
    Softmax().forward(&frame)
    #expect(try plan.numbers("probabilities") == frame.output.values)
  }

  @Test("A second pass sees nothing of the first, and not a number is zero")
  func passes() throws {
    let (graph, images) = try quantized(.lenet, batch: 2)
    let plan = try IntegerBackend().compile(graph, PlanOptions(batch: 2, mode: .inference, taps: ["image"]))
    plan.forward(images.span, key: 0)
    let first = try plan.numbers("logits")
    let poisoned = images.map { _ in Float.nan }
    plan.forward(poisoned.span, key: 0)
    #expect(try plan.numbers("image").allSatisfy { $0 == 0 })
    plan.forward(images.span, key: 0)
    #expect(try plan.numbers("logits") == first)
  }

  @Test("Training, other precisions, unknown and fused taps, new weights and real graphs are refused")
  func refusals() throws {
    let (graph, _) = try quantized(.lenet, batch: 1)
    let backend = IntegerBackend()
    func message(_ graph: Graph, _ options: PlanOptions) -> String {
      errorMessage { _ = try backend.compile(graph, options) }
    }
    #expect(
      message(graph, PlanOptions(batch: 1, mode: .training)).hasPrefix("integer: integers are for inference"))
    #expect(
      message(graph, PlanOptions(batch: 1, mode: .inference, precision: .bf16))
        == "integer: computes in integers, not in bf16")
    #expect(
      message(graph, PlanOptions(batch: 1, mode: .inference, taps: ["hidden"]))
        == "hidden: no integer device stores this value")
    #expect(
      message(graph, PlanOptions(batch: 1, mode: .inference, taps: ["hiden"])).hasPrefix("hiden: no value"))
    #expect(
      message(try SmallGraph.lenet.graph(), PlanOptions(batch: 1, mode: .inference))
        == "image: its values are real; quantize the whole network")
    let plan = try backend.compile(graph, PlanOptions(batch: 1, mode: .inference))
    #expect(throws: ExecutionError.self) { try plan.load(plan.snapshot()) }
    #expect(!backend.supports(.bf16))
  }

  @Test("What computes a network is said: integers, floats on grids, floats")
  func arithmetic() throws {
    let (graph, _) = try quantized(.lenet, batch: 2)
    let floats = ReferenceBackend()
    #expect(InferenceArithmetic(of: graph, floats: floats).name == "integer")
    #expect(InferenceArithmetic(of: try SmallGraph.lenet.graph(), floats: floats).name == "float")
    var wide = graph
    wide.values["relu2"] = IntegerValue(bits: 12, scale: 0.01, zeroPoint: 0)
    wide.values["pool2"] = IntegerValue(bits: 12, scale: 0.01, zeroPoint: 0)
    let arithmetic = InferenceArithmetic(of: wide, floats: floats)
    #expect(arithmetic.name == "simulated" && arithmetic.backend is ReferenceBackend)
    #expect(arithmetic.refusal.map { "\($0)" } == "relu2: its values have 12 bits, more than 8")
  }
}
