import Foundation
import Runs
import Settings

/// A run's directory, read for its report.
public struct RunFolder: Sendable {
  private let path: String

  /// The directory at a path.
  public init(path: String) {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  /// The ranking, results and curves that the directory holds.
  public func report(families: [String: String] = [:]) throws(ReportError) -> RunReport {
    try requireFolder()
    let ranking = try ranking()
    guard ranking.schema == 1 else {
      throw .unreadable(
        path: path + "/ranking.json",
        reason: "expected schema 1, found \(ranking.schema); a newer condense reads it")
    }
    var trials: [TrialResult] = []
    var curves: [TrainingCurve] = []
    for folder in trialFolders {
      guard let data = try? Data(contentsOf: URL(filePath: "\(path)/\(folder)/result.json")) else { continue }
      let trial: TrialResult = try decoded(folder + "/result.json", from: data)
      trials.append(trial)
      if let metrics = try? Data(contentsOf: URL(filePath: "\(path)/\(folder)/metrics.jsonl")) {
        curves.append(TrainingCurve(name: trial.name, seed: trial.seed, metrics: metrics))
      }
    }
    let recipe = try? String(contentsOfFile: path + "/recipe.yaml", encoding: .utf8)
    return RunReport(ranking: ranking, trials: trials, curves: curves, recipe: recipe, families: families)
  }

  private func requireFolder() throws(ReportError) {
    let isFolder = try? URL(filePath: path).resourceValues(forKeys: [.isDirectoryKey]).isDirectory
    switch isFolder {
    case true?: return
    case nil: throw .notARun(path: path, reason: "no such folder")
    default: throw .notARun(path: path, reason: "it is a file, expected a folder")
    }
  }

  /// The ranking that the comparison wrote; where it was stopped before, that of all that the ledger knows.
  private func ranking() throws(ReportError) -> Ranking {
    let file = path + "/ranking.json"
    guard FileManager.default.fileExists(atPath: file) else { return try rankingOfLedger() }
    return try decoded("ranking.json", from: try data(of: file))
  }

  private func rankingOfLedger() throws(ReportError) -> Ranking {
    guard FileManager.default.fileExists(atPath: path + "/" + Ledger.fileName) else {
      throw .notARun(path: path, reason: "it holds neither ranking.json nor \(Ledger.fileName)")
    }
    do {
      let ledger = try Ledger(reading: path)
      let name = URL(filePath: path).standardizedFileURL.lastPathComponent
      return try ledger.ranking(run: name, current: try ledger.trials().map(\.address))
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

  /// The trials' directories, by name.
  private var trialFolders: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path + "/trials")) ?? []
    return names.filter { !$0.hasPrefix(".") }.sorted().map { "trials/" + $0 }
  }

  private func decoded<T: Decodable>(_ name: String, from data: Data) throws(ReportError) -> T {
    do {
      return try JSONDecoder().decode(T.self, from: data)
    } catch let error as DecodingError {
      throw .unreadable(path: path + "/" + name, reason: DecodingWords.reason(error))
    } catch {
      throw .unreadable(path: path + "/" + name, reason: "it is no JSON")
    }
  }
}

/// Why JSON is not what it should be, in words.
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
