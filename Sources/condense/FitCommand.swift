import ArgumentParser
import CProcess
import Comparison
import DNNL
import Export
import Foundation
import Graphs
import Readings
import Recipes
import Reports
import Runs
import Settings
import Simulation
import Targets
import Tensors
import Trials

/// The command `condense fit`: makes a student for a device from a folder of images.
struct FitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Find a student of your images that fits a device, within a time, and export it.",
    discussion: """
      Looks at the images, picks a teacher, gives every family of compression the weakest student that fits the device by its \
      model, then stronger ones as the time allows; trains them, measures them, and takes the one of least energy that loses no more \
      than the margin against the teacher, else the most accurate one that fits. The decision stands in OUT/fit.json, the \
      ranking in OUT/report.html, the student with its exported files in OUT/export. C and ONNX files are run on test images and \
      held against the student; TensorFlow Lite files are not run.

      What was decided is written to OUT/recipe.yaml, a recipe like any other. Stopped and called again, it goes on where it was.

      Exits with 0 when a student keeps all limits, with 1 when none does or can.
      """)

  @Argument(help: "A manifest's name, or the path of a manifest, a folder or an archive.")
  var images: String

  @Option(help: "The device: a hardware profile's name or path (`condense list targets`).")
  var target: String

  @Option(help: "The most bytes of program and weights, such as 256k or 1M. (default: the profile's)")
  var flash: String?

  @Option(help: "The most bytes of working memory, such as 64k. (default: the profile's)")
  var ram: String?

  @Option(help: "The most time an image may take on the device, such as 50ms or 0.5s. (default: any)")
  var latency: String?

  @Option(help: "Percentage points that the student may be below the teacher.")
  var margin = 1.0

  @Option(help: "The time that it may take in all, such as 30m or 2h.")
  var timeLimit = "2h"

  @Option(help: "Pixels of the shorter side of the networks' input. (default: chosen by images and memory)")
  var side: Int?

  @Option(help: "The folder of the run. (default: fits/IMAGES-TARGET)")
  var out: String?

  @Option(help: "Trials at a time. (default: cores)")
  var jobs: Int?

  @Flag(help: "Print the decision as JSON.")
  var json = false

  func validate() throws {
    try ReportCommand.requireMargin(margin)
    if let jobs, !(1...1024).contains(jobs) {
      throw ValidationError("--jobs must be in 1...1024, found \(jobs)")
    }
    guard let seconds = TimeText.seconds(timeLimit), seconds >= 10 else {
      throw ValidationError("--time-limit must be at least 10s, such as 30m or 2h, found \"\(timeLimit)\"")
    }
    for (name, text) in [("flash", flash), ("ram", ram)] {
      guard let text, ByteText.bytes(text) == nil else { continue }
      throw ValidationError("--\(name) must be bytes above 0 such as 65536, 64k or 1M, found \"\(text)\"")
    }
    if let latency, LatencyText.milliseconds(latency) == nil {
      throw ValidationError("--latency must be a time above 0 such as 50ms or 0.5s, found \"\(latency)\"")
    }
    if let side, !(8...512).contains(side) {
      throw ValidationError("--side must be in 8...512, found \(side)")
    }
  }

  func run() throws {
    let began = ContinuousClock.now
    let request = FitRequest(
      data: images, target: target, flashBytes: flash.flatMap(ByteText.bytes),
      ramBytes: ram.flatMap(ByteText.bytes), latencyMs: latency.flatMap(LatencyText.milliseconds),
      margin: margin / 100, side: side)
    let seconds = TimeText.seconds(timeLimit) ?? 0
    condense_prepare_compute()
    let folder = FitFolder(path: out ?? Self.defaultFolder(request))
    let options = options(folder.path)
    let backend = DNNLBackend()
    let recipe = try failing(.badInput) { () throws -> String in
      if let known = try folder.recipe(of: request) {
        Console.note("\(folder.path): goes on with what was decided there")
        return known
      }
      let plan = try FitPlanner(request, options, backend: backend, seconds: seconds).plan()
      for note in plan.notes { Console.note(note) }
      try folder.begin(request, plan)
      return plan.recipe
    }
    // The plan fits the time by its forecast; a deadline stops the trials if the machine has become slower.
    let deadline = began + .seconds(seconds * Self.shareBeforeExports)
    let run = try failing(.badInput) {
      try ComparisonRun(try Recipe(contentsOf: folder.recipePath), options, backend: backend)
    }
    for message in run.messages { Console.note(message) }
    try CompareCommand.perform(run, recipe, deadline: deadline)
    let ranking = try failing(.internal) { try run.rank() }
    try failing(.internal) { try ranking.write(to: folder.path + "/" + Ranking.fileName) }
    let report = try failing(.internal) {
      try RunFolder(path: folder.path).report(families: ReportCommand.families)
    }
    for message in report.messages { Console.note(message) }
    try failing(.internal) { try report.write(to: folder.path, charts: ChartLibrary.find()) }
    let target = run.recipe.targets[0]
    let decision = try failing(.negative) { try FitDecision(ranking, target: target, request) }
    try finish(decision, ranking, request, folder, target: target)
  }

  /// The share of the time that trials may use; the rest is left for the exports.
  private static let shareBeforeExports = 0.95

  /// The default folder, named after the data and the target: `fits/photos-cortex-m4`.
  private static func defaultFolder(_ request: FitRequest) -> String {
    func name(_ path: String) -> String {
      URL(filePath: path).deletingPathExtension().lastPathComponent
    }
    return "fits/\(name(request.data))-\(name(request.target))"
  }

  private func options(_ directory: String) -> RunOptions {
    RunOptions(
      directory: directory, jobs: jobs, networks: Locations.folders("Teachers"),
      targets: Locations.folders("Recipes/targets"), datasets: .forCommands, executable: Locations.executable,
      meter: .forCommands)
  }

  /// Exports the student and prints the decision.
  private func finish(
    _ decision: FitDecision, _ ranking: Ranking, _ request: FitRequest, _ folder: FitFolder, target: String
  ) throws {
    let profile = try failing(.badInput) {
      try TargetProfile.named(target, searching: Locations.folders("Recipes/targets"))
    }
    let path = try ModelPath.resolved(folder.path + "/" + decision.row.name)
    let imported = try failing(.internal) { try ModelReader.read(path, ImportOptions(text: nil)) }
    try failing(.internal) {
      try FileManager.default.createDirectory(
        atPath: folder.path + "/export", withIntermediateDirectories: true)
    }
    var reports: [ExportReport] = []
    // Boards without an operating system run C; a machine with one can have a runtime.
    for format in profile.flashBytes == nil ? ["onnx", "tflite"] : ["c", "tflite"] {
      let exporter = try failing(.internal) { try ExporterCatalogue.exporter(format) }
      reports.append(
        try export(imported, with: exporter, on: request.data, to: folder.path + "/export/" + format, profile)
      )
    }
    try failing(.internal) { try folder.keep(studentAt: path) }
    let summary = FitSummary(
      decision: decision, ranking: ranking, request: request, profile: profile, folder: folder.path,
      exports: reports)
    try failing(.internal) { try folder.finish(summary.node) }
    Console.print(json ? summary.node.prettyJSON : summary.text(width: Console.width))
    guard let wrong = reports.first(where: { $0.verification.map { !$0.isPassed } ?? false }) else { return }
    throw CommandFailure(
      .internal, "\(wrong.folder): what was written does not compute what the student computes; do not use it"
    )
  }

  /// Writes one format, replacing earlier files, and verifies it on test images if its tools are installed.
  private func export<E: Exporter>(
    _ imported: ImportedModel, with exporter: E, on data: String, to folder: String, _ profile: TargetProfile
  ) throws -> ExportReport {
    try? FileManager.default.removeItem(atPath: folder)
    var material: VerificationImages?
    do {
      try exporter.requireVerificationTools()
      material = try VerificationMaterial(data: data, imported: imported).images(atMost: 1000)
    } catch let error as ExportError {
      Console.note("\(folder): not verified: \(error)")
    }
    return try ExportReport(
      exporting: imported.model, with: exporter, to: folder,
      ExportOptions(target: profile, baseName: exporter.defaultBaseName), verifyingOn: material)
  }
}

/// Sizes in bytes as users write them.
enum ByteText {
  /// Parses `65536`, `64k`, `64kB` or `1M`, in powers of 1024; `nil` for any other text and for less than a
  /// byte.
  static func bytes(_ text: String) -> Int? {
    guard let match = text.wholeMatch(of: /([0-9]+(?:\.[0-9]+)?)\s*([kKmM]?)(?:i?[bB])?/),
      let number = Double(match.1)
    else { return nil }
    let factors: [String: Double] = ["k": 1024, "m": 1_048_576]
    let factor = factors[match.2.lowercased()] ?? 1
    let bytes = number * factor
    return bytes >= 1 && bytes <= 1e12 ? Int(bytes) : nil
  }
}

/// Latencies as users write them.
enum LatencyText {
  /// Parses `50ms`, `0.5s` or plain milliseconds; `nil` for any other text and for zero.
  static func milliseconds(_ text: String) -> Double? {
    guard let match = text.wholeMatch(of: /([0-9]+(?:\.[0-9]+)?)\s*(ms|s|us)?/), let number = Double(match.1)
    else { return nil }
    let factors: [Substring: Double] = ["s": 1000, "us": 0.001]
    let factor = match.2.flatMap { factors[$0] } ?? 1
    let milliseconds = number * factor
    return milliseconds > 0 && milliseconds.isFinite ? milliseconds : nil
  }
}
