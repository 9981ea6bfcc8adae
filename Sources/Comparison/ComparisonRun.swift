public import Execution
import Foundation
import Methods
public import Recipes
public import Runs
import Settings
import Training
public import Trials

/// A recipe with its run directory: plans the trials, runs what is missing, and ranks what is there.
///
///     let run = try ComparisonRun(recipe, options, backend: backend)
///     let outcomes = try await run.runTrials(shouldStop: { false }) { print($0) }
///     let ranking = try run.rank(outcomes)
///
/// Run again on the same directory, it goes on where it stopped: a finished trial is never run again.
public struct ComparisonRun: Sendable {
  /// The recipe with its trials.
  public let planned: PlannedComparison
  /// What opening the run had to do that the user should know.
  public let messages: [String]

  private let ledger: Ledger
  private let lock: RunLock

  /// The recipe, with the seeds that the options ask for.
  public var recipe: Recipe { planned.recipe }
  /// How it is run.
  public var options: RunOptions { planned.options }
  /// What the recipe has met.
  public var material: RecipeMaterial { planned.material }
  /// Every trial.
  public var plan: TrialPlan { planned.plan }
  /// Where the trials lie.
  public var trials: TrialFolder { planned.folder }
  /// Trials at a time: their threads together never exceed the cores.
  public var jobs: Int { planned.jobs }

  /// Makes the run directory and the data that Condense draws itself, opens data and ledger, and plans the trials.
  public init(_ recipe: Recipe, _ options: RunOptions, backend: any Backend) throws {
    let directory = options.directory
    lock = try RunLock(directory)
    planned = try PlannedComparison(recipe, options, drawingInto: directory + "/data", backend: backend)
    ledger = try Ledger(run: directory)
    messages = planned.messages + ledger.messages + planned.folder.messages
  }

  /// Notes the recipe, and runs what is not done yet; gives back how each planned trial stands, by its address in the plan.
  public func runTrials(
    recipeText: String, machine: String, versions: [String: String],
    shouldStop: @Sendable @escaping () -> Bool,
    events: @Sendable @escaping (TrialEvent) -> Void
  ) async throws -> [String: TrialOutcome] {
    var source = planned.source
    let records = records(source)
    let ledger = ledger
    try ledger.begin(recipe: recipeText, machine: machine, versions: versions)
    try ledger.plan(records)
    try RunPreparation.write(Array(recipeText.utf8), to: options.directory + "/recipe.yaml")
    let unread = await planned.scheduler(shouldStop: shouldStop).run(&source) { event in
      switch event {
      case .finished(let spec, _) where spec.role.isRow: _ = try? ingest(spec.address)
      default: break
      }
      events(event)
    }
    return try note(source, unread)
  }

  /// What the ledger says of the recipe's trials.
  public func rank() throws -> Ranking {
    let current = try ledger.presentTrials().map(\.address)
    return try ledger.ranking(
      run: recipe.name, current: current, targets: recipe.targets, margin: recipe.margin,
      selection: planned.selection)
  }

  // MARK: The ledger

  /// The rows as far as their trials are known.
  private func records(_ source: RecipeSource) -> [TrialRecord] {
    let specs = Dictionary(plan.trials.map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
    var families: [String: [String]] = [:]
    for row in plan.rows { families[row.name] = specs[row.trial].map(Self.families) }
    return source.rows.withSharedControlsMerged.map { row in
      TrialRecord(
        name: row.name, role: row.role, seed: row.seed, address: row.trial, controlOf: row.controlOf,
        families: families[row.name] ?? [], notes: row.role == .student ? plan.notes[row.name] ?? [] : [])
    }
  }

  /// Notes what became of every row, and reads in the results that are there.
  private func note(
    _ source: RecipeSource, _ unread: [String: TrialOutcome]
  ) throws -> [String: TrialOutcome] {
    let records = records(source)
    try ledger.plan(records)
    // A student that only teaches one that is asked for is run, and is no row.
    let rows = Set(records.map(\.address))
    var outcomes: [String: TrialOutcome] = [:]
    for planned in plan.trials {
      let address = source.resolution(of: planned.address)?.address ?? planned.address
      let outcome = source.outcomes[planned.address] ?? .notRun("it was not reached")
      if outcome == .done, rows.contains(address) { try ingest(address) }
      outcomes[planned.address] = unread[address] ?? outcome
      if rows.contains(address) { try set(unread[address] ?? outcome, of: address) }
    }
    return outcomes
  }

  private func set(_ outcome: TrialOutcome, of address: String) throws {
    let (state, reason): (TrialState, String?) =
      switch outcome {
      case .done: (.finished, nil)
      case .failed(let reason): (.failed, reason)
      case .notRun(let reason): (.notRun, reason)
      }
    try ledger.set(state, reason: reason, of: address)
  }

  private static func families(of spec: TrialSpec) -> [String] {
    var families: [String] = []
    for stage in spec.stages {
      if let family = stage.choice?.family.rawValue, !families.contains(family) { families.append(family) }
      let distils = stage.objectiveName.map { $0 != Supervised.name } ?? false
      let distillation = MethodFamily.distillation.rawValue
      if distils, !families.contains(distillation) { families.append(distillation) }
    }
    return families
  }

  @discardableResult
  private func ingest(_ address: String) throws -> TrialResult? {
    guard let directory = planned.folder.directory(of: address) else { return nil }
    let relative =
      options.trials == nil
      ? Ledger.trialsFolder + "/" + URL(filePath: directory).lastPathComponent : directory
    return try ledger.ingest(relative)
  }
}
