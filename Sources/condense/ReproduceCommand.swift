import ArgumentParser
import CProcess
import Crypto
import DNNL
import Datasets
import Execution
import Foundation
import Reports
import Runs
import Settings
import Tensors
import Trials

/// The command `condense reproduce`: checks that a row's trial gives the same bytes again.
struct ReproduceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reproduce",
    abstract:
      "Run a row's trial again from what the run's directory holds, and say whether its file is the same, byte by byte.",
    discussion: """
      What the trial needs of others, such as its teacher, is taken from the run. Data that a recipe names by a path is found from
      the directory where the comparison was called: call it there.

      Exits with 0 when the bytes are equal, with 1 when they are not, with 69 where this machine or this version of the program
      computes otherwise, or something that the trial needs is missing.
      """)

  @Argument(help: "The directory of a run, as `condense compare` wrote it.")
  var runDirectory: String

  @Argument(help: "A row of its ranking.")
  var row: String

  @Option(help: "The seed of the trial. (default: the row's first)")
  var seed: UInt64?

  @Option(help: "The directory to run it in; called again, it goes on there. (default: a temporary one)")
  var out: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let report = try failing(.badInput) { try RunFolder(path: runDirectory).report() }
    let trial = try recorded(report)
    let (spec, directory) = try specification(of: trial, report)
    try requireProgram(spec, trial, directory)
    condense_prepare_compute()
    let place = try Place(out)
    let again = try perform(spec, beside: directory, in: place)
    let files = try (
      before: bytes(report.folders[trial.address] ?? directory, trial.model), now: bytes(again, trial.model)
    )
    place.remove()
    try tell(trial, files.before, files.now, report)
  }

  // MARK: What is run

  /// The trial of the row and the seed.
  private func recorded(_ report: RunReport) throws -> TrialResult {
    let rows = report.rows.map(\.name)
    guard rows.contains(row) else {
      let hint = Spelling.nearest(to: row, among: rows).map { "; did you mean \"\($0)\"?" } ?? ""
      throw CommandFailure(
        .badInput, "\(runDirectory): no row \"\(row)\"\(hint) (\(rows.joined(separator: ", ")))")
    }
    let trials = report.trials.filter { $0.name == row }
    let found = seed.map { seed in trials.first { $0.seed == seed } } ?? trials.first
    guard let found else {
      let seeds = trials.map { "\($0.seed)" }.joined(separator: ", ")
      throw CommandFailure(
        .badInput,
        seeds.isEmpty
          ? "\(runDirectory): the trials of \"\(row)\" are not there; only the ranking is"
          : "\(runDirectory): \"\(row)\" has no seed \(seed ?? 0); it has \(seeds)")
    }
    return found
  }

  /// The specification of the trial and its directory; for a searched student's training, those of its
  /// candidate.
  private func specification(
    of trial: TrialResult, _ report: RunReport
  ) throws -> (spec: TrialSpec, directory: String) {
    guard let directory = report.folders[trial.address] else {
      throw CommandFailure(
        .missing, "\(runDirectory): the directory of \(trial.name), seed \(trial.seed), is not there")
    }
    let spec = try spec(in: directory)
    guard case .candidate(let address, _) = spec.start else { return (spec, directory) }
    let trials = TrialFolder(path: URL(filePath: directory).deletingLastPathComponent().path)
    guard let candidate = trials.directory(of: address) else {
      throw CommandFailure(
        .missing,
        "\(trials.path): the candidate \(address.prefix(12)), which the row was taken from, is not there")
    }
    return (try self.spec(in: candidate), candidate)
  }

  private func spec(in directory: String) throws -> TrialSpec {
    let path = directory + "/" + TrialFolder.specification
    guard FileManager.default.fileExists(atPath: path) else {
      throw CommandFailure(.missing, "\(path): is not there; without it the trial cannot be run again")
    }
    var spec = try failing(.badInput) { try TrialSpec(from: SettingsNode(contentsOf: path)) }
    // Readings take time and do not affect the bytes of the model.
    spec.targets = []
    return spec
  }

  /// Refuses a trial that cannot be repeated here, because kernels or methods have other revisions.
  private func requireProgram(_ spec: TrialSpec, _ trial: TrialResult, _ directory: String) throws {
    let backend = DNNLBackend()
    do {
      try spec.requireMachine(of: backend)
    } catch {
      throw CommandFailure(.missing, "\(directory): \(error)" + Self.advice(spec, backend.instructionSet))
    }
    try PrecisionChoice(rawValue: spec.precision.rawValue)?.requireSupport(at: directory)
    let stated = URL(filePath: directory).lastPathComponent
    guard stated.hasSuffix("-" + spec.address.prefix(12)) else {
      throw CommandFailure(
        .missing,
        "\(directory): what it was made from comes to the address \(spec.address.prefix(12))… here: its methods are of other "
          + "revisions in this version of the program; build the version that made it (recipe and machine stand in report.html)"
      )
    }
  }

  /// The advice on how to obtain another instruction set or engine.
  private static func advice(_ spec: TrialSpec, _ present: String) -> String {
    guard spec.engine == TrialSpec.engineRevision else {
      return "; build the version of the program whose engine is of revision \(spec.engine)"
    }
    let known = InstructionLimit.values
    guard let wanted = known.firstIndex(of: spec.instructionSet),
      wanted < known.firstIndex(of: present) ?? known.endIndex
    else { return "; this processor has no \(spec.instructionSet)" }
    return "; here it is had by \(InstructionLimit.variable)=\(spec.instructionSet)"
  }

  // MARK: Running

  /// The folder in which the trial runs: a given one, or a temporary one that is removed.
  private struct Place {
    let path: String
    private let isTemporary: Bool

    init(_ given: String?) throws {
      isTemporary = given == nil
      path =
        given ?? FileManager.default.temporaryDirectory.path() + "/condense-reproduce-" + UUID().uuidString
      do {
        try FileManager.default.createDirectory(atPath: trials, withIntermediateDirectories: true)
      } catch {
        throw CommandFailure(.badInput, "\(path): cannot be used: \(FileFailure.reason(error, path: path))")
      }
    }

    var trials: String { path + "/" + Ledger.trialsFolder }

    func remove() { if isTemporary { try? FileManager.default.removeItem(atPath: path) } }
  }

  /// Runs the trial beside links to the other trials of its run; returns its directory.
  private func perform(_ spec: TrialSpec, beside directory: String, in place: Place) throws -> String {
    let signals = StopSignals()
    do {
      try link(URL(filePath: directory), into: place)
      let trials = TrialFolder(path: place.trials).place(of: spec)
      guard let filling = try failing(.badInput, { try trials.begin() }) else { return trials.path }
      var options = DatasetOptions.forCommands
      options.sourceDirectories.insert(runDirectory + "/data", at: 0)
      let environment = TrialEnvironment(
        backend: DNNLBackend(), datasetOptions: options, targetFolders: Locations.folders("Recipes/targets"),
        note: { Console.note($0) }, shouldStop: { signals.isStopping })
      _ = try TrialRunner(spec, directory: filling.path, environment).run()
      try failing(.internal) { try filling.finish() }
      return trials.path
    } catch {
      let isStop = if case .stopped? = error.underlying(as: TrialError.self) { true } else { false }
      place.remove()
      if isStop {
        throw CommandFailure(
          signals.status,
          out == nil ? "stopped; give --out to go on another time" : "stopped; call it again to go on")
      }
      throw Self.explained(error, spec)
    }
  }

  /// Links every other trial of the run's folder into the place.
  private func link(_ directory: URL, into place: Place) throws {
    let folder = directory.deletingLastPathComponent()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where !name.hasPrefix(".") && name != directory.lastPathComponent {
      let link = place.trials + "/" + name
      guard (try? FileManager.default.attributesOfItem(atPath: link)) == nil else { continue }
      try FileManager.default.createSymbolicLink(
        atPath: link, withDestinationPath: folder.appending(path: name).path)
    }
  }

  /// The failure of an error, with advice if something that the trial needs is missing.
  private static func explained(_ error: any Error, _ spec: TrialSpec) -> CommandFailure {
    if let failure = error as? CommandFailure { return failure }
    let failure = CommandFailure(.badInput, error)
    switch error.underlying(as: TrialError.self) {
    case .missingTrial:
      return CommandFailure(.missing, failure.message + "; condense compare runs it again")
    case .changedData:
      return CommandFailure(
        .missing, failure.message + "; give the data that the comparison saw, or compare anew")
    default: break
    }
    guard error.underlying(as: DatasetError.self) != nil else { return failure }
    return CommandFailure(
      .missing,
      failure.message
        + "; the trial is of the data \"\(spec.data)\": call it where the comparison was called, or bring the data"
    )
  }

  // MARK: The answer

  private func bytes(_ folder: String, _ name: String) throws -> Data {
    let path = folder + "/" + name
    do {
      return try Data(contentsOf: URL(filePath: path))
    } catch {
      throw CommandFailure(.missing, "\(path): cannot be read: \(FileFailure.reason(error, path: path))")
    }
  }

  private func tell(_ trial: TrialResult, _ before: Data, _ now: Data, _ report: RunReport) throws {
    let isEqual = before == now
    let digests = (SHA256.hash(data: before), SHA256.hash(data: now))
    let title = "\(trial.name), seed \(trial.seed): \(trial.model)"
    if json {
      Console.print(
        SettingsNode(mapping: [
          "schema": 1.node, "row": trial.name.node, "seed": Int(clamping: trial.seed).node,
          "equal": isEqual.node,
          "bytes": before.count.node, "sha256": Array(digests.0).hexadecimal.node,
          "bytesAgain": now.count.node, "sha256Again": Array(digests.1).hexadecimal.node,
        ]).prettyJSON)
    }
    if isEqual {
      if !json {
        Console.print("\(title) is equal: \(before.count) bytes, SHA-256 \(Array(digests.0).hexadecimal)")
      }
      return
    }
    let first = zip(before, now).enumerated().first { $0.element.0 != $0.element.1 }?.offset
    throw CommandFailure(
      .negative,
      "\(title) differs from the recorded file from byte \((first ?? min(before.count, now.count)) + 1) on (\(before.count) "
        + "and \(now.count) bytes)" + Self.differences(report.machine))
  }

  /// The recorded description of the machine, if this machine differs from it.
  private static func differences(_ recorded: [String]) -> String {
    let present = Machine.current.description.split(separator: "\n").map(String.init)
    guard !recorded.isEmpty, recorded != present else {
      return "; libraries of other versions round otherwise: condense doctor names them"
    }
    return
      "; the run is of \(recorded.joined(separator: "; ")), this is \(present.joined(separator: "; ")): other processors and "
      + "libraries of other versions may round otherwise"
  }
}
