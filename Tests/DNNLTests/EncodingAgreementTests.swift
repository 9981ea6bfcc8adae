import DNNL
import Execution
import Graphs
import Testing
@testable import TestSupport

@Suite("oneDNN agrees with the reference where parameters and values are encoded", .serialized)
struct EncodingAgreementTests {
  /// Every network in every mode, with encodings on everything, on half, on parameters only and on values
  /// only.
  static let cases: [AgreementCase] =
    SmallGraph.allCases.flatMap { cases("\($0)", $0.graph) }
    + WideGraph.allCases.flatMap { cases("wide \($0)", $0.graph) }
    + [
      agreement("wide interleaved, sixteen images", WideGraph.interleaved.graph) {
        $0.batch = 16
        $0.taps = ["relu0"]
        $0.seeds = ["pool0", "relu0"]
      },
      agreement("wide residual, taps and seeds inside", WideGraph.residual.graph) {
        $0.taps = ["sum", "norm2", "image"]
        $0.seeds = ["relu", "conv1"]
      },
    ]

  /// The agreement case of a network with encodings.
  private static func agreement(
    _ description: String, _ graph: @escaping @Sendable () throws -> Graph, parameters: Bool = true,
    values: Bool = true, everyOther: Bool = false, _ adjust: (inout AgreementCase) -> Void = { _ in }
  ) -> AgreementCase {
    var agreement = AgreementCase(
      description: description,
      build: { try graph().encoded(parameters: parameters, values: values, everyOther: everyOther) }, steps: 2
    )
    adjust(&agreement)
    return agreement
  }

  private static func cases(
    _ name: String, _ graph: @escaping @Sendable () throws -> Graph
  ) -> [AgreementCase] {
    [
      agreement("\(name), all", graph), agreement("\(name), half", graph, everyOther: true),
      agreement("\(name), parameters", graph, values: false),
      agreement("\(name), values", graph, parameters: false),
      agreement("\(name), half, inference", graph, everyOther: true) { $0.mode = .inference },
      agreement("\(name), parameters, inference", graph, values: false) { $0.mode = .inference },
      agreement("\(name), all, two micro-batches, one partial", graph) {
        $0.microBatches = 2
        $0.partialBatch = 3
      },
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
    // In large steps, a value that rounds to the other side of the range would change the step too much to
    // compare.
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
