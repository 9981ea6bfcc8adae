public import Execution
public import Graphs
public import Settings
public import Tensors

/// Everything that a training needs to go on: progress, weights, moments, averages and its identity.
///
/// In a file it is a safetensors container whose metadata holds the SHA-256 of the rest, so that damage is
/// found.
public struct Checkpoint: Sendable, Equatable {
  /// The progress of the training.
  public var progress: TrainingProgress
  /// Weights, statistics, moments and averages.
  public var state: TrainingState
  /// The best weights on validation so far, if early stopping is on.
  public var best: [String: Tensor]
  /// The identity of the training: network, data, seed, threads, precision, settings.
  public var identity: SettingsNode
  /// The network with its encodings if the training has rewritten it; `nil` before the first rewrite.
  public var network: Graph?
  /// The vectors that the objective remembers of earlier images, by the names of their values.
  public var remembered: [String: Tensor]

  /// Makes a checkpoint; the network's parameters take the values of the state.
  public init(
    progress: TrainingProgress, state: TrainingState, best: [String: Tensor] = [:], identity: SettingsNode,
    network: Graph? = nil, remembered: [String: Tensor] = [:]
  ) {
    self.progress = progress
    self.state = state
    self.best = best
    self.identity = identity
    self.network = network
    self.remembered = remembered
    for (name, tensor) in state.parameters { self.network?.parameters[name]?.value = tensor }
  }

  /// The format that the metadata names.
  static let format = "condense-checkpoint"
  /// The version of the format.
  static let schema = "2"
  private typealias Group = any WritableKeyPath<Checkpoint, [String: Tensor]> & Sendable
  /// The groups of tensors, by the prefix of their names in the file.
  private static let groups: [(prefix: String, path: Group)] = [
    ("parameter/", \.state.parameters), ("first/", \.state.firstMoments), ("second/", \.state.secondMoments),
    ("average/", \.state.averages), ("best/", \.best), ("remembered/", \.remembered),
  ]

  /// The bytes of the file.
  var bytes: [UInt8] {
    var tensors: [String: Tensor] = [:]
    for (prefix, path) in Self.groups {
      for (name, tensor) in self[keyPath: path] { tensors[prefix + name] = tensor }
    }
    var file = Safetensors(
      metadata: [
        "format": Self.format, "schema": Self.schema, "progress": progress.node.canonicalJSON,
        "identity": identity.canonicalJSON,
      ], tensors: tensors)
    if let network {
      file.metadata["network"] = StoredNetwork.node(of: network).canonicalJSON
      file.tensors.merge(StoredNetwork.streams(of: network)) { own, _ in own }
    }
    return file.sealed.bytes
  }

  /// Reads the bytes of a file, which errors name `file`; throws if they are damaged or of another version.
  init(bytes: [UInt8], file: String) throws {
    let container = try Safetensors(sealed: bytes, format: Self.format, schema: Self.schema, file: file)
    let metadata = container.metadata
    progress = try TrainingProgress(from: SettingsNode(json: metadata["progress"] ?? "", source: file))
    identity = try SettingsNode(json: metadata["identity"] ?? "", source: file)
    state = TrainingState(parameters: [:])
    best = [:]
    remembered = [:]
    for (name, tensor) in container.tensors {
      guard let (prefix, path) = Self.groups.first(where: { name.hasPrefix($0.prefix) }) else { continue }
      self[keyPath: path][String(name.dropFirst(prefix.count))] = tensor
    }
    guard let text = metadata["network"] else { return }
    do {
      network = try StoredNetwork.read(
        SettingsNode(json: text, source: file), tensors: container.tensors, parameters: state.parameters)
    } catch {
      throw TrainingError.checkpoint(path: file, reason: "its network cannot be read: \(error)")
    }
  }
}
