import DNNL
import Execution
import Graphs
import Ops
import Tensors
import Testing
@testable import TestSupport

@Suite("bf16 stays near f32", .serialized)
struct HalfPrecisionTests {
  /// The tolerance of the relative L2 error of a step's changes.
  ///
  /// bf16 has 8 significant bits, so one rounding has an error of up to 1/256. A step has dozens of
  /// roundings, and a ReLU flips if its value is near zero.
  static let tolerance = 0.2
  /// The networks without random inner gradients, which are far larger than those of a loss.
  static let cases = WideGraph.cases.filter(\.seeds.isEmpty)

  @Test("one step of outputs and weights is the reference's within bf16's rounding", arguments: cases)
  func agrees(_ agreement: AgreementCase) throws {
    guard DNNLBackend().supports(.bf16) else { return }
    var once = agreement
    once.steps = 1
    once.batch = max(once.batch, 16)
    let found = try once.disagreements(
      of: DNNLBackend(), precision: .bf16, threads: 2, tolerance: Self.tolerance)
    #expect(found.isEmpty, "\(found)")
  }
}
