public import Graphs
import Settings
import Tensors

/// A network as it is while it is being compressed: structure, masters and encodings, exactly; what a finished stage leaves.
///
/// Unlike a student's file it holds masters that differ from what their encodings project them to, so that a later training
/// goes on with the same bits. In a file it is a safetensors container with its own checksum.
public struct NetworkFile: Sendable {
  /// The network.
  public var graph: Graph
  /// What the writer wants to know again.
  public var note: String

  /// Makes a file's content.
  public init(graph: Graph, note: String) {
    self.graph = graph
    self.note = note
  }

  /// Whether the network comes back equal from the file; false where an encoding keeps more than it stores.
  public var isExact: Bool { StoredNetwork.isStorable(graph) }

  private static let format = "condense-network"
  private static let schema = "2"
  private static let prefix = "parameter/"

  /// The file's bytes.
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

  /// Reads a file's bytes; `file` is named in errors.
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
