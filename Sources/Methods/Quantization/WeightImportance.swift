import Graphs
public import Settings
import Tensors

/// The factor of a weight's squared error when weights are to share numbers.
public enum ImportanceRule: String, Sendable, SettingChoice {
  /// One factor for all.
  case equal
  /// The diagonal of the empirical Fisher information.
  case fisher
  /// The diagonal of the loss's Hessian, estimated with random directions.
  case hessian
}

/// The importance of errors of single weights: the settings that methods of shared numbers have in common.
///
/// **Formula**: around a minimum the loss grows by `½ Σ h_i (w_i - c_i)²` when weights become other numbers,
/// `h` being the diagonal of the Hessian. Negative estimates count as 0. `damping` times the layer's mean and
/// a millionth of the mean of all are added, so that no weight is free: many small errors add up.
///
/// **Paper**: Choi, El-Khamy, Lee, "Towards the limit of network quantization", ICLR 2017, arXiv:1612.01543,
/// section 3.
public struct WeightImportance: Sendable, Equatable {
  /// The factor of squared errors.
  public var rule = ImportanceRule.equal
  /// Training images to look at.
  public var images = 1024
  /// Random directions for the Hessian's diagonal, 1...4096, of two passes over the images each.
  public var probes = 64
  /// The number that is added to each importance, as a share of its layer's mean, 0...1000.
  public var damping = 0.01

  /// Counts all weights alike.
  public init() {}

  /// Settings: `importance`, `images`, `probes`, `damping`.
  static func settings<Owner>(_ path: WritableKeyPath<Owner, WeightImportance>) -> [Setting<Owner>] {
    [
      Setting(
        "importance", path.appending(path: \.rule),
        "the weight of squared errors: equal, or the loss's curvature by the Fisher information (fisher) or the Hessian (hessian)"
      ).omittedAsDefault(),
      Setting(
        "images", path.appending(path: \.images), in: 1...1_000_000,
        "training images for the importance"
      ).omittedAsDefault(),
      Setting(
        "probes", path.appending(path: \.probes), in: 1...4096,
        "random directions for importance: hessian; each costs two passes over the images"
      ).omittedAsDefault(),
      Setting(
        "damping", path.appending(path: \.damping), in: 0...1000,
        "number added to each importance, as a share of the layer's mean importance"
      ).omittedAsDefault(),
    ]
  }

  /// Gradients of single images for `fisher`, products of the Hessian for `hessian`.
  var evidence: Set<EvidenceKind> {
    switch rule {
    case .equal: []
    case .fisher: [.imageGradients]
    case .hessian: [.hessianProducts]
    }
  }

  /// A number of at least zero for each element, by parameter; empty if all weights count alike.
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

  /// The numbers without negative ones, with the damping added.
  private func damped(_ diagonal: [String: [Double]]) -> [String: [Double]] {
    let positive = diagonal.mapValues { $0.map { $0 > 0 ? $0 : 0 } }
    // Sorted by name, because sums of floats depend on their order.
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
  /// The importance of the elements of each weight, by name and by its layer's settings.
  ///
  /// Layers of equal settings are computed together; draws continue from `random`.
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
