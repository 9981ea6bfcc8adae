import Graphs
import Methods
import Settings
import Tensors
import Testing

/// A method of the catalogue with other settings than its defaults, and its application as laws need it.
struct MethodCase: CustomTestStringConvertible, Sendable {
  let method: any CompressionMethod

  var testDescription: String { Self.name(method) + " " + Self.settings(method).canonicalJSON }

  /// The methods of pruning and quantization as they come; those that replace layers have laws of their own.
  static let defaults = MethodCatalogue.types.filter { $0.family == .pruning || $0.family == .quantization }
    .map { MethodCase(method: $0.init()) }

  private static func name<M: CompressionMethod>(_ method: M) -> String { M.name }
  private static func settings<M: CompressionMethod>(_ method: M) -> SettingsNode { method.node }

  /// The method applied to a graph at the end of a stage.
  func compress(_ graph: Graph, evidence: any Evidence = NoEvidence(), seed: UInt64 = 1) throws -> Rewrite {
    try Self.compress(method, graph, evidence, seed)
  }

  private static func compress<M: CompressionMethod>(
    _ method: M, _ graph: Graph, _ evidence: any Evidence, _ seed: UInt64
  ) throws -> Rewrite {
    var compression = Compression(
      method, graph: graph, evidence: evidence, random: SeededRandom(seed: seed, purpose: "compression"))
    return try method.compress(&compression)
  }
}
