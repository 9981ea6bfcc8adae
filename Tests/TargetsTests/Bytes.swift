import Foundation
import Graphs
import Ops
import Settings
import Targets
import Tensors

/// A value in one byte for each element, with any projection, because estimates only use the number of bits.
struct ByteValue: ValueEncoding {
  static let kind = "test-byte"
  static var settings: [Setting<ByteValue>] { [] }
  var bits: Int { 8 }
  var range: ClosedRange<Float> { -1...1 }
  var problem: String? { nil }
  func project(_ values: Span<Float>, into projected: inout MutableSpan<Float>) {
    for index in 0..<values.count { projected[index] = values[index] }
  }
}

/// A weight in one byte for each element that survives the folding of norms.
struct ByteWeight: Encoding {
  static let kind = "test-byte"
  var keepsProjectedMasters: Bool { true }
  var bits: Int { 8 }
  func project(_ values: inout MutableSpan<Float>, shape: Shape) {}
  func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {}
  func nonZeroCount(_ values: Span<Float>) -> Int { (0..<values.count).count { values[$0] != 0 } }
  func sliced(_ kept: [Int: [Int]], shape: Shape) -> ByteWeight { self }
  func afterChannelScaling() -> any Encoding { self }
  func store(_ tensor: Tensor) -> StoredTensor {
    StoredTensor(streams: [.init(name: "values", bits: 8, symbols: tensor.values.map { _ in 0 })])
  }
  static func restore(_ stored: StoredTensor, shape: Shape) throws(EncodingError) -> (ByteWeight, Tensor) {
    (ByteWeight(), Tensor(zeros: shape))
  }
}

extension Graph {
  /// The network with a byte for every weight, and for every value that remains after norms are folded.
  func inBytes() throws -> Graph {
    var graph = try foldingBatchNorms()
    for name in graph.parameters.keys where name.hasSuffix(".weight") {
      graph.parameters[name]?.encoding = ByteWeight()
    }
    for value in graph.inputs.map(\.name) + graph.nodes.map(\.name) { graph.values[value] = ByteValue() }
    return graph
  }
}

/// The folder of the checkout.
let checkout = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
  .standardizedFileURL

/// The profiles that the package contains.
let shippedTargets = [checkout.appending(path: "Recipes/targets").path]
