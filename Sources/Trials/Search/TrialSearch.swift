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
  /// The judgement of candidates by shared weights; `nil` if each is trained.
  public var sharing: SharedWeights?
  /// The networks that share weights; `nil` if none do.
  public var family: SearchedNetwork?
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

  /// The largest number of trials of candidates and of their shared weights.
  public var tries: Int {
    if isShared { return 0 }
    return strategy.tries(in: space) + (sharing.map { 1 + $0.alone } ?? 0)
  }

  /// About as many trainings of a candidate as the search takes; a shared training counts as four.
  public var trainings: Int {
    guard let sharing, !isShared else { return tries }
    return min(sharing.alone, strategy.tries(in: space)) + 4
  }

  /// The space and the strategy as an address holds them; the goal has its own entry there.
  public var node: SettingsNode {
    let node = SettingsNode(mapping: ["space": space.node, "strategy": SearchCatalogue.write(strategy)])
    return sharing.map { node.adding(SettingsNode(mapping: ["shared": $0.node])) } ?? node
  }
}
