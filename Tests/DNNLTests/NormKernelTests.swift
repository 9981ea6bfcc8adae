import DNNL
import Execution
import Graphs
import Ops
import Tensors
import Testing
@testable import TestSupport

@Suite("Batch norms of any width agree with the reference", .serialized)
struct NormKernelTests {
  /// A norm behind a convolution, optionally with a sum and a ReLU that are fused with it.
  struct Case: CustomStringConvertible {
    let channels: Int
    let size: Int
    let batch: Int
    let hasSum: Bool
    var hasReLU: Bool

    var description: String {
      "\(batch) x \(channels) channels of \(size)x\(size + 2)"
        + (hasSum ? " + sum" : "") + (hasReLU ? " + ReLU" : "")
    }

    func graph() throws -> Graph {
      var graph = Graph(inputs: [GraphInput(name: "image", shape: [6, size, size + 2])])
      try graph.append(Conv2D(filters: channels, kernel: 1, bias: false), name: "conv", inputs: ["image"])
      try graph.append(BatchNorm(epsilon: 1e-3, momentum: 0.3), name: "norm", inputs: ["conv"])
      graph.outputs = ["norm"]
      if hasSum {
        try graph.append(Conv2D(filters: channels, kernel: 1, bias: false), name: "side", inputs: ["image"])
        // The norm is fused with the sum if it is the later operand.
        try graph.append(BatchNorm(), name: "other", inputs: ["side"])
        try graph.append(Add(), name: "sum", inputs: ["norm", "other"])
        graph.outputs = ["sum"]
      }
      if hasReLU {
        try graph.append(ReLU(), name: "relu", inputs: graph.outputs)
        graph.outputs = ["relu"]
      }
      graph.initializeParameters(seed: 3)
      return graph
    }

    /// Gradients at the outputs of one pass, zero if rounding to bf16 could decide the side of a ReLU.
    func seed() throws -> [Float] {
      var plain = self
      plain.hasReLU = false
      let values = try plain.results(on: ReferenceBackend(), .f32, threads: 1, seed: nil)[0].values
      let margin = Float(TestSupport.norm(values)) / Float(values.count).squareRoot() / 32
      let seed = Tensor(random: [values.count], seed: 2, "gradients").values
      return zip(values, seed).map { hasReLU && abs($0) < margin ? 0 : $1 }
    }

    /// The results of one forward and backward pass by name; without a seed, the output alone.
    func results(
      on backend: any Backend, _ precision: Precision, threads: Int, seed: [Float]?
    ) throws -> [(name: String, values: [Float])] {
      let graph = try graph()
      let plan = try backend.compile(
        graph, PlanOptions(batch: batch, mode: .training, precision: precision, threads: threads))
      let images = Tensor(random: [batch, 6, size, size + 2], seed: 1, "images").values
      plan.forward(images.span, key: 1)
      let tap = try plan.tap(graph.outputs[0])
      var output = Array(repeating: Float(0), count: tap.count)
      var span = output.mutableSpan
      plan.readTap(tap, into: &span)
      guard let seed else { return [("output", output)] }
      plan.writeSeed(tap, seed.span)
      plan.backward()
      let statistics = plan.snapshot().parameters.filter { $0.key.hasPrefix("norm.") }
      return [("output", output)]
        + (try plan.gradients()).sorted { $0.key < $1.key }.map { ("gradient of " + $0.key, $0.value.values) }
        + statistics.sorted { $0.key < $1.key }.filter { $0.key != "norm.shift" }.map {
          ($0.key, $0.value.values)
        }
    }

    var agreement: AgreementCase {
      AgreementCase(description: description, build: graph, batch: batch, steps: 1)
    }
  }

  /// Widths below, at and above whole blocks, with various numbers of pixels.
  ///
  /// Some numbers of pixels are no multiple of a vector's period, and some are too small for every thread to
  /// have a pixel.
  static let cases: [Case] = [1, 5, 8, 13, 16, 24, 27, 33, 51, 65].flatMap { channels in
    [(1, 3), (2, 1), (5, 7), (9, 19)].flatMap { size, batch in
      [(false, false), (false, true), (true, false), (true, true)].map { hasSum, hasReLU in
        Case(channels: channels, size: size, batch: batch, hasSum: hasSum, hasReLU: hasReLU)
      }
    }
  }

  @Test("in 32 bits", arguments: cases, [1, 2, 3])
  func agrees(_ norm: Case, threads: Int) throws {
    #expect(try norm.agreement.disagreements(of: DNNLBackend(), threads: threads, tolerance: 1e-3) == [])
  }

  /// The tolerance for sums of a few hundred products, rounded to 1/512, that partly cancel.
  static let halfTolerance = 0.03

  @Test("in bf16: outputs, gradients and statistics of one pass", arguments: cases, [1, 2])
  func agreesInHalfPrecision(_ norm: Case, threads: Int) throws {
    // With few channels and pixels all sums may be near zero, with a relative error of any size.
    guard DNNLBackend().supports(.bf16), norm.channels >= 8, norm.batch * norm.size * (norm.size + 2) >= 100
    else { return }
    let seed = try norm.seed()
    let truth = try norm.results(on: ReferenceBackend(), .f32, threads: 1, seed: seed)
    let found = try norm.results(on: DNNLBackend(), .bf16, threads: threads, seed: seed)
    for (name, expected) in truth {
      let values = found.first { $0.name == name }?.values ?? []
      #expect(values.count == expected.count, "\(name)")
      let error = TestSupport.norm(zip(values, expected).map { $0 - $1 }) / TestSupport.norm(expected)
      #expect(error <= Self.halfTolerance, "\(name) differs by \(error)")
    }
  }

  @Test("by kernels of our own wherever channels lie in blocks or last", arguments: cases)
  func isNative(_ norm: Case) throws {
    for precision in [Precision.f32, .bf16] where DNNLBackend().supports(precision) {
      let plan = try DNNLBackend().compile(
        norm.graph(), PlanOptions(batch: norm.batch, mode: .training, precision: precision))
      let foreign = plan.kernels.filter {
        ["norm", "other"].contains($0.node) && $0.implementation.contains("bnorm")
      }
      #expect(foreign.isEmpty, "\(foreign.map(\.implementation))")
    }
  }
}
