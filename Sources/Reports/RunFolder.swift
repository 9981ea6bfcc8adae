import Foundation
import Runs
import Settings

/// A run's directory, which is read for its report.
public struct RunFolder: Sendable {
  private let path: String

  /// Takes the directory at a path.
  public init(path: String) {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  /// The ranking, results and curves in the directory.
  ///
  /// `families` are the families of methods, by the methods' names.
  public func report(families: [String: String] = [:]) throws(ReportError) -> RunReport {
    try requireFolder()
    let (ranking, rankedAnew) = try ranking()
    let recipe = try? String(contentsOfFile: path + "/recipe.yaml", encoding: .utf8)
    let (kept, message) = fromLedger()
    let trials = if let kept { kept.trials } else { try fromFolders() }
    var report = RunReport(
      ranking: ranking, trials: trials.map(\.result), curves: trials.compactMap(curve), recipe: recipe,
      machine: kept?.machine ?? [], families: families)
    report.folders = Dictionary(
      trials.map { ($0.result.address, folder(of: $0)) }, uniquingKeysWith: { first, _ in first })
    report.messages = [rankedAnew, message].compactMap(\.self)
    return report
  }

  private typealias Kept = (trials: [FinishedTrial], machine: [String])

  /// The present recipe's trials under their present names, and the machine; a message if the ledger cannot
  /// be read.
  private func fromLedger() -> (kept: Kept?, message: String?) {
    guard FileManager.default.fileExists(atPath: path + "/" + Ledger.fileName) else {
      return (nil, "\(path)/\(Ledger.fileName) is not there: the report is made from the trials' directories")
    }
    do {
      let ledger = try Ledger(reading: path)
      let present = Set(try ledger.presentTrials().map(\.address))
      return ((try ledger.results(of: present), try ledger.machine()), nil)
    } catch {
      return (nil, "\(error); the report is made from the trials' directories")
    }
  }

  /// Every finished trial of the directory, under the name that it was first run with.
  private func fromFolders() throws(ReportError) -> [FinishedTrial] {
    do throws(RunError) {
      return try TrialDirectory.finished(in: path + "/" + Ledger.trialsFolder).map { name throws(RunError) in
        let folder = Ledger.trialsFolder + "/" + name
        let result = try TrialResult.read("\(path)/\(folder)/\(TrialResult.fileName)")
        return FinishedTrial(result: result, directory: folder)
      }
    } catch {
      throw .trial(error)
    }
  }

  private func curve(_ trial: FinishedTrial) -> TrainingCurve? {
    FileManager.default.contents(atPath: folder(of: trial) + "/" + EpochRecord.fileName).map {
      TrainingCurve(name: trial.result.name, seed: trial.result.seed, metrics: $0)
    }
  }

  private func folder(of trial: FinishedTrial) -> String {
    trial.directory.hasPrefix("/") ? trial.directory : path + "/" + trial.directory
  }

  private func requireFolder() throws(ReportError) {
    let isFolder = try? URL(filePath: path).resourceValues(forKeys: [.isDirectoryKey]).isDirectory
    switch isFolder {
    case true?: return
    case nil: throw .notARun(path: path, reason: "no such folder")
    default: throw .notARun(path: path, reason: "it is a file, expected a folder")
    }
  }

  /// The part of `ranking.json` that all schemas share.
  private struct Header: Decodable {
    var schema: Int
    var targetOrder: [String]?
  }

  /// The ranking of the run.
  ///
  /// It is that of `ranking.json`; if the comparison was stopped before, or the file has an older schema, it
  /// is made from the ledger, in the second case with a message.
  private func ranking() throws(ReportError) -> (Ranking, message: String?) {
    let file = path + "/" + Ranking.fileName
    guard FileManager.default.fileExists(atPath: file) else { return (try rankingOfLedger(nil), nil) }
    let data = try data(of: file)
    let header = try decoded(Header.self, Ranking.fileName, from: data)
    let mismatch = "expected schema \(Ranking.schemaVersion), found \(header.schema)"
    if header.schema == Ranking.schemaVersion {
      return (try decoded(Ranking.self, Ranking.fileName, from: data), nil)
    }
    guard header.schema < Ranking.schemaVersion else {
      throw .unreadable(path: file, reason: "\(mismatch); a newer condense reads it")
    }
    guard FileManager.default.fileExists(atPath: path + "/" + Ledger.fileName) else {
      throw .unreadable(
        path: file, reason: "\(mismatch), and without \(Ledger.fileName) it cannot be ranked anew")
    }
    return (
      try rankingOfLedger(header.targetOrder),
      "\(file): an older condense wrote it; ranked anew from the ledger"
    )
  }

  private func rankingOfLedger(_ targets: [String]?) throws(ReportError) -> Ranking {
    guard FileManager.default.fileExists(atPath: path + "/" + Ledger.fileName) else {
      throw .notARun(path: path, reason: "it holds neither ranking.json nor \(Ledger.fileName)")
    }
    do {
      let ledger = try Ledger(reading: path)
      let name = URL(filePath: path).standardizedFileURL.lastPathComponent
      return try ledger.ranking(
        run: name, current: try ledger.presentTrials().map(\.address), targets: targets)
    } catch {
      throw .notARun(path: path, reason: "\(error)")
    }
  }

  private func data(of file: String) throws(ReportError) -> Data {
    do {
      return try Data(contentsOf: URL(filePath: file))
    } catch {
      throw .unreadable(path: file, reason: FileFailure.reason(error, path: file))
    }
  }

  private func decoded<T: Decodable>(_ type: T.Type, _ name: String, from data: Data) throws(ReportError) -> T
  {
    do {
      return try JSONDecoder().decode(T.self, from: data)
    } catch let error as DecodingError {
      throw .unreadable(path: path + "/" + name, reason: DecodingWords.reason(error))
    } catch {
      throw .unreadable(path: path + "/" + name, reason: "it is no JSON")
    }
  }
}

/// The reasons of decoding errors, in words.
enum DecodingWords {
  static func reason(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context): "\(place(context)) lacks \"\(key.stringValue)\""
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      "\(place(context)): expected \(type)"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty ? "it is no JSON" : "\(place(context)): \(context.debugDescription)"
    @unknown default: "it is not what was expected"
    }
  }

  private static func place(_ context: DecodingError.Context) -> String {
    let keys = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
    return keys.isEmpty ? "the file" : keys.joined(separator: ".").replacing(".[", with: "[")
  }
}
