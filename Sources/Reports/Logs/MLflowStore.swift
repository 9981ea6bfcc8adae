import Crypto
import Foundation
import Metrics
import Readings
import Runs
import Settings
import Tensors

extension ReportFormat {
  /// A folder that MLflow's client reads.
  static let mlflow = ReportFormat(
    "mlflow", "a folder that MLflow reads: a run a trial, parameters, metrics by step",
    advice: { directory in
      "read it with MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri \(directory), or move it into a data base "
        + "with mlflow migrate-filestore"
    },
    files: { report, directory in MLflowStore(report, directory).files })
}

/// The file store of MLflow: the run as an experiment, and in it each trial as a run.
///
/// The names of folders derive from the run's name and the trials' addresses. The same report therefore
/// writes the same files again, and several runs can share a folder.
struct MLflowStore {
  private let report: RunReport
  private let root: URL
  private let experiment: String

  init(_ report: RunReport, _ directory: String) {
    self.report = report
    root = URL(filePath: directory).absoluteURL.standardizedFileURL
    let digest = Self.digest("experiment \(report.ranking.run)").prefix(15)
    experiment = UInt64(digest, radix: 16).map(String.init) ?? "1"
  }

  /// All files of the store.
  var files: [ReportFile] {
    let runs = report.trials.map { Run(report, $0, experiment: experiment, root: root) }
    let meta = Self.yaml([
      ("artifact_location", .text(root.appending(path: experiment).absoluteString)),
      ("creation_time", .number(runs.map(\.start).min() ?? 0)), ("experiment_id", .text(experiment)),
      ("last_update_time", .number(runs.map(\.end).max() ?? 0)), ("lifecycle_stage", .text("active")),
      ("name", .text(report.ranking.run.isEmpty ? experiment : report.ranking.run)),
    ])
    return [ReportFile(path: "\(experiment)/meta.yaml", bytes: meta)] + runs.flatMap(\.files)
  }

  fileprivate enum Value {
    case text(String)
    case number(Int)
    case none
  }

  /// A mapping of scalars in the part of YAML that is JSON.
  fileprivate static func yaml(_ entries: [(key: String, value: Value)]) -> Data {
    let lines = entries.map { key, value in
      let text =
        switch value {
        case .text(let text): TerminalText.printable(text).node.compactJSON
        case .number(let number): "\(number)"
        case .none: "[]"
        }
      return "\(key): \(text)\n"
    }
    return Data(lines.joined().utf8)
  }

  /// The SHA-256 of a text in hexadecimal.
  fileprivate static func digest(_ text: String) -> String {
    Array(SHA256.hash(data: Data(text.utf8))).hexadecimal
  }
}

/// A trial as a run of MLflow.
private struct Run {
  private let trial: TrialResult
  private let epochs: [EpochRecord]
  private let settings: SettingsNode?
  private let experiment: String
  private let root: URL
  private let id: String
  /// The start in milliseconds since 1970.
  let start: Int
  /// The end in milliseconds since 1970.
  let end: Int

  init(_ report: RunReport, _ trial: TrialResult, experiment: String, root: URL) {
    self.trial = trial
    self.experiment = experiment
    self.root = root
    epochs = report.curves.first { $0.name == trial.name && $0.seed == trial.seed }?.epochs ?? []
    id = String(MLflowStore.digest("\(experiment) \(trial.name) \(trial.seed) \(trial.address)").prefix(32))
    let folder = report.folders[trial.address]
    settings = folder.flatMap { try? SettingsNode(contentsOf: $0 + "/spec.json") }
    // A result contains no time, so that equal trials have equal files; the time of its file is taken.
    let written = folder.flatMap {
      try? URL(filePath: $0 + "/" + TrialResult.fileName).resourceValues(forKeys: [
        .contentModificationDateKey
      ])
      .contentModificationDate
    }
    end = Int((written?.timeIntervalSince1970 ?? 0).rounded(.down) * 1_000)
    start = max(0, end - Int(min(max(0, trial.cost.seconds), 1e9) * 1_000))
  }

  var files: [ReportFile] {
    let place = "\(experiment)/\(id)"
    let name = "\(trial.name), seed \(trial.seed)"
    let meta = MLflowStore.yaml([
      ("artifact_uri", .text(root.appending(path: place + "/artifacts").absoluteString)),
      ("end_time", .number(end)), ("entry_point_name", .text("")), ("experiment_id", .text(experiment)),
      ("lifecycle_stage", .text("active")), ("run_id", .text(id)), ("run_name", .text(name)),
      ("run_uuid", .text(id)), ("source_name", .text("condense")), ("source_type", .number(4)),
      ("source_version", .text("")), ("start_time", .number(start)), ("status", .number(3)), ("tags", .none),
      ("user_id", .text("condense")),
    ])
    let tags = [
      ("mlflow.runName", TerminalText.printable(name)), ("mlflow.user", "condense"),
      ("mlflow.source.name", "condense"),
    ]
    return [ReportFile(path: place + "/meta.yaml", bytes: meta)]
      + tags.map { file(place + "/tags", $0, $1) }
      + parameters.sorted { $0.key < $1.key }.map { file(place + "/params", $0.key, $0.value) }
      + metrics(in: place + "/metrics") + artifacts(in: place + "/artifacts")
  }

  private func file(_ folder: String, _ name: String, _ text: String) -> ReportFile {
    ReportFile(path: folder + "/" + Self.name(name), bytes: Data(text.utf8))
  }

  /// A name of the characters that MLflow accepts: letters, digits, `_`, `-` and `.`.
  private static func name(_ text: String) -> String {
    let kept = text.unicodeScalars.map { scalar -> Character in
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
      return isPlain || "_-.".unicodeScalars.contains(scalar) ? Character(scalar) : "_"
    }
    let name = String(kept.prefix(longestName))
    return name.allSatisfy { $0 == "." } ? "_" : name
  }

  /// The longest name that MLflow accepts, in characters.
  private static let longestName = 200
  /// The longest value that MLflow keeps, in characters.
  private static let longestValue = 6_000

  /// The trial's result and specification, as artifacts of the run.
  private func artifacts(in folder: String) -> [ReportFile] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let result = (try? encoder.encode(trial)) ?? Data()
    let specification = settings.map {
      ReportFile(path: folder + "/spec.json", bytes: Data($0.prettyJSON.utf8))
    }
    return [ReportFile(path: folder + "/" + TrialResult.fileName, bytes: result)]
      + [specification].compactMap(\.self)
  }

  // MARK: Parameters

  /// The trial's parameters, each name once.
  private var parameters: [String: String] {
    var found: [(String, String)] = [
      ("role", trial.role.rawValue), ("seed", "\(trial.seed)"), ("address", trial.address),
      ("methods", trial.methods.joined(separator: ", ")), ("bits", trial.bits),
      ("controlOf", trial.controlOf.joined(separator: ", ")), ("threads", "\(trial.threads)"),
      ("precision", trial.precision), ("instructionSet", trial.instructionSet),
      ("task", trial.accuracy.task), ("model", trial.model),
    ]
    if let settings {
      found.append(("data", Self.text(settings["data"])))
      if case .list(let stages)? = settings["stages"]?.content {
        for (number, stage) in stages.enumerated() {
          found += Self.leaves(of: stage, "stage\(number + 1)")
        }
      }
    }
    return Dictionary(
      found.map { (Self.name($0.0), String(TerminalText.printable($0.1).prefix(Self.longestValue))) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The settings below a node, by their keys joined with points.
  private static func leaves(of node: SettingsNode, _ name: String) -> [(String, String)] {
    switch node.content {
    case .mapping(let entries): entries.flatMap { leaves(of: $0.value, name + "." + $0.key) }
    case .null: []
    default: [(name, text(node))]
    }
  }

  private static func text(_ node: SettingsNode?) -> String {
    guard let node else { return "" }
    if case .string(let text) = node.content { return text }
    return node.compactJSON
  }

  // MARK: Metrics

  /// A file for each metric with a line for each step: the time, the value and the step.
  private func metrics(in folder: String) -> [ReportFile] {
    var lines: [String: String] = [:]
    func add(_ name: String, _ value: Double?, step: Int, at time: Int) {
      guard let value, value.isFinite else { return }
      lines[Self.name(name), default: ""] += "\(time) \(value) \(step)\n"
    }
    for (number, epoch) in epochs.enumerated() {
      let time = start + (end - start) * (number + 1) / (epochs.count + 1)
      let metric = epoch.metric ?? trial.accuracy.metric
      for (name, value) in [
        ("loss", epoch.loss), ("validationLoss", epoch.validationLoss), (metric.key, epoch.value),
        (metric.validationKey, epoch.validation), ("rate", epoch.rate),
        ("weights", epoch.weights.map(Double.init)),
      ] { add(name, value, step: number + 1, at: time) }
    }
    for (name, value) in found { add(name, value, step: epochs.count, at: end) }
    return lines.sorted { $0.key < $1.key }.map { file(folder, $0.key, $0.value) }
  }

  /// The final figures of the trial.
  private var found: [(String, Double?)] {
    let metric = trial.accuracy.metric.key
    let own: [(String, Double?)] = [
      ("test" + metric.prefix(1).uppercased() + metric.dropFirst(), trial.accuracy.value),
      ("fileBytes", Double(trial.size.fileBytes)), ("codedBytes", Double(trial.size.codedBytes)),
      ("parameters", Double(trial.parameters)), ("nonZeros", Double(trial.nonZeros)),
      ("multiplyAdds", Double(trial.multiplyAdds)), ("trainingImages", Double(trial.cost.trainingImages)),
      ("trainingSeconds", trial.cost.seconds),
    ]
    let readings = trial.targets.sorted { $0.key < $1.key }.flatMap { target, reading in
      reading.figures.map { ("\(target).\($0.key.name)", Optional($0.value.value)) }
    }
    return own + readings
  }
}
