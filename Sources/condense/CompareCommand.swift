import ArgumentParser
import CProcess
import Comparison
import DNNL
import Datasets
import Foundation
import Recipes
import Reports
import Runs
import Settings
import Simulation
import Trials

/// The command `condense compare`: trains a teacher, makes students by every method of a recipe, and ranks
/// them.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Run a recipe: a teacher, its students by every method, and an honest ranking.",
    discussion: """
      Called again on the same directory it goes on where it stopped, and trains nothing twice. The report is \
      report.html in the run's directory.

      Exits with 0 when every trial gave a result, or the time limit alone kept some from being run; with 1 when the ranking \
      is written but some trials failed; with 70 when no student gave a result.
      """)

  @Argument(help: "A recipe: a name from Recipes/ or the path of a YAML file.")
  var recipe: String

  @Option(help: "The run's directory. (default: runs/RECIPE)")
  var out: String?

  @Option(help: "Trials at a time. (default: cores / threads of a trial)")
  var jobs: Int?

  @Option(help: "Seeds instead of the recipe's: 0 up to this number.")
  var seeds: Int?

  @Option(
    help:
      "Run and rank only students of this name, with * and ?, and what they need; may be given several times."
  )
  var only: [String] = []

  @Option(help: "Start no trial that would end later, such as 30m, 2h or 90s; what is missing is named.")
  var timeLimit: String?

  @OptionGroup var queue: QueueOptions

  @Option(help: "A folder of trials that several runs share.")
  var trials: String?

  @Option(help: "What val/ is for in data without test/, instead of the recipe's val-folder: test or val.")
  var valFolder: ValFolder?

  @Option(
    help: "Percentage points below the teacher that a chosen student may be, instead of the recipe's margin.")
  var margin: Double?

  @Option(help: LogOption.help, transform: LogOption.init)
  var log: LogOption?

  @Flag(help: "Print the ranking as JSON.")
  var json = false

  func validate() throws {
    try ReportCommand.requireMargin(margin)
    if let jobs, !(1...1024).contains(jobs) {
      throw ValidationError("--jobs must be in 1...1024, found \(jobs)")
    }
    if let seeds, !(1...1000).contains(seeds) {
      throw ValidationError("--seeds must be in 1...1000, found \(seeds)")
    }
    if let timeLimit, TimeText.seconds(timeLimit) == nil {
      throw ValidationError("--time-limit must be a time such as 90s, 30m or 2h, found \"\(timeLimit)\"")
    }
  }

  func run() throws {
    let path = try RecipeFile.path(of: recipe)
    let text = try RecipeFile.text(path)
    var recipe = try failing(.badInput) { try Recipe(contentsOf: path) }
    recipe.valFolder = valFolder ?? recipe.valFolder
    recipe.margin = margin.map { $0 / 100 } ?? recipe.margin
    try recipe.requireSupportedPrecision()
    condense_prepare_compute()
    let run = try failing(.badInput) {
      try ComparisonRun(recipe, options(recipe, try queue.slurm()), backend: DNNLBackend())
    }
    for message in run.messages { Console.note(message) }
    let outcomes = try Self.perform(run, text, logs: log.map(TrainingLogs.init)) { try report(run) }
    try requireResults(run, outcomes)
  }

  /// Runs the trials of a comparison that are not done, shows their progress, and returns their outcomes.
  ///
  /// At Ctrl-C the command ends with the call that continues it. The run keeps `text`, the text of the
  /// recipe. Trials that are unfinished at `deadline` are stopped, and a later call continues them from their
  /// checkpoints. `report` writes the results so far, also after a stop.
  @discardableResult
  static func perform(
    _ run: ComparisonRun, _ text: String, deadline: ContinuousClock.Instant? = nil,
    logs: TrainingLogs? = nil, report: () throws -> Void = {}
  ) throws -> [String: TrialOutcome] {
    let signals = StopSignals()
    let progress = ComparisonProgress(run)
    progress.announce()
    let outcomes = try failing(.internal) {
      try AsyncWork.wait {
        try await run.runTrials(
          recipeText: text, machine: Machine.current.description, versions: ["condense": Version.text],
          shouldStop: { signals.isStopping || deadline.map { ContinuousClock.now >= $0 } ?? false },
          events: { event in
            logs?.show(event, in: run.trials)
            progress.show(event)
          })
      }
    }
    progress.finish()
    try report()
    if signals.isStopping {
      throw CommandFailure(
        signals.status,
        "stopped; what is done is kept, go on with\n  "
          + CommandLine.arguments.map(Shell.quoted).joined(separator: " "))
    }
    return outcomes
  }

  /// Fails if trials failed, because a script must not take an incomplete ranking for a complete one.
  private func requireResults(_ run: ComparisonRun, _ outcomes: [String: TrialOutcome]) throws {
    let directory = run.options.directory
    let students = run.plan.trials.filter { $0.role == .student && outcomes[$0.address] == .done }
    if students.isEmpty, timeLimit == nil {
      throw CommandFailure(
        .internal, "no student gave a result; the reasons stand above and in \(directory)")
    }
    let failed = run.plan.trials.filter { outcomes[$0.address]?.isFailure ?? false }
    guard failed.isEmpty else {
      throw CommandFailure(
        .negative,
        "\(failed.count) of \(run.plan.trials.count.counted("trial")) failed; the reasons stand above, the ranking in "
          + "\(directory) holds the others, and called again the failed ones are run again")
    }
  }

  private func options(_ recipe: Recipe, _ slurm: SlurmProfile?) -> RunOptions {
    RunOptions(
      directory: out ?? "runs/" + recipe.name,
      trials: trials.map(Self.absolute), jobs: jobs, seeds: seeds, only: only,
      timeLimit: timeLimit.flatMap(TimeText.seconds).map { .seconds($0) },
      networks: Locations.folders("Teachers"),
      targets: Locations.folders("Recipes/targets"), datasets: .forCommands, executable: Locations.executable,
      slurm: slurm, meter: .forCommands)
  }

  /// The absolute form of a path, because child processes and reports may work in other folders.
  private static func absolute(_ path: String) -> String {
    let here = FileManager.default.currentDirectoryPath
    return URL(filePath: path.hasPrefix("/") ? path : here + "/" + path).standardizedFileURL.path
  }

  private func report(_ run: ComparisonRun) throws {
    let ranking = try failing(.internal) { try run.rank() }
    let directory = run.options.directory
    try failing(.internal) { try ranking.write(to: directory + "/" + Ranking.fileName) }
    let report = try failing(.internal) {
      try RunFolder(path: directory).report(families: ReportCommand.families)
    }
    try ReportCommand.write(report, to: directory, of: directory, json: json)
  }
}

/// Durations as users write them.
enum TimeText {
  /// Parses `90s`, `30m`, `2h` or plain seconds; `nil` for any other text.
  static func seconds(_ text: String) -> Double? {
    let factors: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    let factor = text.last.flatMap { factors[$0] }
    guard let number = Double(factor == nil ? text[...] : text.dropLast()), number >= 0, number.isFinite
    else {
      return nil
    }
    return number * (factor ?? 1)
  }
}

/// The search for recipes.
enum RecipeFile {
  /// The path of a recipe: the name itself if such a file exists, otherwise the recipe of that name in
  /// `Recipes/`.
  static func path(of name: String) throws -> String {
    let isFolder = FileManager.default.fileExists(atPath: name + "/.")
    if FileManager.default.fileExists(atPath: name), !isFolder { return name }
    guard !NamedFiles.isPath(name) else {
      throw CommandFailure(.badInput, "\(name): no such recipe")
    }
    let files = NamedFiles(in: Locations.folders("Recipes"))
    if let path = files.path(of: name) { return path }
    let known = files.names.sorted()
    let hint = Spelling.nearest(to: name, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
    let choices = (known + ["or the path of a YAML file"]).joined(separator: ", ")
    throw CommandFailure(.badInput, "\(name): no such recipe\(hint) (\(choices))")
  }

  static func text(_ path: String) throws -> String {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw CommandFailure(.badInput, "\(path): cannot be read as text")
    }
    return text
  }
}
