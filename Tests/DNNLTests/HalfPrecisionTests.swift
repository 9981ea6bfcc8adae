import DNNL
import Execution
import Graphs
import Ops
import Tensors
import Testing
@testable import TestSupport

@Suite("bf16 stays near f32", .serialized)
struct HalfPrecisionTests {
  /// bf16 keeps 8 bits: a rounding is off by up to 1/256, a step passes dozens of them, and where a value lies near
  /// zero its ReLU flips. Relative L2 error of what a step changes.
  static let tolerance = 0.2
  /// Networks without random gradients inside, which are far larger than a loss's.
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
