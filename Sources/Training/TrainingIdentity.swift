import Crypto
public import Datasets
public import Execution
public import Graphs
public import Settings
import Tensors

/// Everything that decides the result of a training: two trainings of one identity end with the same bits.
///
/// Checkpoints keep it, so that `--resume` goes on with the threads and the precision of the beginning, and
/// the model's provenance repeats it.
public struct TrainingIdentity: Sendable, Equatable {
  /// The network as the user named it.
  public var network: String
  /// The factor of the filters and features of the network's layers.
  public var width: Double
  /// The SHA-256 of the graph's structure.
  public var graphDigest: String
  /// The split of the data; its digest is that of the data.
  public var split: SplitDescription
  /// Files that could not be read and were left out.
  public var skippedFiles: Int
  /// The seed of all random numbers.
  public var seed: UInt64
  /// Compute threads.
  public var threads: Int
  /// The arithmetic that was chosen.
  public var precision: Precision
  /// The backend with its version.
  public var backend: String
  /// The instruction set that its kernels use.
  public var instructionSet: String
  /// The settings with every default filled in.
  public var settings: TrainingSettings

  /// Makes an identity; the digest is computed from the graph.
  public init(
    network: String, width: Double = 1, graph: Graph, split: SplitDescription, skippedFiles: Int,
    seed: UInt64, threads: Int,
    precision: Precision, backend: String, instructionSet: String, settings: TrainingSettings
  ) {
    self.network = network
    self.width = width
    graphDigest = Self.digest(of: graph)
    self.split = split
    self.skippedFiles = skippedFiles
    self.seed = seed
    self.threads = threads
    self.precision = precision
    self.backend = backend
    self.instructionSet = instructionSet
    self.settings = settings
  }

  /// The SHA-256 of a graph's structure, without its parameters.
  static func digest(of graph: Graph) -> String {
    SHA256.hash(data: Array(graph.structureNode.canonicalJSON.utf8)).hexadecimal
  }

  /// The identity as a mapping.
  public var node: SettingsNode {
    SettingsNode(mapping: [
      "network": network.node, "width": width.node, "graph": graphDigest.node, "split": split.node,
      "skippedFiles": skippedFiles.node, "seed": SeedSetting(seed).node, "threads": threads.node,
      "precision": precision.node, "backend": backend.node, "instructionSet": instructionSet.node,
      "settings": settings.node,
    ])
  }

  /// Reads the mapping that `node` returns.
  public init(from node: SettingsNode) throws(SettingsError) {
    let owner = "a training"
    func value<V: SettingValue>(_ key: String) throws(SettingsError) -> V {
      try V(reading: node.required(key, of: owner), key: key)
    }
    network = try value("network")
    width = node["width"] == nil ? 1 : try value("width")
    graphDigest = try value("graph")
    split = try SplitDescription(from: node.required("split", of: owner))
    skippedFiles = try value("skippedFiles")
    let stored: SeedSetting = try value("seed")
    seed = stored.value
    threads = try value("threads")
    precision = try value("precision")
    backend = try value("backend")
    instructionSet = try value("instructionSet")
    settings = try TrainingSettings(from: node.required("settings", of: owner), owner: "training")
  }

  /// True if all entries are equal.
  public static func == (a: Self, b: Self) -> Bool { a.node == b.node }

  /// Throws if a training at `path` began with another identity; the error names the first difference.
  public func requireSame(as began: TrainingIdentity, path: String) throws {
    let pairs = [
      ("seed", "\(began.seed)", "\(seed)"),
      ("threads", "\(began.threads)", "\(threads)"),
      ("precision", began.precision.rawValue, precision.rawValue),
      ("network", began.network, network),
      ("network.width", "\(began.width)", "\(width)"),
      ("a graph of digest", began.graphDigest, graphDigest),
      ("data of digest", began.split.digest, split.digest),
      ("validation share", "\(began.split.validationFraction)", "\(split.validationFraction)"),
      ("the split", began.split.node.canonicalJSON, split.node.canonicalJSON),
      ("unreadable files", "\(began.skippedFiles)", "\(skippedFiles)"),
    ]
    for (what, stored, found) in pairs where stored != found {
      throw TrainingError.contradiction(path: path, what: what, stored: stored, found: found)
    }
    try settings.requireSame(as: began.settings, path: path)
  }
}

extension TrainingSettings {
  /// Throws if a training at `path` began with other settings; the error names the first difference.
  public func requireSame(as began: TrainingSettings, path: String) throws {
    for setting in Self.settings {
      let (stored, found) = (began.node[setting.name], node[setting.name])
      if stored != found {
        throw TrainingError.contradiction(
          path: path, what: "training.\(setting.name)", stored: stored?.canonicalJSON ?? "null",
          found: found?.canonicalJSON ?? "null")
      }
    }
  }
}

extension SplitDescription {
  /// The split as a mapping, as a model file holds it.
  public var node: SettingsNode {
    SettingsNode(mapping: [
      "given": isGiven.node, "validation": validationFraction.node, "test": testFraction.node,
      "seed": SeedSetting(seed).node, "digest": digest.node,
      "images": SettingsNode(
        .mapping(
          Split.allCases.map {
            SettingsNode.Entry(
              key: $0.rawValue, mark: SettingsMark(source: "built-in"), value: (counts[$0] ?? 0).node)
          })),
    ])
  }

  /// Reads the mapping that `node` returns; throws for shares outside 0...1.
  public init(from node: SettingsNode) throws(SettingsError) {
    let owner = "the split"
    func value<V: SettingValue>(_ key: String, _ node: SettingsNode) throws(SettingsError) -> V {
      try V(reading: node.required(key, of: owner), key: key)
    }
    func share(_ key: String) throws(SettingsError) -> Double {
      let share: Double = try value(key, node)
      guard (0...1).contains(share) else {
        throw .outOfRange(node.mark, key: key, expected: "a number in 0...1", found: "\(share)")
      }
      return share
    }
    let seed: SeedSetting = try value("seed", node)
    let images = try node.required("images", of: owner)
    var counts: [Split: Int] = [:]
    for split in Split.allCases { counts[split] = try value(split.rawValue, images) }
    self.init(
      isGiven: try value("given", node), validationFraction: try share("validation"),
      testFraction: try share("test"), seed: seed.value, digest: try value("digest", node),
      counts: counts)
  }
}

/// A seed in files: an integer, or text if it is beyond the integers of files.
struct SeedSetting: SettingValue {
  static let expectation = "a natural number"
  let value: UInt64

  init(_ value: UInt64) { self.value = value }

  init(reading node: SettingsNode, key: String) throws(SettingsError) {
    switch node.content {
    case .integer(let number) where number >= 0: value = UInt64(number)
    case .string(let text):
      guard let number = UInt64(text) else { fallthrough }
      value = number
    default: throw .wrongType(node.mark, key: key, expected: Self.expectation, found: node.kindDescription)
    }
  }

  var node: SettingsNode { Int(exactly: value)?.node ?? String(value).node }
}
