public import Execution
import Foundation
import Methods
public import Recipes
public import Runs
import Settings
import Training
public import Trials

/// A recipe with its run directory: plans the trials, runs those that are missing, and ranks the results.
///
///     let run = try ComparisonRun(recipe, options, backend: backend)
///     let outcomes = try await run.runTrials(
///       recipeText: text, machine: machine, versions: versions, shouldStop: { false }) { print($0) }
///     let ranking = try run.rank()
///
/// A later run in the same directory continues where this one stopped: a finished trial is never run again.
public struct ComparisonRun: Sendable {
  /// The recipe with its trials.
  public let planned: PlannedComparison
  /// Messages for the user about what opening the run had to repair or assume.
  public let messages: [String]

  private let ledger: Ledger
  private let lock: RunLock

  /// The recipe, with the seeds that the options ask for.
  public var recipe: Recipe { planned.recipe }
  /// The options of the run.
  public var options: RunOptions { planned.options }
  /// The facts that the plan depends on.
  public var material: RecipeMaterial { planned.material }
  /// The plan of all trials.
  public var plan: TrialPlan { planned.plan }
  /// The folder of the trials.
  public var trials: TrialFolder { planned.folder }
  /// The number of trials at a time; by default their threads together do not exceed the cores.
  public var jobs: Int { planned.jobs }

  /// Makes the run directory and generated data, opens data and ledger, and plans the trials.
  public init(_ recipe: Recipe, _ options: RunOptions, backend: any Backend) throws {
    let directory = options.directory
    lock = try RunLock(directory)
    planned = try PlannedComparison(recipe, options, drawingInto: directory + "/data", backend: backend)
    ledger = try Ledger(run: directory)
    messages = planned.messages + ledger.messages + planned.folder.messages
  }

  /// Records the recipe and runs the trials that are not finished.
  ///
  /// Returns the outcome of each planned trial, by its address in the plan.
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

  /// The ranking of the recipe's trials in the ledger.
  public func rank() throws -> Ranking {
    let current = try ledger.presentTrials().map(\.address)
    var ranking = try ledger.ranking(
      run: recipe.name, current: current, targets: recipe.targets, margin: recipe.margin,
      selection: planned.selection)
    let path = options.directory + "/" + SearchRecord.fileName
    if plan.searches.values.contains(where: { $0.goal.front != nil || $0.sharing != nil }),
      FileManager.default.fileExists(atPath: path)
    {
      ranking.searches = try SearchRecord.read(path)
    }
    return ranking
  }

  // MARK: The ledger

  /// The rows, with the addresses of trials as far as they are known.
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

  /// Records the outcome of every row, and reads existing results into the ledger.
  private func note(
    _ source: RecipeSource, _ unread: [String: TrialOutcome]
  ) throws -> [String: TrialOutcome] {
    let records = records(source)
    try ledger.plan(records)
    let searches = try source.searchRecords
    if !searches.isEmpty {
      try SearchRecord.write(searches, to: options.directory + "/" + SearchRecord.fileName)
    }
    // A student that only teaches a selected one is run, but is no row.
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
