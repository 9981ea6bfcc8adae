import Graphs
public import Settings
import Tensors

/// What the squared error of a weight is multiplied by where weights are to share numbers.
public enum ImportanceRule: String, Sendable, SettingChoice {
  /// One for all.
  case equal
  /// The diagonal of the empirical Fisher information.
  case fisher
  /// The diagonal of the loss's Hessian, estimated with random directions.
  case hessian
}

/// How much an error of each weight matters: the settings that methods of shared numbers have alike.
///
/// **Formula**: around a minimum the loss grows by `½ Σ h_i (w_i - c_i)²` when weights become other numbers, `h` being the diagonal
/// of the Hessian. Of it negative estimates count as 0; `damping` times the layer's mean and a millionth of the mean of
/// all are added, so that no weight is free: errors of many weights that matter little by themselves add up.
///
/// **Paper**: Choi, El-Khamy, Lee, "Towards the limit of network quantization", ICLR 2017, arXiv:1612.01543, section 3.
public struct WeightImportance: Sendable, Equatable {
  /// What errors are multiplied by.
  public var rule = ImportanceRule.equal
  /// Training images to look at.
  public var images = 1024
  /// Random directions for the Hessian's diagonal.
  public var probes = 64
  /// What is added to each number, as a share of its layer's mean.
  public var damping = 0.01

  /// All weights alike.
  public init() {}

  /// The settings as those of a method.
  static func settings<Owner>(_ path: WritableKeyPath<Owner, WeightImportance>) -> [Setting<Owner>] {
    [
      Setting(
        "importance", path.appending(path: \.rule),
        "what the squared error of a weight counts: equal, or by the loss's curvature, of the Fisher information (fisher) or the Hessian"
      ).omittedAsDefault(),
      Setting(
        "images", path.appending(path: \.images), in: 1...1_000_000,
        "training images that importance is of"
      ).omittedAsDefault(),
      Setting(
        "probes", path.appending(path: \.probes), in: 1...4096,
        "random directions for importance: hessian, of two passes over the images each"
      ).omittedAsDefault(),
      Setting(
        "damping", path.appending(path: \.damping), in: 0...1000,
        "what is added to the importance of each weight, as a share of its layer's mean"
      ).omittedAsDefault(),
    ]
  }

  /// What it wants to know of a network.
  var evidence: Set<EvidenceKind> {
    switch rule {
    case .equal: []
    case .fisher: [.imageGradients]
    case .hessian: [.hessianProducts]
    }
  }

  /// By parameter, a number of at least zero for each of its elements; nothing where all weights are alike.
  func numbers(
    of names: [String], in graph: Graph, _ evidence: any Evidence, _ random: inout SeededRandom
  ) throws -> [String: [Double]] {
    let diagonal: [String: [Double]]
    switch rule {
    case .equal: return [:]
    case .fisher:
      diagonal = try evidence.fisherInformation(images: images).mapValues { $0.values.map(Double.init) }
    case .hessian:
      let weights = graph.parameters.filter { names.contains($0.key) }.mapValues(\.projected)
      diagonal = try evidence.hessianDiagonal(
        by: names, of: weights, probes: probes, images: images, random: &random)
    }
    return damped(diagonal.filter { names.contains($0.key) })
  }

  /// The numbers without negative ones, and with what keeps them above zero.
  private func damped(_ diagonal: [String: [Double]]) -> [String: [Double]] {
    let positive = diagonal.mapValues { $0.map { $0 > 0 ? $0 : 0 } }
    let sums = positive.sorted { $0.key < $1.key }.map { $0.value.reduce(0, +) }
    let count = positive.values.reduce(0) { $0 + $1.count }
    let mean = sums.reduce(0, +) / Double(max(count, 1))
    guard mean > 0, mean.isFinite else { return [:] }
    return positive.mapValues { numbers in
      let floor = damping * numbers.reduce(0, +) / Double(max(numbers.count, 1)) + 1e-6 * mean
      return numbers.map { $0 + floor }
    }
  }
}

extension Compression {
  /// By name of a weight, the importance of its elements, each by its layer's own settings; draws go on from `random`.
  mutating func importance(
    _ path: KeyPath<Method, WeightImportance>
  ) throws -> [String: [Double]] {
    var numbers: [String: [Double]] = [:]
    let layers = layers.map {
      (name: ParameterRole.weight.name(of: $0.node.name), rule: $0.settings[keyPath: path])
    }
    var rules: [WeightImportance] = []
    for layer in layers where !rules.contains(layer.rule) { rules.append(layer.rule) }
    for rule in rules {
      let names = layers.filter { $0.rule == rule }.map(\.name)
      numbers.merge(try rule.numbers(of: names, in: graph, evidence, &random)) { $1 }
    }
    return numbers
  }
}
