import Reports
import ArgumentParser
import CProcess
import Comparison
import DNNL
import Datasets
import Foundation
import Graphs
import Recipes
import Settings

/// `condense plan`: what a comparison would do, without training.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Says what `compare` would do with a recipe: trials, layers, sizes, time. Trains nothing.",
    discussion: """
      Sizes come from applying the methods to a network that is not trained: exact where settings fix them, estimates
      where trained weights decide. The time comes from a short measurement of this machine.
      """)

  @Argument(help: "A recipe: a name from Recipes/ or the path of a YAML file.")
  var recipe: String

  @Option(
    help: "The run's directory, where the data that Condense draws itself is put. (default: runs/RECIPE)")
  var out: String?

  @Option(help: "Seeds instead of the recipe's: 0 up to this number.")
  var seeds: Int?

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let path = try RecipeFile.path(of: recipe)
    let recipe = try failing(.badInput) { try Recipe(contentsOf: path) }
    condense_prepare_compute()
    let backend = DNNLBackend()
    let options = RunOptions(
      directory: out ?? "runs/" + recipe.name, seeds: seeds, networks: Locations.folders("Teachers"),
      targets: Locations.folders("Recipes/targets"), datasets: .forCommands, executable: Locations.executable)
    let run = try failing(.badInput) { try ComparisonRun(recipe, options, backend: backend) }
    var datasets = run.options.datasets
    datasets.progress = nil
    let environment = TrialEnvironment(
      backend: backend, datasetOptions: datasets, targetFolders: Locations.folders("Recipes/targets"))
    let teacher = try failing(.badInput) { try run.untrainedTeacher() }
    let first = run.plan.trials.filter { $0.seed == run.recipe.seeds[0] && $0.role != .logits }
    var previews: [(TrialSpec, TrialPreview)] = []
    for spec in first {
      previews.append(
        (spec, try failing(.badInput) { try TrialPreview(spec, teacher: teacher, environment) }))
    }
    let pace = try failing(.internal) {
      try TrainingPace.secondsPerImage(teacher, backend: backend, batch: 128, threads: recipe.threads)
    }
    let estimate = PlanEstimate(run, teacher: teacher, secondsPerImage: pace)
    if json {
      Console.print(estimate.node(previews).prettyJSON)
    } else {
      for (spec, preview) in previews { show(spec, preview) }
      paragraph(estimate.text, indent: 0)
    }
  }

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

/// How many trials a run has, and how long they will take together.
struct PlanEstimate {
  private let run: ComparisonRun
  private let seconds: Double

  /// Scales a measured pace of the teacher by images and multiply-adds.
  init(_ run: ComparisonRun, teacher: Graph, secondsPerImage: Double) {
    self.run = run
    let images = run.plan.trials.reduce(0) { $0 + $1.trainingImages(of: run.material.trainingImages) }
    seconds = Double(images) * secondsPerImage / Double(run.jobs)
  }

  var text: String {
    let done = run.finishedTrials
    return
      "\(run.plan.trials.count.counted("trial")) with \(run.recipe.seeds.count.counted("seed")), \(done) of them done; "
      + "about \(Self.words(seconds)) of training with \(run.jobs.counted("job")) if none was done"
  }

  func node(_ previews: [(TrialSpec, TrialPreview)]) -> SettingsNode {
    SettingsNode(mapping: [
      "schema": 1.node, "trials": run.plan.trials.count.node, "done": run.finishedTrials.node,
      "seeds": run.recipe.seeds.count.node, "jobs": run.jobs.node, "seconds": seconds.node,
      "students": SettingsNode(
        .list(
          previews.map { spec, preview in
            SettingsNode(mapping: [
              "name": spec.name.node, "role": spec.role.node, "methods": spec.methods.node,
              "parameters": preview.parameters.node, "nonZeros": preview.nonZeros.node,
              "multiplyAdds": preview.multiplyAdds.node, "fileBytes": preview.fileBytes.node,
              "stages": SettingsNode(.list(preview.stages.map(Self.node))),
            ])
          })),
    ])
  }

  private static func node(_ stage: TrialPreview.Stage) -> SettingsNode {
    SettingsNode(mapping: [
      "name": stage.name.node, "epochs": stage.epochs.node, "objective": stage.objective.node,
      "touched": stage.touched.node,
      "untouched": SettingsNode(
        .list(
          stage.untouched.map { SettingsNode(mapping: ["reason": $0.reason.node, "layers": $0.layers.node]) })
      ),
      "warnings": stage.warnings.node,
    ])
  }

  private static func words(_ seconds: Double) -> String {
    seconds < 90 ? "\(Int(seconds.rounded())) s" : "\(Int((seconds / 60).rounded())) min"
  }
}
