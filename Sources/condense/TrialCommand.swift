import ArgumentParser
import CProcess
import DNNL
import Datasets
import Dispatch
import Execution
import Foundation
import Recipes
import Runs
import Settings
import Simulation
import Trials

/// The command `condense trial`: runs one trial of a comparison.
///
/// The child processes of a comparison and the jobs of a cluster call it.
struct TrialCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trial",
    abstract: "Run one trial of a comparison from its specification; `compare` calls it.",
    discussion: """
      Fills the directory and exits; of a finished trial it takes the readings on targets that were added or changed \
      since. It ends at once when its standard input closes, so that it never outlives whoever \
      started it; with --detached it goes on to its end, as a job of a cluster does. On an instruction set or an engine other than \
      the specification says it does not run, and exits with 69.
      """)

  @Argument(help: "The specification: spec.json of a trial's directory.")
  var spec: String

  @Option(help: "The trial's directory; it appears when the trial is done.")
  var out: String

  @Flag(help: "Go on when the standard input closes.")
  var detached = false

  func run() throws {
    let node = try failing(.badInput) { try SettingsNode(contentsOf: self.spec) }
    let spec = try failing(.badInput) { try TrialSpec(from: node) }
    try PrecisionChoice(rawValue: spec.precision.rawValue)?.requireSupport(at: self.spec)
    condense_prepare_compute()
    if !detached { Self.endWithStandardInput() }
    let folder = URL(filePath: out).deletingLastPathComponent().path
    let signals = StopSignals()
    let environment = TrialEnvironment(
      backend: DNNLBackend(), datasetOptions: .forCommands,
      targetFolders: Locations.folders("Recipes/targets"),
      meter: .forCommands, note: { Console.print($0) },
      shouldStop: { signals.isStopping })
    do {
      try failing(.badInput) { try spec.requireMachine(of: environment.backend) }
      try requireAddress(node, of: spec)
      try perform(spec, in: folder, environment)
    } catch  where error.isStop {
      throw CommandFailure(
        signals.status, "stopped; the comparison goes on from here when it is called again")
    }
  }

  private func perform(_ spec: TrialSpec, in folder: String, _ environment: TrialEnvironment) throws {
    let trials = TrialFolder(path: folder)
    // A finished trial may lie under an earlier name of its student.
    if trials.isDone(spec) {
      guard spec.role.isRow, let finished = trials.directory(of: spec.address) else { return }
      return try failing(.badInput) { try TrialRereading(spec, directory: finished, environment).run() }
    }
    guard let filling = try failing(.badInput, { try trials.place(of: spec).begin() }) else { return }
    let written =
      spec.role == .candidate
      ? (try? CandidateResult.read(filling.path + "/" + CandidateResult.fileName))?.address
      : (try? TrialResult.read(filling.path + "/" + TrialFolder.result))?.address
    do {
      // A process that was killed before its last step has left a result.
      if written != spec.address {
        _ = try TrialRunner(spec, directory: filling.path, environment).run()
      }
    } catch  where error.isStop {
      throw error
    } catch {
      throw CommandFailure(.badInput, error)
    }
    try failing(.internal) { try filling.finish() }
  }

  /// Refuses a specification whose stated address differs from the computed one, as methods of other
  /// revisions cause.
  private func requireAddress(_ node: SettingsNode, of spec: TrialSpec) throws {
    guard let stated = node["address"], stated.content != spec.address.node.content else { return }
    throw CommandFailure(
      .missing,
      "\(stated.mark): expected the address \(stated.compactJSON), found \(spec.address.prefix(12))…: the specification was "
        + "changed, or its methods are of other revisions here; let condense compare plan it anew")
  }

  /// Ends the process when its standard input closes, that is, when its parent is gone; the trial will be run
  /// again.
  private static func endWithStandardInput() {
    Thread.detachNewThread {
      while let data = try? FileHandle.standardInput.read(upToCount: 4096), !data.isEmpty {}
      _exit(CommandFailure.Status.terminated.rawValue)
    }
  }
}

extension Error {
  /// True if a trial ended because it was asked to stop.
  fileprivate var isStop: Bool { if case .stopped = underlying(as: TrialError.self) { true } else { false } }
}
