import DNNL
import Execution
import Testing
import TestSupport

@Suite("oneDNN agrees with the reference", .serialized)
struct AgreementTests {
  @Test("outputs, gradients and trained state are those of the reference", arguments: AgreementCase.all)
  func agrees(_ agreement: AgreementCase) throws {
    #expect(try agreement.disagreements(of: DNNLBackend()) == [])
  }

  @Test("training goes on bit for bit from a saved state", arguments: AgreementCase.all.suffix(10))
  func continues(_ agreement: AgreementCase) throws {
    #expect(try agreement.lossesByLoading(on: DNNLBackend()) == [])
  }
}
