public import Graphs
public import Settings

/// A search for a student: its goal, its space and its strategy.
public struct TrialSearch: Sendable {
  /// The goal.
  public var goal: TrialGoal
  /// The variables and their values.
  public var space: SearchSpace
  /// The strategy that proposes assignments.
  public var strategy: any SearchStrategy
  /// A prediction of latencies on the goal's target; a function of the profile, and no part of an address.
  public var latency: LatencyModel?
  /// The network of an assignment, where the space has variables of the network.
  ///
  /// Throws where there is none, or where it cannot meet the goal whatever its training.
  public var network: (@Sendable (Assignment) throws -> Graph)?
  /// The name that its candidates' names begin with.
  public var name = ""
  /// The key shared by students that take different candidates of one search; empty for a search of one student.
  public var group = ""
  /// True if another student of the group provides the candidates.
  public var isShared = false

  /// Makes a search.
  public init(
    goal: TrialGoal, space: SearchSpace, strategy: any SearchStrategy, latency: LatencyModel? = nil
  ) {
    self.latency = latency
    self.goal = goal
    self.space = space
    self.strategy = strategy
  }

  /// The largest number of candidates.
  public var tries: Int { isShared ? 0 : strategy.tries(in: space) }

  /// The space and the strategy as an address holds them; the goal has its own entry there.
  public var node: SettingsNode {
    SettingsNode(mapping: ["space": space.node, "strategy": SearchCatalogue.write(strategy)])
  }
}
