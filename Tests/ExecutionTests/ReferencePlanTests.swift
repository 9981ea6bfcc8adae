import Execution
import TestSupport
import Testing

@Suite("Reference plan")
struct ReferencePlanTests {
  @Test("the reference agrees with itself on every agreement case", arguments: AgreementCase.all)
  func agreesWithItself(_ agreement: AgreementCase) throws {
    #expect(try agreement.disagreements(of: ReferenceBackend(), tolerance: 0) == [])
  }
}
