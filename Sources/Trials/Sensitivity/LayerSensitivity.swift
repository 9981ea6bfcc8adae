public import Graphs
public import Methods
import Settings
import Tensors

/// The loss of accuracy of a network when one of its layers alone is pruned more and more, without training.
///
///     let study = try LayerSensitivity(of: graph, method: "channel-pruning", criterion: nil)
///     let curve = try study.curve(of: study.layers[0], at: [0.1, 0.5, 0.9], evidence: evidence) { try judge($0) }
///
/// Layers that lose the same channels are pruned together and count as one layer here.
public struct LayerSensitivity {
  /// A layer that the method does not apply to.
  public struct Refusal: Sendable, Equatable {
    /// The node's name.
    public var layer: String
    /// The reason as text.
    public var reason: String
  }

  /// The scores of a network on images.
  public struct Judgement: Sendable, Equatable {
    /// The mean loss; `nil` where the task has none, and where it is not finite.
    public var loss: Double?
    /// The task's metric.
    public var value: Double

    /// Makes a judgement; a loss that is not finite becomes `nil`.
    public init(loss: Double?, value: Double) {
      self.loss = loss.flatMap { $0.isFinite ? $0 : nil }
      self.value = value
    }
  }

  /// The network.
  public let graph: Graph
  /// The layers that are pruned, each as the nodes that are tied, in the order of the graph.
  public let layers: [[String]]
  /// The layers with weights that the method does not apply to, with reasons.
  public let refusals: [Refusal]
  /// The method, which ranks each layer by itself.
  let choice: MethodChoice
  /// The evidence that its criterion needs besides weights.
  public var evidence: Set<EvidenceKind> { choice.method.evidence }

  /// Makes a study of a network by a pruning method and a criterion; `nil` takes the method's default.
  public init(of graph: Graph, method: String, criterion: String?) throws {
    var settings: [(String, SettingsNode)] = [("scope", UniformAllocation.name.node)]
    if let criterion { settings.append(("criterion", criterion.node)) }
    let mark = SettingsMark(source: method)
    let node = SettingsNode(
      .mapping(
        settings.map { .init(key: $0.0, mark: mark, value: SettingsNode($0.1.content, mark: mark)) }),
      mark: mark)
    choice = try MethodChoice(name: method, settings: node, overrides: nil)
    self.graph = graph
    layers = try choice.layers(of: graph)
    refusals = try choice.applicabilities(on: graph).compactMap { node, applicability in
      guard case .notApplicable(let reason) = applicability,
        graph.slots(of: node).contains(where: \.slot.decays)
      else { return nil }
      return Refusal(layer: node.name, reason: reason)
    }
  }

  /// The methods that can be studied: those that prune to a share by a criterion.
  public static let methods = [WeightPruning.name, ChannelPruning.name]

  /// The names of the criteria that a method takes.
  public static func criteria(of method: String) -> [String] {
    SaliencyCatalogue.names(
      scoring: method == ChannelPruning.name ? [.channel] : [.element, .kernel, .block])
  }

  /// The network with one layer pruned to a share; unchanged where the share is less than one unit.
  public func pruned(_ layer: [String], to sparsity: Double, evidence: any Evidence) throws -> Graph {
    var alone = choice.withStrength(sparsity)
    let others = graph.nodes.map(\.name).filter { !layer.contains($0) }
    alone.overrides = [LayerOverride(skipping: others)]
    do {
      return try alone.compress(
        graph, of: graph, progress: 1, evidence: evidence,
        random: SeededRandom(seed: 0, purpose: "sensitivity")
      ).graph
    } catch {
      guard case .nothingToDo = error.underlying(as: MethodError.self) else { throw error }
      return graph
    }
  }

  /// The curve of a layer, point by point; `nil` if `judge` returns `nil`.
  public func curve(
    of layer: [String], at sparsities: [Double], evidence: any Evidence,
    judge: (Graph) throws -> Judgement?
  ) throws -> SensitivityCurve? {
    var points: [SensitivityCurve.Point] = []
    for sparsity in sparsities {
      guard let judgement = try judge(pruned(layer, to: sparsity, evidence: evidence)) else { return nil }
      points.append(
        SensitivityCurve.Point(sparsity: sparsity, loss: judgement.loss, value: judgement.value))
    }
    return SensitivityCurve(layers: layer, points: points)
  }
}

/// The scores of a network while one of its layers alone is pruned more and more.
public struct SensitivityCurve: Codable, Sendable, Equatable {
  /// One measurement.
  public struct Point: Codable, Sendable, Equatable {
    /// The share of the layer that is removed, 0…1.
    public var sparsity: Double
    /// The mean loss over the images; `nil` where there is none.
    public var loss: Double?
    /// The metric over the images.
    public var value: Double

    /// Makes a point.
    public init(sparsity: Double, loss: Double?, value: Double) {
      (self.sparsity, self.loss, self.value) = (sparsity, loss, value)
    }
  }

  /// The nodes that are pruned together.
  public var layers: [String]
  /// The measurements, in the order of the requested shares.
  public var points: [Point]

  /// Makes a curve.
  public init(layers: [String], points: [Point]) { (self.layers, self.points) = (layers, points) }

  /// The name of the layer: its first node, and the number of further ones.
  public var name: String {
    layers.count > 1 ? "\(layers[0]) +\(layers.count - 1)" : layers.first ?? ""
  }
}
