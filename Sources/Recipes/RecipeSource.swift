import Foundation
import Graphs
import Methods
import Metrics
import Readings
public import Runs
import Settings
import Tensors
import Training
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
  /// Searches under way and those that ended, by what their students share.
  private var searches: [String: Search] = [:]
  /// The networks that searches found, by the planned addresses.
  private var starts: [String: TrialSpec.Start] = [:]
  private var settled: [(spec: TrialSpec, outcome: TrialOutcome)] = []

  /// The receiver of a trial's outcome.
  private enum Owner {
    /// The planned trial that it is.
    case planned(TrialSpec)
    /// A search, of which it is a candidate.
    case candidate(of: String)
  }

  /// A search.
  private struct Search {
    let described: TrialSearch
    /// The planned students that each take one of its candidates.
    var students: [TrialSpec]
    var state: SearchState
    /// All candidates, in the order in which they were asked for.
    var candidates: [TrialSpec] = []
    var proposals: [Proposal] = []
    /// What became of those of finished rounds.
    var results: [CandidateResult] = []
    /// The places of the candidates that became rows, by the rows' names.
    var taken: [String: Int] = [:]
    var isOver = false
    /// Why it found nothing.
    var failure: TrialOutcome?
    /// Why candidates made no student, refused before they were run or failed, by their addresses.
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
        let key = described.group.isEmpty ? planned.address : described.group
        if let search = searches[key] {
          searches[key]?.students.append(planned)
          if let failure = search.failure { return settle(planned, failure) }
          if search.isOver { try take(key, for: [planned]) }
          return
        }
        var state = SearchState(
          space: described.space, prefersStrong: described.goal.prefersStrong,
          random: SeededRandom(seed: planned.seed, purpose: "search"), latency: described.latency)
        state.isOfFront = described.goal.front != nil
        searches[key] = Search(described: described, students: [planned], state: state)
        return try goOn(key)
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
    case .candidate(let key):
      switch outcome {
      case .done: break
      case .failed(let reason): searches[key]?.refused[address] = reason
      case .notRun: return end(key, outcome.ofDependents ?? outcome)
      }
      searches[key]?.out.remove(address)
      do { try goOn(key) } catch { end(key, .failed("\(error)")) }
    }
  }

  /// Ends a search that finds nothing, with the students that wait for it.
  private mutating func end(_ key: String, _ outcome: TrialOutcome) {
    searches[key]?.isOver = true
    searches[key]?.failure = outcome
    for planned in searches[key]?.students ?? [] { settle(planned, outcome) }
  }

  /// Ends a planned trial that is not run.
  private mutating func settle(_ planned: TrialSpec, _ outcome: TrialOutcome) {
    guard outcomes[planned.address] == nil else { return }
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
  private mutating func goOn(_ key: String) throws {
    guard var search = searches[key], !search.isOver, search.out.isEmpty, let first = search.students.first
    else { return }
    // What no candidate survives is no matter of its settings.
    let ended = search.candidates.compactMap { known[$0.address] }
    if case .failed(let reason)? = ended.first, ended.allSatisfy(\.isFailure) {
      return end(key, .failed("each candidate of its search failed, the first one so: \(reason)"))
    }
    let teacher = try teacherValidation(of: search)
    search.results = try candidates(of: search)
    search.state.observations = try observations(of: search, teacher: teacher)
    let left = search.described.strategy.tries(in: search.state.space) - search.results.count
    let next = left > 0 ? search.described.strategy.propose(left, search.state) : []
    guard !next.isEmpty else {
      search.isOver = true
      searches[key] = search
      return try take(key, for: search.students)
    }
    var round: [TrialSpec] = []
    for proposal in next {
      let candidate = try candidate(proposal, of: &search, first)
      if search.refused[candidate.address] == nil { round.append(candidate) }
      search.candidates.append(candidate)
      search.proposals.append(proposal)
    }
    search.out = Set(round.map(\.address).filter { known[$0] != .done })
    searches[key] = search
    let out = search.out
    for spec in round {
      guard out.contains(spec.address) else {
        settled.append((spec, .done))
        continue
      }
      // A candidate that had failed before is reported at once, which may have ended the search.
      if searches[key]?.isOver == false { give(spec, to: .candidate(of: key)) }
    }
    if out.isEmpty { try goOn(key) }
  }

  private func teacherValidation(of search: Search) throws -> Double? {
    try search.students.first?.teacher.flatMap { try folder.validation(ofTeacher: $0) }
  }

  /// The trial of a proposal; why it is not run, where its network cannot be, is noted in the search.
  private func candidate(
    _ proposal: Proposal, of search: inout Search, _ planned: TrialSpec
  ) throws -> TrialSpec {
    var stages = try search.state.space.applied(proposal.assignment, to: planned.stages)
    if let epochs = proposal.epochs, let budget = search.state.space.budget {
      stages[budget.stage].through = epochs
      let words = "\(epochs) of \(budget.epochs) epochs"
      stages[budget.stage].label = stages[budget.stage].label.map { $0 + ", " + words } ?? words
    }
    var candidate = planned.candidate(stages)
    if let before = proposal.continues, let epochs = search.proposals[before].epochs {
      candidate.continues = TrialSpec.Continuation(
        address: search.candidates[before].address, epochs: epochs)
    }
    candidate.name = "\(search.described.name)~try\(search.candidates.count + 1)"
    if search.described.strategy.inherits {
      // Weights of few bits are no start: what comes before they are encoded is.
      candidate.leaves = stages.lastIndex {
        $0.training != nil && ($0.choice.map { $0.order < .sharing } ?? true)
      }
    }
    if let epochs = proposal.trains, let budget = search.state.space.budget {
      candidate.stages[budget.stage].training?.epochs = epochs
    }
    do {
      if let network = search.described.network {
        candidate.start = .network(try network(proposal.assignment).structureNode)
      }
      if proposal.inherits, case .network(let structure) = candidate.start, let parent = proposal.parent {
        candidate.start = .inherited(structure, of: search.candidates[parent].address)
      }
    } catch {
      candidate.start = .network(
        SettingsNode(mapping: ["refused": SettingsNode(.list(proposal.assignment.values))]))
      search.refused[candidate.address] = "\(error)"
    }
    return candidate
  }

  private func observations(
    of search: Search, teacher: Double?
  ) throws -> [SearchObservation] {
    let (goal, results) = (search.described.goal, search.results)
    guard !goal.prefersStrong || teacher != nil else { throw TrialGoal.withoutValidation }
    if search.described.strategy.needsLatency, let first = results.first, first.failure == nil,
      first.validation == nil
    {
      throw TrialGoal.withoutValidation
    }
    return try zip(search.proposals, results).map { proposal, result in
      let miss = try goal.miss(of: result, teacher: teacher)
      var observation = SearchObservation(
        proposal.assignment, meetsGoal: miss == nil, validation: result.validation,
        shortfall: result.validation.map(result.metric.shortfall),
        latencyMs: result.reading?[.latency]?.value,
        cost: goal.prefersStrong ? Double(result.fileBytes) : goal.shortfall(of: result),
        miss: miss?.distance ?? 0)
      if let front = goal.front {
        observation.objectives =
          try front.values(of: result) ?? front.objectives.map { _ in .infinity }
      }
      return observation
    }
  }

  /// Gives the students of a search that is over as what was found for each.
  private mutating func take(_ key: String, for students: [TrialSpec]) throws {
    guard let search = searches[key] else { return }
    let teacher = try teacherValidation(of: search)
    let run = search.candidates.map(\.address).filter { search.refused[$0] == nil }
    for planned in students {
      guard let goal = planned.goal else { continue }
      if let front = goal.front, case .number(let number) = front.pick {
        let count = try front.front(of: search.results).count
        // One that misses the limits stands for a front of none.
        guard number <= max(1, count) else {
          settle(planned, .notRun("the front of its search has \(count) candidates, fewer than \(number)"))
          continue
        }
      }
      let place = try goal.best(of: search.results, teacher: teacher).index
      searches[key]?.taken[planned.name] = place
      let best = search.candidates[place]
      // What is trained beside it begins anew.
      if case .inherited(let structure, _) = best.start {
        starts[planned.address] = .network(structure)
      } else if search.described.network != nil {
        starts[planned.address] = best.start
      }
      give(planned.taking(best, among: run), to: .planned(planned))
    }
  }

  /// What searches for fronts tried so far, in the order of the plan.
  public var searchRecords: [SearchRecord] {
    get throws {
      var keys: [String] = []
      for planned in plan.trials {
        guard let group = plan.searches[planned.address]?.group, !group.isEmpty, !keys.contains(group)
        else { continue }
        keys.append(group)
      }
      return try keys.compactMap { key in try searches[key].flatMap(record) }
    }
  }

  private func record(_ search: Search) throws -> SearchRecord? {
    guard let front = search.described.goal.front, let student = search.students.first else { return nil }
    let candidates = try search.results.enumerated().map { place, result in
      let proposal = search.proposals[place]
      // What was cut short is no student, but says which were let go on.
      let cut = proposal.epochs.map { "trained for \($0) epochs" }
      return SearchRecord.Candidate(
        number: place + 1, address: result.address,
        settings: search.state.space.words(proposal.assignment), values: try front.values(of: result),
        reason: try front.miss(of: result)?.reason ?? cut, parent: proposal.parent.map { $0 + 1 })
    }
    return SearchRecord(
      student: search.described.name, seed: student.seed,
      strategy: type(of: search.described.strategy).name, objectives: front.objectives.map(\.name),
      limits: Dictionary(uniqueKeysWithValues: front.limits.map { ($0.name, $1) }), candidates: candidates,
      rows: search.taken.mapValues { $0 + 1 })
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
  fileprivate func candidate(_ stages: [Stage]) -> TrialSpec {
    var spec = self
    spec.role = .candidate
    spec.stages = stages
    spec.goal = goal.flatMap(\.ofCandidates)
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
