import Foundation
import Graphs
import Metrics
import Readings
import Runs
import Settings
import Tensors
public import Trials

/// The trials of a recipe, given as they become known.
///
/// A plan names every trial that the recipe asks for, some of them by what others will find: a control from scratch by the shape that
/// its student takes, a searched student by the best of its candidates, whose controls take its settings. Here they become trials
/// of their own: equal shapes, seeds and budgets are equal trials, and run once. What comes out is a function of the recipe and
/// of results, not of the order in which those come.
public struct RecipeSource: TrialSource {
  /// How the planned trials stand that came to their end, by their addresses in the plan.
  public private(set) var outcomes: [String: TrialOutcome] = [:]

  private let plan: TrialPlan
  private let folder: TrialFolder
  /// Planned trials that wait for others.
  private var waiting: [TrialSpec]
  /// Trials that can be begun.
  private var ready: [TrialSpec] = []
  /// Who waits for a trial that was given, by its address.
  private var owners: [String: [(owner: Owner, spec: TrialSpec)]] = [:]
  /// How trials that were given stand, by their addresses.
  private var known: [String: TrialOutcome] = [:]
  /// The trials that planned ones became, by the addresses of these.
  private var resolved: [String: TrialSpec] = [:]
  private var searches: [String: Search] = [:]
  /// The networks that searches found, by the addresses of planned trials.
  private var starts: [String: TrialSpec.Start] = [:]
  private var settled: [(spec: TrialSpec, outcome: TrialOutcome)] = []

  /// Whom a trial's end is told to.
  private enum Owner {
    /// A planned trial, which it is.
    case planned(TrialSpec)
    /// A planned trial, of whose search it is a candidate.
    case candidate(of: TrialSpec)
  }

  /// A search under way.
  private struct Search {
    let described: TrialSearch
    var state: SearchState
    /// All candidates, in the order in which they were asked for.
    var candidates: [TrialSpec] = []
    var assignments: [Assignment] = []
    /// Why candidates made no student, refused before they were run or failed, by their addresses.
    var refused: [String: String] = [:]
    /// Candidates of the present round that are not done.
    var out: Set<String> = []
  }

  /// The trials of a plan, in the folder where they lie when they are done.
  public init(_ plan: TrialPlan, in folder: TrialFolder) {
    self.plan = plan
    self.folder = folder
    waiting = plan.trials
  }

  // MARK: What a scheduler does

  public mutating func pull() -> TrialSpec? {
    beginReady()
    return ready.isEmpty ? nil : ready.removeFirst()
  }

  public mutating func tell(_ outcome: TrialOutcome, of address: String) {
    known[address] = outcome
    for (number, waiting) in (owners.removeValue(forKey: address) ?? []).enumerated() {
      // Who runs trials knows of the first one.
      if number > 0 { settled.append((waiting.spec, outcome)) }
      tell(outcome, of: address, to: waiting.owner)
    }
  }

  public mutating func takeSettled() -> [(spec: TrialSpec, outcome: TrialOutcome)] {
    defer { settled = [] }
    return settled
  }

  public mutating func close(_ reason: String) -> [TrialSpec] {
    let rest = plan.trials.filter { outcomes[$0.address] == nil }
    for spec in rest { outcomes[spec.address] = .notRun(reason) }
    (waiting, ready, owners) = ([], [], [:])
    return rest
  }

  // MARK: What came of the plan

  /// The trial that a planned one became; `nil` while that is not known.
  public func resolution(of planned: String) -> TrialSpec? { resolved[planned] }

  /// The rows of the plan with the addresses of the trials that they became.
  public var rows: [TrialRow] {
    plan.rows.map { row in
      var row = row
      row.trial = resolved[row.trial]?.address ?? row.trial
      return row
    }
  }

  /// The same, gone on with by what is done already, without running anything.
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

  /// The trial that a planned one is, now that all it needs is done.
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

  /// Gives a trial to be run, unless it is known already or on its way.
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

  /// Asks for more candidates when those before are done; takes the best when there are no more.
  private mutating func goOn(_ planned: TrialSpec) throws {
    guard var search = searches[planned.address], search.out.isEmpty else { return }
    // What no candidate survives is no matter of its settings.
    let ended = search.candidates.compactMap { known[$0.address] }
    if case .failed(let reason)? = ended.first, ended.allSatisfy(\.isFailure) {
      return settle(planned, .failed("each candidate of its search failed, the first one so: \(reason)"))
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
      // One that was told at once, as it had failed, may have ended the search.
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
  /// A candidate of a search for this student, with settings of its own. Of the goal it knows what it is to be read on.
  fileprivate func candidate(_ stages: [Stage], number: Int) -> TrialSpec {
    var spec = self
    spec.name = "\(name)~try\(number)"
    spec.role = .candidate
    spec.stages = stages
    spec.goal = goal.flatMap { goal in
      goal.target.map { target in
        var read = TrialGoal(target: target, profile: goal.profile, latencyMs: goal.latencyMs)
        // The limits themselves stay out: searches of other limits share their candidates.
        read.readsAsRows = !goal.limits.isEmpty
        return read
      }
    }
    spec.search = nil
    return spec
  }

  /// This student, as one of its candidates was found to be.
  fileprivate func taking(_ best: TrialSpec, among candidates: [String]) -> TrialSpec {
    var spec = self
    spec.start = .candidate(best.address, among: candidates)
    spec.stages = best.stages
    spec.search = nil
    spec.logits = nil
    return spec
  }

  /// This control, with the settings that its searched student was found with in place of those it was planned with.
  fileprivate func following(_ student: TrialSpec, as chosen: TrialSpec) -> TrialSpec {
    var spec = self
    spec.settingsOf = nil
    // One stage stands for all up to the last that changes the structure, where there are fewer stages.
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
