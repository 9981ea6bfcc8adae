import Encodings
import Execution
import Foundation
import Graphs
import Methods
import Networks
import Tensors
import TestSupport
import Testing

/// The folder of specs in the checkout from which the tests were built.
private let teacherFolder =
  URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Teachers").path
/// The names of the specs below a billion multiply-adds; larger ones would take the reference kernels an
/// hour.
private let teacherNames =
  ((try? NetworkSpec.all(in: [teacherFolder])) ?? [])
  .filter { (try? $0.build().multiplyAdds).map { $0 < 1_000_000_000 } ?? true }.map(\.name)

@Suite("Integer programs of quantized networks")
struct IntegerProgramTests {
  private func agreement(_ original: Graph, images: Int) throws -> (IntegerAgreement, IntegerProgram) {
    let evidence = ImageEvidence(original, images: images)
    var compression = Compression(
      PostTrainingQuantization(), graph: original, evidence: evidence, overrides: [:])
    let graph = try PostTrainingQuantization().compress(&compression).graph
    return (
      try IntegerAgreement(graph, images: evidence.images.values, batch: images), try IntegerProgram(graph)
    )
  }

  @Test("There are teachers") func found() { #expect(teacherNames.count >= 11) }

  @Test(
    "Every teacher's program agrees with its simulation, a step at a time and as a whole",
    arguments: teacherNames)
  func teachers(name: String) throws {
    let spec = try NetworkSpec.named(name, searching: [teacherFolder])
    var graph = try spec.build(options: NetworkOptions(width: 0.25))
    graph.initializeParameters(seed: 1)
    #expect(IntegerProgram.refusal(of: graph) == nil)
    let (agreement, _) = try agreement(graph, images: 16)
    for difference in agreement.steps { #expect(difference.largest <= 1, "\(difference)") }
    for difference in agreement.outputs {
      #expect(difference.largest <= 3, "\(difference)")
      #expect(difference.beyondOne * 100 <= difference.count, "\(difference)")
    }
  }

  @Test("A codebook becomes a program with tables of bytes, and agrees with its simulation")
  func codebooks() throws {
    var graph = try SmallGraph.residual.graph()
    for node in ["stem.conv", "b2.conv", "logits"] {
      let weight = try #require(graph.parameters["\(node).weight"]).value
      graph.parameters["\(node).weight"] = Parameter(
        weight,
        encoding: Codebook(
          assignments: weight.values.map { $0 < -0.2 ? 0 : $0 < 0.1 ? 1 : 2 }, count: 3, hasZero: false))
    }
    let (agreement, program) = try agreement(graph, images: 32)
    for difference in agreement.steps { #expect(difference.largest <= 1, "\(difference)") }
    let shared = program.steps.filter {
      let weights =
        ($0.kernel as? IntegerConvolution)?.products.weights
        ?? ($0.kernel as? IntegerLinear)?.products.weights
      if case .codebook = weights?.storage { return true }
      return false
    }
    #expect(shared.map(\.node) == ["stem.conv", "b2.conv", "logits"])
  }

  @Test("So do sub-vectors and hashed weights")
  func tied() throws {
    var graph = try SmallGraph.residual.graph()
    for (index, node) in ["stem.conv", "b2.conv", "logits"].enumerated() {
      let weight = try #require(graph.parameters["\(node).weight"]).value
      let width = weight.shape.spatialCount
      let subspaces = weight.values.count / weight.shape[0] / width
      let product = ProductCodebook(
        assignments: (0..<weight.shape[0] * subspaces).map { UInt32($0 % 3) }, subspaces: subspaces,
        width: width, count: 3)
      let hashed = Hashed(shape: weight.shape, count: max(2, weight.values.count / 6), seed: 3)
      graph.parameters["\(node).weight"] = Parameter(weight, encoding: index == 1 ? hashed : product)
    }
    let (agreement, program) = try agreement(graph, images: 32)
    for difference in agreement.steps { #expect(difference.largest <= 1, "\(difference)") }
    let vectors = program.steps.filter {
      let weights =
        ($0.kernel as? IntegerConvolution)?.products.weights
        ?? ($0.kernel as? IntegerLinear)?.products.weights
      if case .vectors = weights?.storage { return true }
      return false
    }
    #expect(vectors.map(\.node) == ["stem.conv", "logits"])
  }

  @Test("So do the small networks, which hold every way of joining nodes", arguments: SmallGraph.allCases)
  func small(network: SmallGraph) throws {
    let (agreement, _) = try agreement(try network.graph(), images: 32)
    for difference in agreement.steps { #expect(difference.largest <= 1, "\(difference)") }
    for difference in agreement.outputs {
      #expect(difference.largest <= 4, "\(difference)")
    }
  }
}
