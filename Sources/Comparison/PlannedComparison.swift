import Datasets
public import Execution
import Export
import Foundation
public import Graphs
public import Recipes
import Runs
import Settings
import Targets
public import Trials

/// A recipe with its facts and its planned trials; nothing is written and no lock is taken.
public struct PlannedComparison: Sendable {
  /// The recipe, with the seeds that the options ask for.
  public let recipe: Recipe
  /// The options of the run.
  public let options: RunOptions
  /// The facts that the plan depends on.
  public let material: RecipeMaterial
  /// The plan of all trials.
  public let plan: TrialPlan
  /// Messages about the interpretation of the data.
  public let messages: [String]

  /// Opens the data and plans the trials; generated data that does not exist yet is drawn into `folder`.
  public init(
    _ recipe: Recipe, _ options: RunOptions, drawingInto folder: String, backend: any Backend
  ) throws {
    var recipe = recipe
    if let seeds = options.seeds { recipe.seeds = (0..<UInt64(seeds)).map { $0 } }
    self.recipe = recipe
    try recipe.requireTargets(in: options.targets)
    var options = options
    var sources = [options.directory + "/data"]
    if folder != sources[0] { sources.append(folder) }
    options.datasets.sourceDirectories.insert(contentsOf: sources, at: 0)
    self.options = options
    try RunPreparation.makeData(recipe.data, options, into: folder)
    let whole: TrialPlan
    (material, whole, messages) = try RunPreparation.plan(recipe, options, backend: backend)
    plan = try options.only.isEmpty ? whole : whole.only(Self.students(options.only, of: recipe))
  }

  /// The students whose names match patterns; throws for a pattern without a match.
  private static func students(_ patterns: [String], of recipe: Recipe) throws -> Set<String> {
    let names = recipe.students.map(\.name)
    var meant: Set<String> = []
    for pattern in patterns {
      meant.formUnion(
        try Glob(pattern).names(among: names, at: "--only", of: "student"))
    }
    return meant
  }

  /// A sentence about the students that are run and ranked, if these are not all; otherwise `nil`.
  var selection: String? {
    guard !options.only.isEmpty else { return nil }
    let names = Set(plan.rows.filter { $0.role == .student }.map(\.name))
    return "Ranked: \(names.count) of the recipe's \(recipe.students.count) students, those that match "
      + "\(options.only.joined(separator: ", ")), with the trials that they need."
  }

  /// The folder of the trials.
  var folder: TrialFolder {
    TrialFolder(path: options.trials ?? options.directory + "/" + Ledger.trialsFolder)
  }

  /// The number of trials at a time; by default their threads together do not exceed the cores.
  public var jobs: Int {
    if let slurm = options.slurm { return min(options.jobs ?? slurm.jobs, slurm.jobs) }
    return options.jobs ?? max(1, ProcessInfo.processInfo.activeProcessorCount / recipe.threads)
  }

  /// The source of the trials.
  var source: RecipeSource { RecipeSource(plan, in: folder) }

  private var executor: any TrialExecutor {
    let sources = options.datasets.sourceDirectories
    guard var profile = options.slurm else {
      return LocalProcesses(executable: options.executable, capacity: jobs, sources: sources)
    }
    profile.jobs = jobs
    return SlurmJobs(
      profile, folder: options.directory + "/slurm", executable: options.executable, sources: sources)
  }

  /// The scheduler that runs the trials, as processes of this machine or through a cluster's queue.
  func scheduler(shouldStop: @Sendable @escaping () -> Bool) -> TrialScheduler {
    TrialScheduler(
      executor: executor, folder: folder, timeLimit: options.timeLimit,
      trainingImages: material.trainingImages,
      origins: origins, shouldStop: shouldStop)
  }

  /// The origins of readings by target; trials report a profile that cannot be read.
  private var origins: [String: ReadingOrigin] {
    var origins: [String: ReadingOrigin] = [:]
    for name in recipe.targets {
      let profile = try? TargetProfile.named(name, searching: options.targets)
      origins[name] = profile.map { ReadingOrigin($0, options.meter) }
    }
    return origins
  }

  /// The planned trials that are finished already, by their addresses in the plan.
  public var finishedTrials: Set<String> {
    Set(source.replayed().outcomes.filter { $0.value == .done }.keys)
  }

  /// The teacher's network before training, or that of its file.
  public func untrainedTeacher() throws -> Graph {
    switch recipe.teacher.origin {
    case .network:
      let planner = TrialPlanner(recipe, material)
      let graph = try planner.teacherGraph()
      guard var graph else { preconditionFailure("a network has a graph") }
      graph.initializeParameters(seed: recipe.seeds[0])
      return graph
    case .model(let path):
      return try located("\(recipe.teacher.mark)") {
        try ModelReader.read(path, ImportOptions(text: recipe.teacher.normalization)).model.graph
      }
    }
  }

  /// The seconds of all trials with the run's number of jobs, if each takes `seconds` and starts after its
  /// dependencies.
  public func span(seconds: (TrialSpec) -> Double) -> Double {
    var queue = TrialQueue(plan)
    var running: [(end: Double, address: String)] = []
    var now = 0.0
    while true {
      while running.count < jobs, let spec = queue.pull() {
        running.append((now + max(0, seconds(spec)), spec.address))
      }
      guard let next = running.indices.min(by: { running[$0].end < running[$1].end }) else { return now }
      let (end, address) = running.remove(at: next)
      now = end
      queue.tell(.done, of: address)
    }
  }
}
