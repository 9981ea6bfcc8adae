import ArgumentParser
import Export
import Foundation
import Graphs
import Readings
import Settings
import Simulation
import Targets
import Tensors

/// The command `condense targets`: the group of commands for hardware profiles.
struct TargetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "targets", abstract: "Fit a hardware profile to readings of a real board.",
    subcommands: [TargetsRefitCommand.self])
}

/// The command `condense targets refit`: writes a profile with constants that fit the readings of a board.
struct TargetsRefitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refit",
    abstract: "Write a profile whose two constants, cycles and energy, fit readings of a real board.",
    discussion: """
      FILE.csv names its columns in the first line: latencyMs, measured; and model, a file that is estimated anew, or \
      estimatedMs, what the profile gave; energyMicrojoules may be there. The least squares of logarithms decide; the \
      interval becomes that in which 95 of 100 further readings lie, where that is narrower.
      """)

  @Option(help: "The profile to start from: a name or a path.")
  var target: String

  @Option(help: "The readings, a CSV file.")
  var readings: String

  @Option(help: "The profile to write, such as Recipes/targets/my-board.yaml.")
  var out: String

  func run() throws {
    let profile = try failing(.badInput) {
      try TargetProfile.named(target, searching: Locations.folders("Recipes/targets"))
    }
    try failing(.badInput) { try profile.requireSimulator() }
    let readings = try failing(.badInput) { try BoardReadings(contentsOf: self.readings) }
    guard out.hasSuffix(".yaml") else {
      throw CommandFailure(.usage, "--out must end with .yaml, found \"\(out)\"")
    }
    let folder = URL(filePath: out).deletingLastPathComponent().path
    guard FileManager.default.fileExists(atPath: folder + "/.") else {
      throw CommandFailure(.badInput, "\(out): the folder \(folder) does not exist; make it first")
    }
    guard !FileManager.default.fileExists(atPath: out) else {
      throw CommandFailure(.badInput, "\(out): is there already; remove it, or choose another --out")
    }
    let estimates = try readings.entries.map { try estimate($0, profile) }
    let refit = ProfileRefit(estimates, of: profile)
    let source = "\(readings.entries.count.counted("reading")) of \(self.readings)"
    let refitted = refit.refitted(profile, source: self.readings)
    let text = refitted.yaml(comment: "\(profile.name), fitted to \(source) by condense targets refit.")
    try failing(.badInput) { try requireReadable(text) }
    do {
      try WholeFile.write(Array(text.utf8), to: out)
    } catch {
      throw CommandFailure(.internal, "\(out): cannot be written: \(error)")
    }
    for line in Self.summary(refit, profile) { Console.print(line) }
    if refit.simulated != nil, let simulator = profile.simulator, refitted.simulator == simulator {
      Console.note(
        "the simulator \(simulator.kind) of \(profile.name) has no factors: simulated latencies stay as they were"
      )
    }
    Console.print("wrote \(out)")
  }

  /// Refuses constants that no profile may have, which come from readings in other units than the columns
  /// name.
  private func requireReadable(_ text: String) throws {
    do throws(TargetError) {
      let refitted = try TargetProfile(yaml: text, path: out)
      try refitted.requireSimulator()
    } catch {
      throw CommandFailure(
        .badInput,
        "\(readings): gives no profile: \(error); are latencies in milliseconds and energies in microjoules?")
    }
  }

  /// A reading with the profile's estimates for its model.
  private func estimate(
    _ entry: BoardReadings.Entry, _ profile: TargetProfile
  ) throws -> (entry: BoardReadings.Entry, analyticMs: Double?, simulatedMs: Double?) {
    guard let path = entry.model else { return (entry, entry.estimatedMs, entry.estimatedMs) }
    let place = "\(readings):\(entry.line): "
    let measured = entry.reading[.latency]?.value
    do {
      let model = try ModelReader.read(path, ImportOptions(needsNormalization: false)).model
      let bytes = try TargetProfile.storedBytes(of: model.graph)
      let analytic = try profile.estimate(model.graph, flashBytes: bytes, measuredLatencyMs: measured)
      let size = model.input.shape.count
      let simulated = try TargetMeter.forCommands.waitForReading(
        model, flashBytes: bytes, on: profile, images: [Array(repeating: 0, count: size)],
        measuredLatencyMs: measured
      ).reading
      return (
        entry, analytic[.latency]?.value, simulated.isSimulated ? simulated[.latency]?.value : nil
      )
    } catch {
      throw CommandFailure(.badInput, place + "\(error)")
    }
  }

  /// The results of the fit, one on each line.
  private static func summary(_ refit: ProfileRefit, _ profile: TargetProfile) -> [String] {
    func line(_ what: String, _ fit: ProfileRefit.Fit?) -> String? {
      fit.map { fit in
        let spread = fit.spread.map { String(format: ", further readings within ×/÷ %.3g", $0) } ?? ""
        return what + String(format: " %.4g", fit.value) + " over \(fit.count.counted("reading"))" + spread
      }
    }
    let energy = profile.watts == nil ? "nanojoules a cycle:" : "watts:"
    return [
      line("measured by estimated latency:", refit.analytic),
      line("measured by simulated latency:", refit.simulated), line(energy, refit.energy),
    ].compactMap(\.self)
  }
}
