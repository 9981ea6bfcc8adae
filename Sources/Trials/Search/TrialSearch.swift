public import Graphs
public import Settings

/// How a student is searched for: what is to be reached, what may be chosen, and who proposes.
public struct TrialSearch: Sendable {
  public var goal: TrialGoal
  public var space: SearchSpace
  public var strategy: any SearchStrategy
  /// What the goal's target is thought to take of settings; it decides nothing that the profile does not.
  public var latency: LatencyModel?
  /// The network of an assignment, where the space has variables of the network; throws why there is none, or why it cannot meet
  /// the goal whatever training makes of it.
  public var network: (@Sendable (Assignment) throws -> Graph)?

  /// Makes a search.
  public init(
    goal: TrialGoal, space: SearchSpace, strategy: any SearchStrategy, latency: LatencyModel? = nil
  ) {
    self.latency = latency
    self.goal = goal
    self.space = space
    self.strategy = strategy
  }

  /// Candidates in all.
  public var tries: Int { strategy.tries(in: space) }

  /// Space and strategy as an address holds them; the goal stands there by itself.
  public var node: SettingsNode {
    SettingsNode(mapping: ["space": space.node, "strategy": SearchCatalogue.write(strategy)])
  }
}
