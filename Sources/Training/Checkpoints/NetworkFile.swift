public import Graphs
import Settings
import Tensors

/// A network during its compression, exactly: structure, masters and encodings, as a finished stage leaves
/// it.
///
/// Unlike a student's file it holds masters that differ from their projections, so that a later training goes
/// on with the same bits. In a file it is a safetensors container with a checksum.
public struct NetworkFile: Sendable {
  /// The network.
  public var graph: Graph
  /// A text that the writer wants to read again.
  public var note: String

  /// Makes the content of a file.
  public init(graph: Graph, note: String) {
    self.graph = graph
    self.note = note
  }

  /// True if the network comes back equal from the file; false if an encoding keeps more than it stores.
  public var isExact: Bool { StoredNetwork.isStorable(graph) }

  private static let format = "condense-network"
  private static let schema = "2"
  private static let prefix = "parameter/"

  /// The bytes of the file.
  public var bytes: [UInt8] {
    var tensors = StoredNetwork.streams(of: graph)
    for (name, parameter) in graph.parameters { tensors[Self.prefix + name] = parameter.value }
    return Safetensors(
      metadata: [
        "format": Self.format, "schema": Self.schema, "note": note,
        "network": StoredNetwork.node(of: graph).canonicalJSON,
      ], tensors: tensors
    ).sealed.bytes
  }

  /// Reads the bytes of a file, which errors name `file`; throws if they are damaged or of another version.
  public init(bytes: [UInt8], file: String) throws {
    let container = try Safetensors(sealed: bytes, format: Self.format, schema: Self.schema, file: file)
    note = container.metadata["note"] ?? ""
    var parameters: [String: Tensor] = [:]
    for (name, tensor) in container.tensors where name.hasPrefix(Self.prefix) {
      parameters[String(name.dropFirst(Self.prefix.count))] = tensor
    }
    do {
      graph = try StoredNetwork.read(
        SettingsNode(json: container.metadata["network"] ?? "", source: file), tensors: container.tensors,
        parameters: parameters)
    } catch {
      throw TrainingError.checkpoint(path: file, reason: "its network cannot be read: \(error)")
    }
  }
}
