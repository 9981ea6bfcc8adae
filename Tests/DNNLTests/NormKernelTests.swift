import DNNL
import Execution
import Graphs
import Ops
import Tensors
import Testing
@testable import TestSupport

@Suite("Batch norms of any width agree with the reference", .serialized)
struct NormKernelTests {
  /// A norm behind a convolution, perhaps with a sum and a ReLU that become part of it.
  struct Case: CustomStringConvertible {
    let channels: Int
    let size: Int
    let batch: Int
    let hasSum: Bool
    let hasReLU: Bool

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
        // The later operand of a sum has the norm.
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

    /// What one pass forwards and backwards computes, by name.
    func results(
      on backend: any Backend, _ precision: Precision, threads: Int
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
      let seed = Tensor(random: [tap.count], seed: 2, "gradients").values
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

  /// Widths below, at and above whole blocks; pixels that are and are no multiple of what a vector repeats after; some
  /// too few for each thread to have one.
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

  /// Roundings of bf16 flip the ReLU of about 0.3 % of the elements, those nearer to zero than 1/256 of what is usual; a
  /// sum of as many random gradients is off by the root of that share, 0.06.
  static let halfTolerance = 0.1

  @Test("in bf16: outputs, gradients and statistics of one pass", arguments: cases, [1, 2])
  func agreesInHalfPrecision(_ norm: Case, threads: Int) throws {
    // Of few channels and pixels all sums may be near zero, and their relative error of any size.
    guard DNNLBackend().supports(.bf16), norm.channels >= 8, norm.batch * norm.size * (norm.size + 2) >= 100
    else { return }
    let truth = try norm.results(on: ReferenceBackend(), .f32, threads: 1)
    let found = try norm.results(on: DNNLBackend(), .bf16, threads: threads)
    for (name, expected) in truth {
      let values = found.first { $0.name == name }?.values ?? []
      #expect(values.count == expected.count, "\(name)")
      let error = relativeError(values, expected)
      #expect(error <= Self.halfTolerance, "\(name) differs by \(error)")
    }
  }

  private func relativeError(_ values: [Float], _ truth: [Float]) -> Double {
    func norm(_ list: [Double]) -> Double { list.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    return norm(zip(values, truth).map { Double($0) - Double($1) }) / norm(truth.map { Double($0) })
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
