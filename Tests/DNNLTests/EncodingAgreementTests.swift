import DNNL
import Execution
import Graphs
import Testing
@testable import TestSupport

@Suite("oneDNN agrees with the reference where parameters and values are encoded", .serialized)
struct EncodingAgreementTests {
  /// Every network in every way, with encodings on all, on half, on parameters alone and on values alone.
  ///
  /// Two steps: whether a gradient passes at the bound of a range is a jump, and each step that adds up last bits makes
  /// it likelier that two backends end on different sides. Seeds inside make gradients so large that one has to do.
  static let cases: [AgreementCase] =
    SmallGraph.allCases.flatMap { cases("\($0)", $0.graph) }
    + WideGraph.allCases.flatMap { cases("wide \($0)", $0.graph) }
    + [
      AgreementCase(
        description: "wide interleaved, sixteen images",
        build: { try WideGraph.interleaved.graph().encoded() }, batch: 16, taps: ["relu0"],
        seeds: ["pool0", "relu0"], steps: 1),
      AgreementCase(
        description: "wide residual, taps and seeds inside",
        build: { try WideGraph.residual.graph().encoded() }, taps: ["sum", "norm2", "image"],
        seeds: ["relu", "conv1"], steps: 1),
    ]

  private static func cases(
    _ name: String, _ graph: @escaping @Sendable () throws -> Graph
  ) -> [AgreementCase] {
    [
      AgreementCase(description: "\(name), all", build: { try graph().encoded() }, steps: 2),
      AgreementCase(description: "\(name), half", build: { try graph().encoded(everyOther: true) }, steps: 2),
      AgreementCase(
        description: "\(name), parameters", build: { try graph().encoded(values: false) }, steps: 2),
      AgreementCase(
        description: "\(name), values", build: { try graph().encoded(parameters: false) }, steps: 2),
      AgreementCase(
        description: "\(name), half, inference", build: { try graph().encoded(everyOther: true) },
        mode: .inference),
      AgreementCase(
        description: "\(name), parameters, inference", build: { try graph().encoded(values: false) },
        mode: .inference),
      AgreementCase(
        description: "\(name), all, two micro-batches, one partial", build: { try graph().encoded() },
        microBatches: 2, partialBatch: 3, steps: 2),
    ]
  }

  @Test("outputs, gradients and trained masters are those of the reference", arguments: cases)
  func agrees(_ agreement: AgreementCase) throws {
    let found = try agreement.disagreements(of: DNNLBackend(), threads: 2, tolerance: 1e-3)
    #expect(found == [])
  }

  @Test("training goes on bit for bit from a saved state", arguments: cases)
  func continues(_ agreement: AgreementCase) throws {
    let lost = try agreement.lossesByLoading(on: DNNLBackend())
    #expect(lost.isEmpty, "\(lost)")
  }

  @Test("a step in bf16 is the reference's within bf16's rounding", arguments: WideGraph.allCases)
  func agreesInHalfPrecision(_ network: WideGraph) throws {
    guard DNNLBackend().supports(.bf16) else { return }
    // Where a step is large, a value that rounds to the other side of the range would change it too much to compare.
    let limit: Float = network.isResidual ? 8 : 1.5
    let agreement = AgreementCase(
      description: "", build: { try network.graph().encoded(everyOther: true, limit: limit) }, batch: 16,
      steps: 1)
    let found = try agreement.disagreements(
      of: DNNLBackend(), precision: .bf16, threads: 2, tolerance: HalfPrecisionTests.tolerance)
    #expect(found.isEmpty, "\(found)")
  }

  @Test("weights are shared between plans of the same encodings only")
  func sharing() throws {
    let options = PlanOptions(batch: 1, mode: .training)
    let graph = try SmallGraph.lenet.graph()
    let encoded = graph.encoded(values: false)
    for backend in [DNNLBackend(), ReferenceBackend()] as [any Backend] {
      let plan = try backend.compile(graph, options)
      let message = errorMessage { _ = try backend.compile(encoded, options, sharing: plan) }
      #expect(
        message == "conv1.bias: shares weights with plans of the same encodings only"
          || message == "conv1.weight: shares weights with plans of the same encodings only")
    }
  }
}
