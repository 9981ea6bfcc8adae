public import Graphs
public import Settings
public import Tensors

/// Says how much prunable units matter: a criterion of pruning.
///
/// A criterion is one file in `Criteria/` and one line in `SaliencyCatalogue`. It scores whatever units it is handed, single
/// weights as well as coupled channels: `UnitSet.sums` adds up what it says of elements. What it may know besides weights
/// is `evidence`. Pruning methods choose from it: `weight-pruning`, `channel-pruning`.
public protocol Saliency: NamedKind {
  /// What `condense explain` prints, besides the settings.
  static var documentation: MethodDocumentation { get }
  /// The kinds of units that it can score.
  static var kinds: Set<UnitKind> { get }
  /// Whether it has obstacles to some sets of those kinds.
  static var isSelective: Bool { get }

  /// What it wants to know of the network besides its weights.
  var evidence: Set<EvidenceKind> { get }
  /// How the scores of different sets are compared, where units are ranked across them.
  func scale(of kind: UnitKind) -> ScoreScale
  /// Why it cannot score the units of a set, judged on shapes alone; `nil` where it can.
  func obstacle(to set: UnitSet) -> String?
  /// A score for each unit of each set: the lower, the less is lost without it. A score that is not a number counts as
  /// infinite.
  ///
  /// Sets come in the order of the graph; a criterion that draws takes a number a unit in this order.
  func scores(of sets: [UnitSet], _ context: inout SaliencyContext) throws -> [[Double]]
  /// Parameters with new values that make up for the units that go, by name: optimal brain surgery moves the weights that
  /// stay. `isGone` tells of each unit of the set. Nothing for most.
  func compensation(
    for losses: [(set: UnitSet, isGone: [Bool])], _ context: inout SaliencyContext
  ) throws -> [String: Tensor]
}

extension Saliency {
  public static var summary: String { documentation.summary }
  public static var kinds: Set<UnitKind> { Set(UnitKind.allCases) }
  public static var isSelective: Bool { false }
  public var evidence: Set<EvidenceKind> { [] }
  public func scale(of kind: UnitKind) -> ScoreScale { kind == .element ? .plain : .shareOfMean }
  public func obstacle(to set: UnitSet) -> String? { nil }
  public func compensation(
    for losses: [(set: UnitSet, isGone: [Bool])], _ context: inout SaliencyContext
  ) throws -> [String: Tensor] { [:] }
}

/// The kinds of units that pruning takes away whole.
public enum UnitKind: String, Sendable, CaseIterable {
  /// Single weights.
  case element
  /// The weights between one input and one output channel.
  case kernel
  /// Rectangles of weights, outputs by inputs.
  case block
  /// Coupled channels, with all that makes, norms and reads them.
  case channel
}

/// How scores of several sets are compared.
public enum ScoreScale: Sendable {
  /// As they are.
  case plain
  /// Over the mean of their set, so that neither the size of a layer's weights nor that of its units counts.
  case shareOfMean

  /// The scores as they are compared.
  public func applied(to scores: [Double]) -> [Double] {
    guard self == .shareOfMean else { return scores }
    let mean = scores.reduce(0, +) / Double(max(scores.count, 1))
    return mean > 0 && mean.isFinite ? scores.map { $0 / mean } : scores
  }
}

/// Every criterion that a recipe may name.
public enum SaliencyCatalogue: Catalogue {
  public static let all: [any Saliency.Type] = [
    Magnitude.self, AbsoluteSum.self, Lookahead.self, TaylorExpansion.self, SecondOrderTaylor.self,
    GateDerivative.self, ActivationTaylor.self, ConnectionSensitivity.self, FisherInformation.self,
    HessianDiagonal.self, BrainSurgeon.self, NormScale.self, ZeroShare.self, GeometricMedian.self,
    ActivationStatistic.self, Relevance.self, ResponseImportance.self, Reconstruction.self,
    NeuronMerging.self, Movement.self, RandomScore.self,
  ]
  public static var kinds: [any NamedKind.Type] { all }

  public static func cast(_ kind: any NamedKind) -> (any Saliency)? { kind as? any Saliency }

  /// The names of those that can score all of some kinds of units.
  public static func names(scoring kinds: Set<UnitKind>) -> [String] { types(kinds).map { $0.name } }

  /// What tells criteria of different results apart.
  static func key(_ criterion: any Saliency) -> String { writeShort(criterion).canonicalJSON }

  /// The setting of criteria that look at images.
  static func imagesSetting<Owner>(_ path: WritableKeyPath<Owner, Int?>) -> Setting<Owner> {
    Setting(
      "images", path, in: 1...1_000_000,
      "training images to look at; null takes as many as the method says, or 1024")
  }

  private static func types(_ kinds: Set<UnitKind>) -> [any Saliency.Type] {
    all.filter { $0.kinds.isSuperset(of: kinds) }
  }

  /// The setting `criterion` of a method that prunes some kinds of units: `taylor`, or `{taylor: {images: 2048}}`.
  static func setting<Owner>(
    _ path: WritableKeyPath<Owner, any Saliency>, scoring kinds: Set<UnitKind>, _ summary: String
  ) -> Setting<Owner> {
    let names = names(scoring: kinds)
    return Setting(
      "criterion", expected: "one of \(names.joined(separator: ", ")), or one with its settings", summary,
      read: { (owner, node) throws(SettingsError) in
        owner[keyPath: path] = try read(
          node, key: "criterion", present: owner[keyPath: path], among: types(kinds))
      }, write: { writeShort($0[keyPath: path]) })
  }
}

/// What a criterion may know of a network, and draw.
public struct SaliencyContext {
  /// The network as it is now.
  public let graph: Graph
  /// The network as the stage found it: for methods that act several times, before the stage's training.
  public let original: Graph
  /// Gradients, activations, curvature and initial weights, computed when they are asked for.
  public let evidence: any Evidence
  /// Training images to look at, where the criterion names no number of its own.
  public let images: Int
  /// The stream of this application.
  public var random: SeededRandom

  /// Makes a context.
  public init(
    graph: Graph, original: Graph? = nil, evidence: any Evidence = NoEvidence(), images: Int = 1024,
    random: SeededRandom = SeededRandom(seed: 0, purpose: "saliency")
  ) {
    self.graph = graph
    self.original = original ?? graph
    self.evidence = evidence
    self.images = images
    self.random = random
  }

  /// What kernels compute with of the parameters that make up some sets, by name.
  public func weights(of sets: [UnitSet], _ relation: UnitRelation) -> [String: Tensor] {
    var weights: [String: Tensor] = [:]
    for name in sets.flatMap({ $0.parameters(relation) }) where weights[name] == nil {
      weights[name] = graph.parameters[name]?.projected
    }
    return weights
  }
}

extension Compression {
  /// Scores sets of units, each by its criterion; sets of equal criteria are scored together.
  mutating func scores(
    _ choices: [(set: UnitSet, criterion: any Saliency)], images: Int = 1024
  ) throws -> [[Double]] {
    var scores = Array(repeating: [Double](), count: choices.count)
    try forEachCriterion(choices.map(\.criterion), images: images) {
      (criterion, places, context) throws in
      let found = try criterion.scores(of: places.map { choices[$0].set }, &context)
      for (place, found) in zip(places, found) { scores[place] = found.map { $0.isNaN ? .infinity : $0 } }
    }
    return scores
  }

  /// The network with what criteria change of it to make up for units that go.
  mutating func compensated(
    _ choices: [(set: UnitSet, criterion: any Saliency)], isGone: [[Bool]], images: Int = 1024
  ) throws -> Graph {
    var compensated = graph
    try forEachCriterion(choices.map(\.criterion), images: images) {
      (criterion, places, context) throws in
      let losses = places.map { (set: choices[$0].set, isGone: isGone[$0]) }
      for (name, values) in try criterion.compensation(for: losses, &context) {
        compensated.parameters[name]?.value = values
      }
    }
    return compensated
  }

  /// Calls `body` with each of the different criteria, and the places at which it stands.
  private mutating func forEachCriterion(
    _ criteria: [any Saliency], images: Int,
    _ body: (any Saliency, [Int], inout SaliencyContext) throws -> Void
  ) throws {
    var context = SaliencyContext(
      graph: graph, original: original, evidence: evidence, images: images, random: random)
    let keys = criteria.map(SaliencyCatalogue.key)
    for (first, key) in keys.enumerated() where keys.firstIndex(of: key) == first {
      try body(criteria[first], keys.indices.filter { keys[$0] == key }, &context)
    }
    random = context.random
  }
}
