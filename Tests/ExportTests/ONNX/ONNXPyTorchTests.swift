import Foundation
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Export

/// The files that PyTorch 2.15 wrote by `Resources/make-pytorch-networks.py`: random weights and PyTorch's
/// logits.
enum PyTorchFiles {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Resources").path
  static let names =
    (try? FileManager.default.contentsOfDirectory(atPath: folder))?
    .filter { $0.hasSuffix(".onnx") }.sorted() ?? []

  /// The 32-bit floats of a file.
  static func floats(_ name: String) throws -> [Float] {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\(name)")))
    return (0..<bytes.count / 4).map { index in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << (8 * UInt32($1)) })
    }
  }

  /// The network of a file, which contains no normalization.
  static func graph(_ name: String) throws -> Graph {
    try ONNXFile.read("\(folder)/\(name)", ImportOptions(needsNormalization: false)).model.graph
  }
}

@Suite("ONNX files of PyTorch's exporters")
struct ONNXPyTorchTests {
  @Test(
    "Logits equal PyTorch's, by both exporters, in old and new operator sets", arguments: PyTorchFiles.names)
  func logits(name: String) throws {
    let graph = try PyTorchFiles.graph(name)
    let images = Tensor(try PyTorchFiles.floats("images.f32"), shape: [4, 3, 16, 16])
    let network = name.split(separator: ".")[0].split(separator: "-").dropLast(2).joined(separator: "-")
    let expected = try PyTorchFiles.floats("\(network).f32")
    let found = try graph.reference([images]).values
    let difference = Difference(expected, found)
    #expect(difference.greatest <= 1e-5 * difference.largest, "\(difference)")
  }

  @Test("There are files of three networks, four ways each")
  func files() {
    #expect(PyTorchFiles.names.count == 12)
  }

  @Test("Both exporters' files become the same ops")
  func sameOps() throws {
    for network in ["residual", "option-a", "mobile"] {
      let graphs = try PyTorchFiles.names.filter { $0.hasPrefix(network) }.map(PyTorchFiles.graph)
      let kinds = Set(
        graphs.map { graph in graph.nodes.map(\.op.kind).filter { $0 != "batch-norm" }.sorted() })
      #expect(kinds.count == 1, "\(network): \(kinds)")
    }
  }

  @Test("A residual network of PyTorch's can lose channels")
  func channels() throws {
    let graph = try PyTorchFiles.graph("residual-dynamo-18.onnx")
    let units = graph.channelGroups().flatMap { $0.units.prefix(1) }
    #expect(units.count >= 3)
    let smaller = try graph.removingChannels(units).graph
    #expect(smaller.parameterCount < graph.parameterCount)
    try smaller.verify()
  }
}
