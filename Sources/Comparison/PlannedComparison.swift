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

/// A recipe with what it met and the trials that it comes to: nothing of it is written, nobody is kept out.
public struct PlannedComparison: Sendable {
  /// The recipe, with the seeds that the options ask for.
  public let recipe: Recipe
  /// How it is run.
  public let options: RunOptions
  /// What the recipe has met.
  public let material: RecipeMaterial
  /// Every trial.
  public let plan: TrialPlan
  /// How the data was understood, where that needs saying.
  public let messages: [String]

  /// Opens the data and plans the trials. Data that Condense draws itself is drawn into a folder where it is nowhere to
  /// be found.
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

  /// The students that patterns mean; each must mean one.
  private static func students(_ patterns: [String], of recipe: Recipe) throws -> Set<String> {
    let names = recipe.students.map(\.name)
    var meant: Set<String> = []
    for pattern in patterns {
      meant.formUnion(
        try Glob(pattern).names(among: names, at: "--only", of: "student"))
    }
    return meant
  }

  /// Which students are run and ranked, where it is not all.
  var selection: String? {
    guard !options.only.isEmpty else { return nil }
    let names = Set(plan.rows.filter { $0.role == .student }.map(\.name))
    return "Ranked are \(names.count) of the recipe's \(recipe.students.count) students, those that match "
      + "\(options.only.joined(separator: ", ")), with what they need."
  }

  /// Where the trials lie.
  var folder: TrialFolder {
    TrialFolder(path: options.trials ?? options.directory + "/" + Ledger.trialsFolder)
  }

  /// Trials at a time: as processes of this machine, their threads together never exceed the cores.
  public var jobs: Int {
    if let slurm = options.slurm { return min(options.jobs ?? slurm.jobs, slurm.jobs) }
    return options.jobs ?? max(1, ProcessInfo.processInfo.activeProcessorCount / recipe.threads)
  }

  /// The trials as they become known.
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

  /// Runs trials here, as processes, or through a cluster's queue.
  func scheduler(shouldStop: @Sendable @escaping () -> Bool) -> TrialScheduler {
    TrialScheduler(
      executor: executor, folder: folder, timeLimit: options.timeLimit,
      trainingImages: material.trainingImages,
      origins: origins, shouldStop: shouldStop)
  }

  /// What readings on the recipe's targets depend on; a profile that cannot be read is told of by the trials.
  private var origins: [String: ReadingOrigin] {
    var origins: [String: ReadingOrigin] = [:]
    for name in recipe.targets {
      let profile = try? TargetProfile.named(name, searching: options.targets)
      origins[name] = profile.map { ReadingOrigin($0, options.meter) }
    }
    return origins
  }

  /// The planned trials that are there already, by their addresses in the plan.
  public var finishedTrials: Set<String> {
    Set(source.replayed().outcomes.filter { $0.value == .done }.keys)
  }

  /// The teacher's network before training, or as its file has it.
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

  /// How long the trials take with so many jobs, each after those that it needs, if each takes what `seconds` says.
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
