import Encodings
import Graphs
import Tensors
import TestSupport
import Testing

@testable import Training

@Suite("Networks between stages")
struct NetworkFileTests {
  private static func graph() throws -> Graph {
    var graph = try TinyNetwork.normalized()
    let weight = try #require(graph.parameters["conv.weight"]).value
    let mask = Mask(weight.values.indices.map { $0 % 4 != 1 })
    graph.parameters["conv.weight"]?.encoding = Sparse(
      mask: mask, inner: Integer(bits: 4, covering: weight, perChannel: true))
    graph.values["relu"] = IntegerValue(bits: 8, covering: -0.1...3.7)
    return graph
  }

  @Test("masters that differ from what they project to, masks and grids come back bit for bit")
  func roundTrip() throws {
    let graph = try Self.graph()
    let weight = try #require(graph.parameters["conv.weight"])
    #expect(weight.projected != weight.value)
    let file = NetworkFile(graph: graph, note: "stage 1 \"quoted\" √")
    #expect(file.isExact)
    let again = try NetworkFile(bytes: file.bytes, file: "test")
    #expect(again.graph == graph && again.note == file.note && again.bytes == file.bytes)
  }

  @Test("a file cut or changed anywhere is refused, and so is a checkpoint")
  func damage() throws {
    let bytes = NetworkFile(graph: try Self.graph(), note: "").bytes
    for length in stride(from: 0, to: bytes.count, by: 101) {
      #expect { try NetworkFile(bytes: Array(bytes[..<length]), file: "test") } throws: {
        $0 is TrainingError || $0 is ModelFileError
      }
    }
    for position in stride(from: 8, to: bytes.count, by: 53) where bytes[position] != UInt8(ascii: " ") {
      var changed = bytes
      changed[position] ^= 1
      #expect { try NetworkFile(bytes: changed, file: "test") } throws: {
        $0 is TrainingError || $0 is ModelFileError
      }
    }
    #expect(
      errorMessage { _ = try Checkpoint(bytes: bytes, file: "test") }.contains(
        "not a checkpoint of this version"))
  }

  @Test("an encoding that keeps more than it stores is known as such")
  func inexact() throws {
    var graph = try Self.graph()
    graph.parameters["conv.weight"]?.encoding = ThinnedEncoding()
    #expect(!NetworkFile(graph: graph, note: "").isExact)
  }
}
