import Reports
import ArgumentParser
import CProcess
import Comparison
import DNNL
import Datasets
import Foundation
import Recipes
import Runs
import Settings
import Simulation
import Trials

/// The command `condense plan`: describes the work of a comparison without training.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Say what `compare` would do with a recipe: trials, layers, sizes, time. Nothing is trained.",
    discussion: """
      Sizes come from applying the methods to a network that is not trained: exact where settings fix them, estimates \
      where trained weights decide. The time comes from a short measurement of this machine: a few training steps of every \
      distinct network of the recipe. The run's directory is left as it is, and a comparison that is at work in the directory is not disturbed. \
      With --executor slurm it says how many jobs and hours of nodes the comparison takes.
      """)

  @Argument(help: "A recipe: a name from Recipes/ or the path of a YAML file.")
  var recipe: String

  @Option(
    help: "The run's directory, in which trials may be done already. (default: runs/RECIPE)")
  var out: String?

  @Option(help: "Seeds instead of the recipe's: 0 up to this number.")
  var seeds: Int?

  @Option(
    help: "Plan only students of this name, with * and ?, and what they need; may be given several times.")
  var only: [String] = []

  @OptionGroup var queue: QueueOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let path = try RecipeFile.path(of: recipe)
    let recipe = try failing(.badInput) { try Recipe(contentsOf: path) }
    try recipe.requireSupportedPrecision()
    condense_prepare_compute()
    let backend = DNNLBackend()
    let options = RunOptions(
      directory: out ?? "runs/" + recipe.name, seeds: seeds, only: only,
      networks: Locations.folders("Teachers"),
      targets: Locations.folders("Recipes/targets"), datasets: .forCommands, executable: Locations.executable,
      slurm: try queue.slurm(), meter: .forCommands)
    let drawn = options.datasets.cacheDirectory.map { $0 + "/data" } ?? Self.temporaryFolder
    defer { try? FileManager.default.removeItem(atPath: Self.temporaryFolder) }
    let planned = try failing(.badInput) {
      try PlannedComparison(recipe, options, drawingInto: drawn, backend: backend)
    }
    for message in planned.messages { Console.note(message) }
    var datasets = planned.options.datasets
    datasets.progress = nil
    let environment = TrialEnvironment(
      backend: backend, datasetOptions: datasets, targetFolders: Locations.folders("Recipes/targets"))
    let estimate = try failing(.badInput) { try PlanEstimate(planned, environment) }
    if json {
      Console.print(estimate.node.prettyJSON)
    } else {
      for (spec, preview) in estimate.rows { show(spec, preview) }
      for text in estimate.texts { paragraph(text, indent: 0) }
    }
  }

  /// The folder of drawn data that cannot be kept for a later call.
  private static let temporaryFolder = FileManager.default.temporaryDirectory
    .appending(path: "condense-plan-\(getpid())").path

  private func show(_ spec: TrialSpec, _ preview: TrialPreview) {
    Console.print("\(spec.name)\(spec.role == .control ? " (control)" : "")")
    for (number, stage) in preview.stages.enumerated() {
      var text = "\(number + 1). \(stage.name)"
      if stage.epochs > 0 { text += ", \(stage.epochs.counted("epoch"))" }
      if let objective = stage.objective { text += ", \(objective)" }
      if !stage.touched.isEmpty { text += ": " + stage.touched.joined(separator: ", ") }
      paragraph(text, indent: 2)
      for (reason, layers) in stage.untouched {
        paragraph("not \(layers.joined(separator: ", ")): \(reason)", indent: 5)
      }
      for layers in stage.idle { paragraph(layers, indent: 5) }
      for warning in stage.warnings { paragraph("! " + warning, indent: 5) }
    }
    paragraph(
      "\(preview.parameters) parameters (\(preview.nonZeros) not zero), \(preview.multiplyAdds) multiply-adds, "
        + "\(preview.fileBytes) bytes", indent: 2)
  }

  private func paragraph(_ text: String, indent: Int) {
    for (number, line) in TextWrap.lines(text, width: Console.width - indent - 2).enumerated() {
      Console.print(String(repeating: " ", count: indent + (number == 0 ? 0 : 2)) + line)
    }
  }
}
