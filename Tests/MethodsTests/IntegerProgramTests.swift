import Execution
import Foundation
import Graphs
import Methods
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Integer programs of quantized networks")
struct IntegerProgramTests {
  private static let teachers =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
    .appending(path: "Teachers").path
  private static let names = (try? NetworkSpec.all(in: [teachers]).map(\.name)) ?? []

  private func agreement(_ original: Graph, images: Int) throws -> IntegerAgreement {
    let evidence = ImageEvidence(original, images: images)
    var compression = Compression(
      PostTrainingQuantization(), graph: original, evidence: evidence, overrides: [:])
    let graph = try PostTrainingQuantization().compress(&compression).graph
    return try IntegerAgreement(graph, images: evidence.images.values, batch: images)
  }

  @Test("There are teachers") func found() { #expect(Self.names.count >= 11) }

  @Test(
    "Every teacher's program agrees with its simulation, a step at a time and as a whole", arguments: names)
  func teachers(name: String) throws {
    let spec = try NetworkSpec.named(name, searching: [Self.teachers])
    var graph = try spec.build(options: NetworkOptions(width: 0.25))
    graph.initializeParameters(seed: 1)
    #expect(IntegerProgram.refusal(of: graph) == nil)
    let agreement = try agreement(graph, images: 16)
    for difference in agreement.steps { #expect(difference.largest <= 1, "\(difference)") }
    for difference in agreement.outputs {
      #expect(difference.largest <= 3, "\(difference)")
      #expect(difference.beyondOne * 100 <= difference.count, "\(difference)")
    }
  }

  @Test("So do the small networks, which hold every way of joining nodes", arguments: SmallGraph.allCases)
  func small(network: SmallGraph) throws {
    let agreement = try agreement(try network.graph(), images: 32)
    for difference in agreement.steps { #expect(difference.largest <= 1, "\(difference)") }
    for difference in agreement.outputs {
      #expect(difference.largest <= 3, "\(difference)")
      #expect(difference.beyondOne * 100 <= difference.count, "\(difference)")
    }
  }
}
