import DNNL
import Execution
import Graphs
import Testing
@testable import TestSupport

@Suite("oneDNN agrees with the reference", .serialized)
struct AgreementTests {
  @Test("outputs, gradients and trained state are those of the reference", arguments: AgreementCase.all)
  func agrees(_ agreement: AgreementCase) throws {
    let found = try agreement.disagreements(of: DNNLBackend())
    #expect(found == [])
  }

  @Test("so are they where channels fill blocks, on two threads", arguments: WideGraph.cases)
  func agreesWide(_ agreement: AgreementCase) throws {
    #expect(try agreement.disagreements(of: DNNLBackend(), threads: 2, tolerance: 1e-3) == [])
  }

  @Test(
    "training goes on bit for bit from a saved state",
    arguments: AgreementCase.all.suffix(10) + WideGraph.cases.filter { $0.mode == .training })
  func continues(_ agreement: AgreementCase) throws {
    let lost = try agreement.lossesByLoading(on: DNNLBackend())
    #expect(lost.isEmpty, "\(lost)")
  }

  @Test(
    "two runs on as many threads end in the same bytes", arguments: WideGraph.allCases,
    [Precision.f32, .bf16])
  func repeats(_ network: WideGraph, _ precision: Precision) throws {
    let backend = DNNLBackend()
    guard backend.supports(precision) else { return }
    func trained() throws -> TrainingState {
      let agreement = AgreementCase(description: "", build: network.graph, batch: 16)
      let run = try AgreementRun(agreement, network.graph(), backend, precision, 2)
      for number in 1...5 { try run.step(number) }
      return run.plan.snapshot()
    }
    #expect(try trained() == trained())
  }
}
