import Foundation
import Graphs
import Metrics
import Readings
import Runs
import Settings
import Tensors
public import Trials

/// The source of a recipe's trials, which become known step by step.
///
/// A plan names every trial of the recipe, some of them by the results of others: a control from scratch by
/// the shape of its student, a searched student by the best of its candidates, and its controls by that
/// student's settings. Here these become trials: equal shapes, seeds and budgets are equal trials, and are
/// run once. The trials are a function of the recipe and of results, not of the order in which results come.
public struct RecipeSource: TrialSource {
  /// The outcomes of planned trials that have ended, by their addresses in the plan.
  public private(set) var outcomes: [String: TrialOutcome] = [:]

  private let plan: TrialPlan
  private let folder: TrialFolder
  /// The planned trials that wait for others.
  private var waiting: [TrialSpec]
  /// The trials that can begin.
  private var ready: [TrialSpec] = []
  /// The receivers of the outcome of a trial that was given out, by its address.
  private var owners: [String: [(owner: Owner, spec: TrialSpec)]] = [:]
  /// The outcomes of trials that were given out, by their addresses.
  private var known: [String: TrialOutcome] = [:]
  /// The trials that planned ones became, by the planned addresses.
  private var resolved: [String: TrialSpec] = [:]
  private var searches: [String: Search] = [:]
  /// The networks that searches found, by the planned addresses.
  private var starts: [String: TrialSpec.Start] = [:]
  private var settled: [(spec: TrialSpec, outcome: TrialOutcome)] = []

  /// The receiver of a trial's outcome.
  private enum Owner {
    /// The planned trial that it is.
    case planned(TrialSpec)
    /// The planned trial whose search it is a candidate of.
    case candidate(of: TrialSpec)
  }

  /// A search in progress.
  private struct Search {
    let described: TrialSearch
    var state: SearchState
    /// All candidates, in the order in which they were asked for.
    var candidates: [TrialSpec] = []
    var assignments: [Assignment] = []
    /// The reasons why candidates made no student, by their addresses.
    var refused: [String: String] = [:]
    /// The candidates of the present round that have not ended.
    var out: Set<String> = []
  }

  /// Makes the source of a plan; finished trials lie in `folder`.
  public init(_ plan: TrialPlan, in folder: TrialFolder) {
    self.plan = plan
    self.folder = folder
    waiting = plan.trials
  }

  // MARK: What a scheduler does

  /// Returns the next trial that can begin; resolves planned trials whose dependencies are finished.
  public mutating func pull() -> TrialSpec? {
    beginReady()
    return ready.isEmpty ? nil : ready.removeFirst()
  }

  /// Records the outcome of a trial and reports it to all planned trials and searches that wait for it.
  public mutating func tell(_ outcome: TrialOutcome, of address: String) {
    known[address] = outcome
    for (number, waiting) in (owners.removeValue(forKey: address) ?? []).enumerated() {
      // The scheduler knows only the first of the trials that share an address.
      if number > 0 { settled.append((waiting.spec, outcome)) }
      tell(outcome, of: address, to: waiting.owner)
    }
  }

  /// Trials that have ended without being pulled, such as those whose dependencies failed.
  public mutating func takeSettled() -> [(spec: TrialSpec, outcome: TrialOutcome)] {
    defer { settled = [] }
    return settled
  }

  /// Ends all planned trials without an outcome as not run, and returns them.
  public mutating func close(_ reason: String) -> [TrialSpec] {
    let rest = plan.trials.filter { outcomes[$0.address] == nil }
    for spec in rest { outcomes[spec.address] = .notRun(reason) }
    (waiting, ready, owners) = ([], [], [:])
    return rest
  }

  // MARK: What came of the plan

  /// The trial that a planned one became; `nil` while that is unknown.
  public func resolution(of planned: String) -> TrialSpec? { resolved[planned] }

  /// The rows of the plan, with the addresses of the trials that they became.
  public var rows: [TrialRow] {
    plan.rows.map { row in
      var row = row
      row.trial = resolved[row.trial]?.address ?? row.trial
      return row
    }
  }

  /// A copy that has taken in all trials that are finished already, without running any.
  public func replayed() -> RecipeSource {
    var source = self
    while let spec = source.pull() {
      if folder.isDone(spec) { source.tell(.done, of: spec.address) }
    }
    return source
  }

  // MARK: Planned trials

  private mutating func beginReady() {
    var isChanged = true
    while isChanged {
      isChanged = false
      for planned in waiting where planned.dependencies.allSatisfy({ outcomes[$0] == .done }) {
        waiting.removeAll { $0.address == planned.address }
        begin(planned)
        isChanged = true
      }
    }
  }

  private mutating func begin(_ planned: TrialSpec) {
    do {
      if let described = plan.searches[planned.address] {
        searches[planned.address] = Search(
          described: described,
          state: SearchState(
            space: described.space, prefersStrong: described.goal.prefersStrong,
            random: SeededRandom(seed: planned.seed, purpose: "search"), latency: described.latency))
        return try goOn(planned)
      }
      give(try resolve(planned), to: .planned(planned))
    } catch {
      settle(planned, .failed("\(error)"))
    }
  }

  /// The trial of a planned one whose dependencies are finished.
  private func resolve(_ planned: TrialSpec) throws -> TrialSpec {
    var spec = planned
    if let address = planned.settingsOf, let student = plan.trials.first(where: { $0.address == address }),
      let chosen = resolved[address]
    {
      spec = planned.following(student, as: chosen)
      if case .network = spec.start, let start = starts[address] { spec.start = start }
    }
    if case .shape(let address) = spec.start {
      guard let trial = resolved[address] else {
        throw TrialError.missingTrial(address: address, folder: folder.path)
      }
      spec.start = .network(try folder.structure(of: trial.address))
    }
    return spec
  }

  /// Gives out a trial, unless its outcome is known or it is in progress.
  private mutating func give(_ spec: TrialSpec, to owner: Owner) {
    if case .planned(let planned) = owner { resolved[planned.address] = spec }
    let address = spec.address
    if let outcome = known[address] {
      settled.append((spec, outcome))
      return tell(outcome, of: address, to: owner)
    }
    if owners[address] == nil { ready.append(spec) }
    owners[address, default: []].append((owner, spec))
  }

  private mutating func tell(_ outcome: TrialOutcome, of address: String, to owner: Owner) {
    switch owner {
    case .planned(let planned):
      outcomes[planned.address] = outcome
      if let falls = outcome.ofDependents { drop(dependentsOf: planned, falls) }
    case .candidate(let planned):
      switch outcome {
      case .done: break
      case .failed(let reason): searches[planned.address]?.refused[address] = reason
      case .notRun: return settle(planned, outcome.ofDependents ?? outcome)
      }
      searches[planned.address]?.out.remove(address)
      do { try goOn(planned) } catch { settle(planned, .failed("\(error)")) }
    }
  }

  /// Ends a planned trial that is not run.
  private mutating func settle(_ planned: TrialSpec, _ outcome: TrialOutcome) {
    guard outcomes[planned.address] == nil else { return }
    searches[planned.address] = nil
    outcomes[planned.address] = outcome
    settled.append((planned, outcome))
    if let falls = outcome.ofDependents { drop(dependentsOf: planned, falls) }
  }

  private mutating func drop(dependentsOf planned: TrialSpec, _ outcome: TrialOutcome) {
    let falling = waiting.filter { $0.dependencies.contains(planned.address) }
    waiting.removeAll { $0.dependencies.contains(planned.address) }
    for spec in falling { settle(spec, outcome) }
  }

  // MARK: Searches

  /// Asks for more candidates when the earlier ones have ended; takes the best one when there are no more.
  private mutating func goOn(_ planned: TrialSpec) throws {
    guard var search = searches[planned.address], search.out.isEmpty else { return }
    // If every candidate fails, the reason is not its settings.
    let ended = search.candidates.compactMap { known[$0.address] }
    if case .failed(let reason)? = ended.first, ended.allSatisfy(\.isFailure) {
      return settle(planned, .failed("all candidates of its search failed, the first one because: \(reason)"))
    }
    let teacher = try planned.teacher.flatMap { address in
      try folder.validation(ofTeacher: address)
    }
    let results = try candidates(of: search)
    let goal = search.described.goal
    guard !goal.prefersStrong || teacher != nil else { throw TrialGoal.withoutValidation }
    if search.described.strategy.needsLatency, let first = results.first, first.failure == nil,
      first.validation == nil
    {
      throw TrialGoal.withoutValidation
    }
    search.state.observations = []
    for (assignment, result) in zip(search.assignments, results) {
      let miss = try goal.miss(of: result, teacher: teacher)
      search.state.observations.append(
        SearchObservation(
          assignment, meetsGoal: miss == nil, validation: result.validation,
          shortfall: result.validation.map(result.metric.shortfall),
          latencyMs: result.reading?[.latency]?.value,
          cost: goal.prefersStrong ? Double(result.fileBytes) : goal.shortfall(of: result),
          miss: miss?.distance ?? 0))
    }
    let left = search.described.strategy.tries(in: search.state.space) - results.count
    let next = left > 0 ? search.described.strategy.ask(left, search.state) : []
    guard !next.isEmpty else {
      searches[planned.address] = nil
      let best = search.candidates[try goal.best(of: results, teacher: teacher).index]
      if search.described.network != nil { starts[planned.address] = best.start }
      let run = search.candidates.map(\.address).filter { search.refused[$0] == nil }
      return give(planned.taking(best, among: run), to: .planned(planned))
    }
    var round: [TrialSpec] = []
    for assignment in next {
      let stages = try search.state.space.applied(assignment, to: planned.stages)
      var candidate = planned.candidate(stages, number: search.candidates.count + 1)
      if let network = search.described.network {
        do {
          candidate.start = .network(try network(assignment).structureNode)
        } catch {
          candidate.start = .network(
            SettingsNode(mapping: ["refused": SettingsNode(.list(assignment.values))]))
          search.refused[candidate.address] = "\(error)"
        }
      }
      if search.refused[candidate.address] == nil { round.append(candidate) }
      search.candidates.append(candidate)
      search.assignments.append(assignment)
    }
    search.out = Set(round.map(\.address).filter { known[$0] != .done })
    searches[planned.address] = search
    let out = search.out
    for spec in round {
      guard out.contains(spec.address) else {
        settled.append((spec, .done))
        continue
      }
      // A candidate that had failed before is reported at once, which may have ended the search.
      if searches[planned.address] != nil { give(spec, to: .candidate(of: planned)) }
    }
    if out.isEmpty { try goOn(planned) }
  }

  private func candidates(of search: Search) throws -> [CandidateResult] {
    try search.candidates.map { spec in
      guard let reason = search.refused[spec.address] else { return try folder.candidate(spec.address) }
      return CandidateResult(
        name: spec.name, seed: spec.seed, address: spec.address, metric: Top1Accuracy.kind, failure: reason)
    }
  }
}

extension TrialSpec {
  /// A candidate of a search for this student, with its settings; its goal only names the target of its
  /// reading.
  fileprivate func candidate(_ stages: [Stage], number: Int) -> TrialSpec {
    var spec = self
    spec.name = "\(name)~try\(number)"
    spec.role = .candidate
    spec.stages = stages
    spec.goal = goal.flatMap { goal in
      goal.target.map { target in
        var read = TrialGoal(target: target, profile: goal.profile, latencyMs: goal.latencyMs)
        // The limits are left out, so that searches with other limits share candidates.
        read.readsAsRows = !goal.limits.isEmpty
        return read
      }
    }
    spec.search = nil
    return spec
  }

  /// This student with the network and settings of its best candidate.
  fileprivate func taking(_ best: TrialSpec, among candidates: [String]) -> TrialSpec {
    var spec = self
    spec.start = .candidate(best.address, among: candidates)
    spec.stages = best.stages
    spec.search = nil
    spec.logits = nil
    return spec
  }

  /// This control with the settings that the search found for its student.
  fileprivate func following(_ student: TrialSpec, as chosen: TrialSpec) -> TrialSpec {
    var spec = self
    spec.settingsOf = nil
    // A control may have one stage for all up to the last that changes the structure, and then has fewer
    // stages.
    let shift = student.stages.count - stages.count
    for (index, stage) in stages.enumerated() {
      guard let own = stage.choice, let planned = student.stages[index + shift].choice,
        let found = chosen.stages[index + shift].choice
      else { continue }
      spec.stages[index].choice = own.node == planned.node ? found : found.randomControl
    }
    return spec
  }
}
