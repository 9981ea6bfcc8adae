import Execution
import Graphs
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@Suite("Laws over the op catalogue")
struct OpLawTests {
  @Test("kernels write what the inferred shape says", arguments: OpCase.all(.training))
  func shape(_ example: OpCase) throws {
    #expect(try example.shapeViolations(mode: .training) == [])
    #expect(try example.shapeViolations(mode: .inference) == [])
  }

  /// The examples whose gradients are derivatives; the others have separate tests.
  ///
  /// The class targets of anchors are integers, and the steps of finite differences would cross from one to
  /// the next.
  static let differentiable = OpCase.all(.training).filter {
    if $0.op is AnchorClassLoss || $0.op is AnchorBoxLoss { return false }
    return $0.op.gradientsAreDerivatives
  }

  @Test("gradients equal finite differences in training", arguments: differentiable)
  func gradientInTraining(_ example: OpCase) throws {
    #expect(try example.gradientViolations(mode: .training) == [])
  }

  @Test("gradients equal finite differences in inference", arguments: differentiable)
  func gradientInInference(_ example: OpCase) throws {
    #expect(try example.gradientViolations(mode: .inference) == [])
  }

  @Test("settings read back as they were written", arguments: OpCase.all(.training))
  func settings(_ example: OpCase) throws {
    #expect(try example.settingsViolations(.training) == [])
  }

  @Test("cost equals what is counted one by one", arguments: OpCase.all(.training))
  func cost(_ example: OpCase) throws {
    #expect(try example.costViolations() == [])
  }

  @Test("what may work in place works in place", arguments: OpCase.all(.training))
  func placement(_ example: OpCase) throws {
    #expect(try example.placementViolations() == [])
  }

  @Test("hostile settings are refused", arguments: OpCase.all(.training))
  func hostile(_ example: OpCase) {
    #expect(example.acceptedHostileSettings(.training) == [])
  }

  @Test("a wrong op breaks the laws")
  func wrong() throws {
    let example = OpCase(op: WrongSquare(), inputs: [[2, 3]])
    #expect(try example.gradientViolations(mode: .training).count == 1)
    #expect(try example.costViolations().count == 1)
  }

  @Test("kinds are unique, lower case and hyphenated")
  func kinds() {
    let kinds = OpCatalogue.training.kinds
    #expect(Set(kinds).count == kinds.count)
    #expect(kinds.allSatisfy { $0.wholeMatch(of: /[a-z0-9]+(-[a-z0-9]+)*/) != nil })
  }

  @Test(
    "every setting of every op differs from its default in an example", arguments: OpCatalogue.training.kinds)
  func examples(_ kind: String) throws {
    let examples = OpCase.all(.training).filter { $0.op.kind == kind }
    #expect(!examples.isEmpty)
    let type = try #require(OpCatalogue.training.types.first { $0.kind == kind })
    let defaults = try type.init().settingsNode.mapping(kind)
    for entry in defaults {
      #expect(examples.contains { $0.op.settingsNode[entry.key] != entry.value }, "\(entry.key)")
    }
  }
}
