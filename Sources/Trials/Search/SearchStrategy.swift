public import Settings
public import Tensors

/// A search strategy, which proposes settings from the outcomes of earlier ones.
///
/// A strategy is a pure function of the observations, so that a search whose process was killed continues
/// unchanged. A new strategy needs one file in `Search/` and one line in `SearchCatalogue`. Every assignment
/// becomes a trial. The assignments of one call may run at the same time. The next call follows when all are
/// finished, for any number of jobs.
public protocol SearchStrategy: NamedKind {
  /// The largest number of assignments in all.
  func tries(in space: SearchSpace) -> Int
  /// True if the strategy uses predicted latencies; such a strategy supports goals of latency alone.
  var needsLatency: Bool { get }
  /// The reason why the strategy cannot search a space; `nil` if it can.
  func refusal(of space: SearchSpace) -> String?
  /// True if the strategy can minimize several objectives together.
  var takesFronts: Bool { get }
  /// The reason why the strategy cannot search for so many objectives; `nil` if it can.
  func refusal(ofObjectives count: Int) -> String?
  /// True if candidates may start from the trained weights of others.
  var inherits: Bool { get }
  /// The next assignments, at most `count`; none when the search is over.
  func ask(_ count: Int, _ search: SearchState) -> [Assignment]
  /// The next assignments as `ask` returns them, with their parents and epochs.
  func propose(_ count: Int, _ search: SearchState) -> [Proposal]
}

extension SearchStrategy {
  /// Refuses no space by default.
  public func refusal(of space: SearchSpace) -> String? { nil }
  /// Refuses no number of objectives by default; fronts need `takesFronts`.
  public func refusal(ofObjectives count: Int) -> String? { nil }
  /// False by default.
  public var needsLatency: Bool { false }
  /// False by default.
  public var takesFronts: Bool { false }
  /// False by default.
  public var inherits: Bool { false }
  /// Proposes the assignments of `ask` without parents by default.
  public func propose(_ count: Int, _ search: SearchState) -> [Proposal] {
    ask(count, search).map { Proposal($0) }
  }
}

/// An assignment that a strategy asks for.
public struct Proposal: Sendable, Equatable {
  /// The values of the variables.
  public var assignment: Assignment
  /// The index of the observation that it was derived from; `nil` if it was drawn from the whole space.
  public var parent: Int?
  /// The number of epochs after which the training is cut short; `nil` for all epochs.
  public var epochs: Int?
  /// The index of the observation with fewer epochs whose training it continues; `nil` for none.
  public var continues: Int?
  /// True if its network inherits the weights of its parent, as far as they fit.
  public var inherits = false
  /// The number of epochs of the longest training; `nil` for the recipe's.
  public var trains: Int?
  /// True if it is trained as the recipe says, though others of its search are judged by shared weights.
  public var trainsAlone = false

  /// Makes a proposal.
  public init(_ assignment: Assignment, parent: Int? = nil, epochs: Int? = nil, continues: Int? = nil) {
    self.assignment = assignment
    self.parent = parent
    self.epochs = epochs
    self.continues = continues
  }
}

/// The state of a search.
public struct SearchState: Sendable {
  /// The variables and their values.
  public var space: SearchSpace
  /// True if the strongest compression that meets the goal is sought, false for the weakest.
  public var prefersStrong: Bool
  /// The outcomes of all assignments so far, in the order in which they were asked for.
  public var observations: [SearchObservation]
  /// The source of random draws; strategies refine it by the number of the assignment.
  public var random: SeededRandom
  /// The latency limit with its model; `nil` for other goals.
  public var latency: LatencyModel?
  /// True if several objectives are minimized; then `objectives` of observations count instead of `cost`.
  public var isOfFront = false

  /// Makes a state.
  public init(
    space: SearchSpace, prefersStrong: Bool, observations: [SearchObservation] = [], random: SeededRandom,
    latency: LatencyModel? = nil
  ) {
    self.latency = latency
    self.space = space
    self.prefersStrong = prefersStrong
    self.observations = observations
    self.random = random
  }
}

extension SearchState {
  /// The number of observations before the present round, for a first round of `first` members and later ones
  /// of `size`.
  ///
  /// Strategies that learn propose a round from the observations before it, so the result does not depend on
  /// the number of members that one call requests.
  func roundStart(first: Int, size: Int) -> Int {
    let done = observations.count
    return done < first ? 0 : first + (done - first) / size * size
  }
}

/// The outcome of an assignment.
public struct SearchObservation: Sendable, Equatable {
  /// The assignment.
  public var assignment: Assignment
  /// True if its student met the goal.
  public var meetsGoal: Bool
  /// The metric on validation images; `nil` without such images.
  public var validation: Double?
  /// The distance of the metric from its best possible value, 0…1; smaller is better for every metric.
  public var shortfall: Double?
  /// The latency of an image on the goal's target in milliseconds; `nil` if it was not measured.
  public var latencyMs: Double?
  /// The cost to minimize: the file's bytes for goals of accuracy, the shortfall for goals with limits.
  public var cost: Double
  /// The values of several objectives; infinite without a student, empty for goals of one objective.
  public var objectives: [Double] = []
  /// The distance from the goal in the goal's unit: 0 if it is met, infinite without a student.
  public var miss: Double

  /// Makes an observation; the cost is the shortfall by default, or 1 without one.
  public init(
    _ assignment: Assignment, meetsGoal: Bool, validation: Double? = nil, shortfall: Double? = nil,
    latencyMs: Double? = nil, cost: Double? = nil, miss: Double? = nil
  ) {
    (self.shortfall, self.latencyMs) = (shortfall, latencyMs)
    self.cost = cost ?? shortfall ?? 1
    self.miss = miss ?? (meetsGoal ? 0 : 1)
    self.assignment = assignment
    self.meetsGoal = meetsGoal
    self.validation = validation
  }
}

extension SearchObservation {
  /// True if it is better than another: a smaller miss first, then a smaller cost.
  public func isBetter(than other: SearchObservation) -> Bool {
    (miss, cost) < (other.miss, other.cost)
  }
}

extension [SearchObservation] {
  /// The share of the other observations that each one beats, 0…1; a tie counts as half.
  var ranks: [Double] {
    map { own in
      guard count > 1 else { return 0.5 }
      let beaten = reduce(0.0) { sum, other in
        sum + (own.isBetter(than: other) ? 1 : other.isBetter(than: own) ? 0 : 0.5)
      }
      return (beaten - 0.5) / Double(count - 1)
    }
  }
}

/// All strategies that a recipe may name.
public enum SearchCatalogue: Catalogue {
  /// The strategies; a new one needs one line here.
  public static let all: [any SearchStrategy.Type] = [
    Bisection.self, Ascent.self, GridSearch.self, RandomSearch.self, AgingEvolution.self,
    SuccessiveHalving.self, Hyperband.self, ControllerSearch.self, BayesianSearch.self, MorphismSearch.self,
    NetAdapt.self,
  ]
  /// The strategies as kinds with names.
  public static var kinds: [any NamedKind.Type] { all }

  /// The kind as a strategy; `nil` if it is none.
  public static func cast(_ kind: any NamedKind) -> (any SearchStrategy)? { kind as? any SearchStrategy }

  /// Reads a name (`grid`), or a name with settings (`{random: {tries: 20}}`); bisection by default.
  public static func read(_ node: SettingsNode) throws(SettingsError) -> any SearchStrategy {
    try read(node, key: "search", present: Bisection())
  }
}
