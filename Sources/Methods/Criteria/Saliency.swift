public import Graphs
public import Settings
public import Tensors

/// A criterion of pruning: scores prunable units by their importance.
///
/// A criterion is one file in `Criteria/` and one line in `SaliencyCatalogue`. It scores whatever units it
/// gets, single weights as well as coupled channels: `UnitSet.sums` adds up its numbers of elements.
/// `evidence` says what it needs besides weights. `weight-pruning` and `channel-pruning` are among the
/// methods that choose one.
public protocol Saliency: NamedKind {
  /// The text that `condense explain` prints, besides the settings.
  static var documentation: MethodDocumentation { get }
  /// The kinds of units that it can score.
  static var kinds: Set<UnitKind> { get }
  /// True if it has obstacles to some sets of those kinds.
  static var isSelective: Bool { get }

  /// The knowledge of the network that it needs besides the weights.
  var evidence: Set<EvidenceKind> { get }
  /// The scale on which scores of different sets are compared, if units are ranked across sets.
  func scale(of kind: UnitKind) -> ScoreScale
  /// The reason why it cannot score the units of a set, judged on shapes alone; `nil` if it can.
  func obstacle(to set: UnitSet) -> String?
  /// A score for each unit of each set: the lower, the less is lost without the unit.
  ///
  /// A score that is not a number counts as infinite. Sets come in the order of the graph; a criterion that
  /// draws takes one number a unit in this order.
  func scores(of sets: [UnitSet], _ context: inout SaliencyContext) throws -> [[Double]]
  /// New values of parameters that make up for the units that go, by name; empty for most criteria.
  ///
  /// `isGone` has one element a unit of the set. Optimal brain surgery moves the weights that stay, for
  /// example.
  func compensation(
    for losses: [(set: UnitSet, isGone: [Bool])], _ context: inout SaliencyContext
  ) throws -> [String: Tensor]
}

extension Saliency {
  /// The summary of the criterion's documentation.
  public static var summary: String { documentation.summary }
  /// All kinds of units.
  public static var kinds: Set<UnitKind> { Set(UnitKind.allCases) }
  /// False: no set has an obstacle.
  public static var isSelective: Bool { false }
  /// Nothing besides the weights.
  public var evidence: Set<EvidenceKind> { [] }
  /// Scores of single weights are compared as they are, those of larger units relative to the mean of their
  /// set.
  public func scale(of kind: UnitKind) -> ScoreScale { kind == .element ? .plain : .shareOfMean }
  /// No obstacle.
  public func obstacle(to set: UnitSet) -> String? { nil }
  /// No compensation.
  public func compensation(
    for losses: [(set: UnitSet, isGone: [Bool])], _ context: inout SaliencyContext
  ) throws -> [String: Tensor] { [:] }
}

/// A kind of unit that pruning removes as a whole.
public enum UnitKind: String, Sendable, CaseIterable {
  /// Single weights.
  case element
  /// The weights between one input and one output channel.
  case kernel
  /// Rectangles of weights, outputs by inputs.
  case block
  /// Coupled channels, with everything that makes, norms and reads them.
  case channel
}

/// The scale on which scores of several sets are compared.
public enum ScoreScale: Sendable {
  /// Scores as they are.
  case plain
  /// Scores over the mean of their set, so that neither the size of weights nor of units counts.
  case shareOfMean

  /// The scores on this scale; they stay as they are if their mean is not positive and finite.
  public func applied(to scores: [Double]) -> [Double] {
    guard self == .shareOfMean else { return scores }
    let mean = scores.reduce(0, +) / Double(max(scores.count, 1))
    return mean > 0 && mean.isFinite ? scores.map { $0 / mean } : scores
  }
}

/// All criteria that a recipe may name.
public enum SaliencyCatalogue: Catalogue {
  /// The criteria, in the order of the documentation.
  public static let all: [any Saliency.Type] = [
    Magnitude.self, AbsoluteSum.self, Lookahead.self, TaylorExpansion.self, SecondOrderTaylor.self,
    GateDerivative.self, ActivationTaylor.self, ConnectionSensitivity.self, FisherInformation.self,
    HessianDiagonal.self, BrainSurgeon.self, NormScale.self, ZeroShare.self, GeometricMedian.self,
    ActivationStatistic.self, Relevance.self, ResponseImportance.self, Reconstruction.self,
    NeuronMerging.self, Movement.self, RandomScore.self,
  ]
  /// The same types as named kinds.
  public static var kinds: [any NamedKind.Type] { all }

  /// The criterion as a saliency; `nil` if it is none.
  public static func cast(_ kind: any NamedKind) -> (any Saliency)? { kind as? any Saliency }

  /// The names of the criteria that can score all of some kinds of units.
  public static func names(scoring kinds: Set<UnitKind>) -> [String] { types(kinds).map { $0.name } }

  /// A text that is equal for criteria of equal results.
  static func key(_ criterion: any Saliency) -> String { writeShort(criterion).canonicalJSON }

  /// The setting of criteria that look at images.
  static func imagesSetting<Owner>(_ path: WritableKeyPath<Owner, Int?>) -> Setting<Owner> {
    Setting(
      "images", path, in: 1...1_000_000,
      "training images to look at; null takes the number of the method, or 1024")
  }

  /// The criteria that can score all of some kinds of units.
  private static func types(_ kinds: Set<UnitKind>) -> [any Saliency.Type] {
    all.filter { $0.kinds.isSuperset(of: kinds) }
  }

  /// The setting `criterion` of a method that prunes some kinds of units.
  ///
  /// It takes a name, `taylor`, or a name with settings, `{taylor: {images: 2048}}`.
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

/// The knowledge of a network and the random numbers that a criterion may use.
public struct SaliencyContext {
  /// The network as it is now.
  public let graph: Graph
  /// The network as the stage found it; differs from `graph` for methods that act several times.
  public let original: Graph
  /// Gradients, activations, curvature and initial weights, computed when they are asked for.
  public let evidence: any Evidence
  /// Training images to look at, for criteria that name no number.
  public let images: Int
  /// The random numbers of this application.
  public var random: SeededRandom

  /// Makes a context; `original` is the graph itself by default.
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

  /// The projected values of the parameters that have elements of some sets, by name.
  public func weights(of sets: [UnitSet], _ relation: UnitRelation) -> [String: Tensor] {
    var weights: [String: Tensor] = [:]
    for name in sets.flatMap({ $0.parameters(relation) }) where weights[name] == nil {
      weights[name] = graph.parameters[name]?.projected
    }
    return weights
  }
}

extension Compression {
  /// The scores of sets of units, each by its criterion; sets of equal criteria are scored together.
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

  /// The network with the parameters that criteria change to make up for units that go.
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
    // One call a criterion: those that look at images look once, those that draw draw in the graph's order.
    let keys = criteria.map(SaliencyCatalogue.key)
    for (first, key) in keys.enumerated() where keys.firstIndex(of: key) == first {
      try body(criteria[first], keys.indices.filter { keys[$0] == key }, &context)
    }
    random = context.random
  }
}
