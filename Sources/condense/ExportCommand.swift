import ArgumentParser
import Export
import Foundation
import Graphs
import Readings
import Settings
import Targets

/// The command `condense export`: writes a model in a format that other programs read.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model in a format that other programs read; `condense list formats` names them.",
    discussion: """
      What a format cannot hold is refused, node by node, before anything is written. The folder must be new or \
      empty; it appears when all its files are complete. With --verify the files are run on images of DATA (the first \
      of its test split) and held against the model; a disagreement beyond what the format allows exits with 70.
      """)

  @Argument(help: "A model file, or RUN/ROW: a row of a comparison, such as runs/quickstart/int8.")
  var model: String

  @Option(help: "One of: \(ExporterCatalogue.names.joined(separator: ", ")).")
  var format: String

  @Option(help: "The folder to make.")
  var out: String

  @Option(
    help:
      "The name of the files, and what all names in C begin with: a letter, then letters, digits and underscores."
  )
  var name: String?

  @Option(help: "The hardware to write for, where that changes the files: a profile's name or path.")
  var target: String?

  @Option(
    help:
      "Run what was written on images of this data: a manifest's name, a manifest, a folder or an archive.")
  var verify: String?

  @Option(help: "How many images to verify on, at most.")
  var images = 1000

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "A setting of the format, FORMAT.KEY=VALUE; may be given several times. \(settingsHelp)"))
  var overrides: [String] = []

  @OptionGroup var normalization: NormalizationOption

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard (1...1_000_000).contains(images) else {
      throw ValidationError("--images must be in 1...1000000, found \(images)")
    }
    guard let name, name.wholeMatch(of: /[A-Za-z][A-Za-z0-9_]{0,39}/) == nil else { return }
    throw ValidationError(
      "--name must be a letter and up to 39 letters, digits and underscores, found \"\(name)\"")
  }

  func run() throws {
    let exporter = try failing(.usage) {
      _ = try ExporterCatalogue.exporter(format)
      let settings = try overrides.map { try SettingOverride($0, roots: [format]).node }
      return try ExporterCatalogue.exporter(format, settings: settings)
    }
    let importOptions = try normalization.importOptions()
    let imported = try failing(.badInput) {
      try ModelReader.read(ModelPath.resolved(self.model), importOptions)
    }
    imported.tellNotes(of: self.model)
    let model = imported.model
    let options = try options(name ?? exporter.defaultBaseName)
    try failing(.badInput) { try tellOverflow(of: model.graph, options.target) }
    if verify != nil { try failing(.missing) { try exporter.requireVerificationTools() } }
    let material = try verify.map {
      try VerificationMaterial(data: $0, imported: imported).images(atMost: images)
    }
    let folder = out
    let cleanup = SignalCleanup { ExportScratch.remove(for: folder) }
    defer { cleanup.end() }
    let verification = try export(model, with: exporter, options, verifyingOn: material)
    if verify != nil, verification == nil {
      Console.note("\(format) cannot be verified here: only other programs run it; the files were written")
    }
    if let verification, !verification.isPassed {
      throw CommandFailure(
        .internal, "\(out): what was written does not compute what the model computes; do not use it")
    }
  }

  /// Writes the files, runs them on the images if there are any, and prints the result.
  private func export<E: Exporter>(
    _ model: Model, with exporter: E, _ options: ExportOptions, verifyingOn material: VerificationImages?
  ) throws -> Verification? {
    let report = try ExportReport(
      exporting: model, with: exporter, to: out, options, verifyingOn: material)
    Console.print(json ? report.node.prettyJSON : report.text)
    return report.verification
  }

  /// The settings that `--set` takes, by format.
  private static var settingsHelp: String {
    func lines<E: Exporter>(_ type: E.Type) -> [String] {
      E.settings.map { "\(E.name).\($0.name), \($0.expected): \($0.summary)." }
    }
    return ExporterCatalogue.all.flatMap { lines($0) }.joined(separator: " ")
  }

  /// Reports before any file is written by how much a network exceeds the hardware; the files are written all
  /// the same.
  private func tellOverflow(of graph: Graph, _ target: TargetProfile?) throws {
    guard let target, target.basis != .measured else { return }
    let estimate = try target.estimate(graph, flashBytes: TargetProfile.storedBytes(of: graph))
    guard let reason = estimate.reason else { return }
    Console.note(
      "\(model): does not fit \(target.name), by its model: \(reason); the files are written all the same")
  }

  private func options(_ baseName: String) throws -> ExportOptions {
    let profile = try target.map { name in
      try failing(.badInput) {
        try TargetProfile.named(name, searching: Locations.folders("Recipes/targets"))
      }
    }
    return ExportOptions(target: profile, baseName: baseName)
  }
}
