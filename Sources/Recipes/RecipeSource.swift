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

/// The source of a recipe's trials, which it resolves as results come in.
///
/// Some trials of a plan depend on the results of others: a control from scratch on the shape of its student,
/// a searched student on the best of its candidates, and its controls on that student's settings. The source
/// turns these into trials that can run. Trials of equal shape, seed and budget are the same trial and run
/// once. The trials depend on the recipe and the results, not on the order in which results arrive.
public struct RecipeSource: TrialSource {
  /// The outcomes of planned trials that have ended, by their addresses in the plan.
  public private(set) var outcomes: [String: TrialOutcome] = [:]

  private let plan: TrialPlan
  private let folder: TrialFolder
  /// The planned trials that wait for others.
  private var waiting: [TrialSpec]
  /// The trials that can begin.
  private var ready: [TrialSpec] = []
  /// The receivers of the outcome of each pending trial, by its address.
  private var owners: [String: [(owner: Owner, spec: TrialSpec)]] = [:]
  /// The outcomes of finished trials, by their addresses.
  private var known: [String: TrialOutcome] = [:]
  /// The resolved trials, by the addresses of the planned ones.
  private var resolved: [String: TrialSpec] = [:]
  /// All searches, running and ended, by the key that their students share.
  private var searches: [String: Search] = [:]
  /// The networks that searches found, by the addresses of the planned students.
  private var starts: [String: TrialSpec.Start] = [:]
  private var settled: [(spec: TrialSpec, outcome: TrialOutcome)] = []

  /// The receiver of a trial's outcome.
  private enum Owner {
    /// The planned trial that it resolves.
    case planned(TrialSpec)
    /// The search that has it as a candidate.
    case candidate(of: String)
  }

  /// The state of a search.
  private struct Search {
    let described: TrialSearch
    /// The planned students; each takes one of the candidates.
    var students: [TrialSpec]
    var state: SearchState
    /// The trials of all candidates, in the order of their proposals.
    var candidates: [TrialSpec] = []
    var proposals: [Proposal] = []
    /// The results of the candidates of finished rounds.
    var results: [CandidateResult] = []
    /// The trial of the weights that candidates share; `nil` without them, and before it begins.
    var shared: TrialSpec?
    /// The number of candidates that are judged by shared weights, once all of them are.
    var judged: Int?
    /// The indices of the candidates that became rows, by the names of the rows.
    var taken: [String: Int] = [:]
    var isOver = false
    /// The outcome of a search that found nothing; `nil` for others.
    var failure: TrialOutcome?
    /// The reasons why candidates made no student, because they were refused or failed, by their addresses.
    var refused: [String: String] = [:]
    /// The candidates of the present round that have not ended.
    var out: Set<String> = []
  }

  /// Makes the source of a plan; `folder` holds finished trials.
  public init(_ plan: TrialPlan, in folder: TrialFolder) {
    self.plan = plan
    self.folder = folder
    waiting = plan.trials
  }

  // MARK: Scheduling

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

  /// Returns trials that ended without being pulled, such as those whose dependencies failed, once each.
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

  // MARK: Results

  /// The trial that resolves a planned one; `nil` while it is unknown.
  public func resolution(of planned: String) -> TrialSpec? { resolved[planned] }

  /// The rows of the plan, with the addresses of their resolved trials.
  public var rows: [TrialRow] {
    plan.rows.map { row in
      var row = row
      row.trial = resolved[row.trial]?.address ?? row.trial
      return row
    }
  }

  /// Returns a copy that has processed all finished trials, without running any.
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

  /// Resolves a planned trial whose dependencies are finished.
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

  /// Makes a trial ready to run, unless its outcome is known or it is in progress.
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

  /// Ends a search that found nothing, and the students that wait for it.
  private mutating func end(_ key: String, _ outcome: TrialOutcome) {
    searches[key]?.isOver = true
    searches[key]?.failure = outcome
    for planned in searches[key]?.students ?? [] { settle(planned, outcome) }
  }

  /// Records the outcome of a planned trial that is not run.
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

  /// Starts the next round of a search if the last one is finished; without further candidates, ends the search.
  private mutating func goOn(_ key: String) throws {
    guard var search = searches[key], !search.isOver, search.out.isEmpty, let first = search.students.first
    else { return }
    if let sharing = search.described.sharing {
      guard let shared = search.shared else { return try share(key, sharing, first) }
      if let reason = try failure(of: shared, in: search) {
        return end(key, .failed("the training of the weights that candidates share failed: \(reason)"))
      }
    }
    // If all candidates fail, the cause is not their settings, and more candidates are in vain.
    let ended = search.candidates.compactMap { known[$0.address] }
    if case .failed(let reason)? = ended.first, ended.allSatisfy(\.isFailure) {
      return end(key, .failed("all candidates of its search failed, the first one because: \(reason)"))
    }
    let teacher = try teacherValidation(of: search)
    search.results = try candidates(of: search)
    search.state.observations = try observations(of: search, teacher: teacher)
    let next = proposals(of: &search)
    guard !next.isEmpty else {
      if let judged = search.judged, search.results.dropFirst(judged).allSatisfy({ $0.failure != nil }) {
        let reason = search.results.dropFirst(judged).first?.failure ?? "none made a student"
        return end(key, .failed("no candidate of its search could be trained alone: \(reason)"))
      }
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
      // A candidate that failed earlier is reported at once, which may end the search.
      if searches[key]?.isOver == false { give(spec, to: .candidate(of: key)) }
    }
    if out.isEmpty { try goOn(key) }
  }

  /// The next proposals: the strategy's, then those that are trained alone where weights are shared.
  private func proposals(of search: inout Search) -> [Proposal] {
    guard search.judged == nil else { return [] }
    let left = search.described.strategy.tries(in: search.state.space) - search.results.count
    let next = left > 0 ? search.described.strategy.propose(left, search.state) : []
    guard next.isEmpty, let sharing = search.described.sharing else { return next }
    search.judged = search.results.count
    return sharing.proposals(search.state)
  }

  /// Begins the training of the weights that the candidates of a search share.
  private mutating func share(_ key: String, _ sharing: SharedWeights, _ planned: TrialSpec) throws {
    guard let family = searches[key]?.described.family else { return }
    var shared = planned.candidate(Array(planned.stages.prefix(1)))
    shared.name = "\(searches[key]?.described.name ?? planned.name)~shared"
    shared.goal = nil
    shared.start = .network(try family.largest().structureNode)
    shared.space = family
    shared.leaves = 0
    if let epochs = sharing.epochs, let own = shared.stages[0].training?.epochs {
      shared.stages[0].training?.epochs = epochs
      // Logits are stored for as many epochs as students are trained.
      if epochs > own { shared.logits = nil }
    }
    searches[key]?.shared = shared
    searches[key]?.out = [shared.address]
    give(shared, to: .candidate(of: key))
  }

  /// Why the training of shared weights made none; `nil` if it did.
  private func failure(of shared: TrialSpec, in search: Search) throws -> String? {
    try search.refused[shared.address] ?? folder.candidate(shared.address).failure
  }

  private func teacherValidation(of search: Search) throws -> Double? {
    try search.students.first?.teacher.flatMap { try folder.validation(ofTeacher: $0) }
  }

  /// The trial of a proposal.
  ///
  /// If its network cannot be made, the reason is recorded in `search.refused`, and the trial is not run.
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
      // Children start from weights before encoding: the last stage that trains ahead of sharing and quantization.
      candidate.leaves = stages.lastIndex {
        $0.training != nil && ($0.choice.map { $0.order < .sharing } ?? true)
      }
    }
    let shared = proposal.trainsAlone ? nil : search.shared
    if shared != nil { candidate.stages.removeFirst() }
    if let epochs = proposal.trains, let budget = search.state.space.budget {
      candidate.stages[budget.stage].training?.epochs = epochs
    }
    do {
      if let network = search.described.network {
        candidate.start = .network(try network(proposal.assignment).structureNode)
      }
      if let shared, let sharing = search.described.sharing, case .network(let structure) = candidate.start {
        candidate.start = .sliced(structure, of: shared.address, images: sharing.images)
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
    if search.described.strategy.needsLatency || search.shared != nil, let first = results.first,
      first.failure == nil,
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

  /// Resolves the students of a finished search to the candidates that their rules pick.
  private mutating func take(_ key: String, for students: [TrialSpec]) throws {
    guard let search = searches[key] else { return }
    let teacher = try teacherValidation(of: search)
    let run = ([search.shared].compactMap(\.self) + search.candidates).map(\.address)
      .filter { search.refused[$0] == nil }
    for planned in students {
      guard let goal = planned.goal else { continue }
      if let front = goal.front, case .number(let number) = front.pick {
        let count = try front.front(of: search.results).count
        // If the front is empty, the nearest candidate is taken as number 1.
        guard number <= max(1, count) else {
          settle(planned, .notRun("the front of its search has \(count) candidates, fewer than \(number)"))
          continue
        }
      }
      let place = try goal.best(of: search.results, teacher: teacher).index
      searches[key]?.taken[planned.name] = place
      let best = search.candidates[place]
      // Only the candidate inherits: controls of its network start from initial weights.
      if case .inherited(let structure, _) = best.start {
        starts[planned.address] = .network(structure)
      } else if search.described.network != nil {
        starts[planned.address] = best.start
      }
      give(planned.taking(best, among: run), to: .planned(planned))
    }
  }

  /// The records of the searches for fronts and of those with shared weights so far, in the order of the plan.
  public var searchRecords: [SearchRecord] {
    get throws {
      var keys: [String] = []
      for planned in plan.trials {
        guard let search = plan.searches[planned.address], search.goal.front != nil || search.sharing != nil
        else { continue }
        let key = search.group.isEmpty ? planned.address : search.group
        if !keys.contains(key) { keys.append(key) }
      }
      return try keys.compactMap { key in try searches[key].flatMap(record) }
    }
  }

  private func record(_ search: Search) throws -> SearchRecord? {
    guard let student = search.students.first else { return nil }
    let goal = search.described.goal
    // A search for one goal is recorded for its shared weights, by error and size.
    let front = goal.front ?? FrontGoal(minimizing: [.error, .fileBytes])
    let teacher = try teacherValidation(of: search)
    let candidates = try search.results.enumerated().map { place, result in
      let proposal = search.proposals[place]
      // Candidates that were cut short are no students, but the record shows which ones continued.
      let cut =
        search.described.sharing != nil && !proposal.trainsAlone
        ? "judged by shared weights" : proposal.epochs.map { "trained for \($0) epochs" }
      return SearchRecord.Candidate(
        number: place + 1, address: result.address,
        settings: search.state.space.words(proposal.assignment), values: try front.values(of: result),
        reason: try goal.miss(of: result, teacher: teacher)?.reason ?? cut,
        parent: proposal.parent.map { $0 + 1 })
    }
    var record = SearchRecord(
      student: search.described.name, seed: student.seed,
      strategy: type(of: search.described.strategy).name, objectives: front.objectives.map(\.name),
      limits: Dictionary(uniqueKeysWithValues: front.limits.map { ($0.name, $1) }), candidates: candidates,
      rows: search.taken.mapValues { $0 + 1 })
    record.sharing = sharing(of: search)
    return record
  }

  /// What shared weights said of the candidates that were trained alone too; `nil` without shared weights.
  private func sharing(of search: Search) -> SearchRecord.Sharing? {
    guard let shared = search.shared else { return nil }
    let pairs = search.proposals.indices.compactMap { place -> SearchRecord.Sharing.Pair? in
      guard search.proposals[place].trainsAlone, let parent = search.proposals[place].parent,
        search.results.indices.contains(place), let alone = search.results[place].validation,
        let together = search.results[parent].validation
      else { return nil }
      return SearchRecord.Sharing.Pair(
        shared: parent + 1, alone: place + 1, sharedMetric: together, aloneMetric: alone)
    }
    return SearchRecord.Sharing(
      trial: shared.address, epochs: shared.stages.first?.training?.epochs ?? 0, pairs: pairs)
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
  /// A candidate with these stages in the search for this student.
  ///
  /// Its goal only names the targets on which it is measured.
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
    // A control may replace all stages up to the last that changes the structure by one, so indices shift.
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
