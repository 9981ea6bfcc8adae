import Encodings
import Execution
import Foundation
import Graphs
import Networks
import Ops
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("C of whole networks", .enabled(if: HostCompiler() != nil, "no C compiler here"))
struct CNetworkTests {
  private static func images(_ graph: Graph, batch: Int) -> [Float] {
    Tensor(random: Shape([batch] + graph.inputs[0].shape.dimensions), in: -3...4, seed: 3, "images").values
  }

  /// Compiles quantized graphs and compares them with the reference on the images of their calibration.
  private func expectEqual(
    _ graphs: [Graph], bits: Int = 8, levels: LevelSet? = nil,
    flags: [String] = ExportedPrograms.sanitized
  ) throws {
    let batch = 3
    let images = graphs.map { Self.images($0, batch: batch) }
    let programs = try zip(graphs, images).map { graph, images in
      let quantized = try graph.quantized(calibratedOn: images, batch: batch, bits: bits)
      return try IntegerProgram(levels.map { quantized.onPowersOfTwo($0) } ?? quantized)
    }
    let exported = try ExportedPrograms(programs)
    defer { exported.remove() }
    let inputs = zip(programs, images).map { program, images in
      let input = program.values[program.inputs[0]]
      return (0..<batch).map { image in
        images[image * input.shape.count..<(image + 1) * input.shape.count].map { input.integer($0) }
      }
    }
    let found = try exported.outputs(inputs, flags: flags)
    for (index, expected) in exported.expected(inputs).enumerated() {
      #expect(found[index] == expected, "\(graphs[index].nodes.map(\.name))")
    }
    for source in exported.sources { #expect(source.program.arenaBytes >= source.plan.lowerBound) }
  }

  @Test("Small networks equal the reference, in eight bits and in four", arguments: [8, 4])
  func smallNetworks(bits: Int) throws {
    try expectEqual(
      try SmallGraph.allCases.map { try $0.graph() }.filter { $0.inputs.count == 1 }, bits: bits)
  }

  @Test(
    "So do small networks of powers of two, and of sums of two",
    arguments: [LevelSet(termBits: 4), LevelSet(termBits: 4, terms: 2)])
  func powersOfTwo(levels: LevelSet) throws {
    try expectEqual(
      try SmallGraph.allCases.map { try $0.graph() }.filter { $0.inputs.count == 1 }, levels: levels)
  }

  @Test("Every op equals the reference on every example of one input")
  func ops() throws {
    try expectEqual(try OpCase.withIntegers.map { try $0.graph() }.filter { $0.inputs.count == 1 })
  }

  private static let teachers = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Teachers").path

  @Test(
    "Networks of the catalogue equal the reference on small images",
    arguments: ["lenet5", "resnet8", "mobilenet-cifar", "cnn-small", "mlp", "bonsai", "protonn", "linear"])
  func teachers(_ name: String) throws {
    let spec = try NetworkSpec.named(name, searching: [Self.teachers])
    var graph = try spec.build(options: NetworkOptions(width: 0.25))
    graph.initializeParameters(seed: 1)
    try expectEqual([try graph.foldedForInference()], flags: ["-std=c99", "-O2"])
  }

  @Test("Names of nodes and classes cannot break out of comments")
  func hostileNames() throws {
    let graph = try SmallGraph.lenet.graph()
    let images = Self.images(graph, batch: 2)
    let program = try IntegerProgram(try graph.quantized(calibratedOn: images, batch: 2))
    let hostile = IntegerProgram(
      values: program.values, inputs: program.inputs, outputs: program.outputs,
      steps: program.steps.map {
        .init(
          node: "*/ #error \($0.node) /* ??/\n#error\u{85}\\", inputs: $0.inputs, output: $0.output,
          kernel: $0.kernel)
      })
    let exported = try ExportedPrograms([hostile], name: CIdentifier.sanitized("../x*/ y"))
    defer { exported.remove() }
    #expect(exported.sources[0].name == "x_y")
    let zeros = [[Int8](repeating: 0, count: program.values[program.inputs[0]].shape.count)]
    #expect(try exported.outputs([zeros]) == exported.expected([zeros]))
  }
}
