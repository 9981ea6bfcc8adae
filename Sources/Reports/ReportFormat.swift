public import Foundation
public import Runs
import Settings

/// A file of a report: its path in the output folder, and its bytes.
struct ReportFile: Sendable {
  let path: String
  let bytes: Data
}

/// A format of a run's report; one more is one file and one line in `all`.
public struct ReportFormat: Sendable {
  /// The name as users write it, such as `latex`.
  public let name: String
  /// A short description of the format.
  public let meaning: String
  /// The name of the file that every report contains; `nil` for formats that are written on request.
  public let standardName: String?
  /// A hint for the use of the files in a directory; `nil` where none is needed.
  public let advice: @Sendable (_ directory: String) -> String?
  let files: @Sendable (RunReport, _ charts: ChartLibrary?, _ directory: String) throws -> [ReportFile]

  /// Makes a format of one file that every report contains.
  init(
    _ name: String, file: String, _ meaning: String,
    bytes: @escaping @Sendable (RunReport, ChartLibrary?) throws -> Data
  ) {
    self.name = name
    self.meaning = meaning
    standardName = file
    advice = { _ in nil }
    files = { report, charts, _ in [ReportFile(path: file, bytes: try bytes(report, charts))] }
  }

  /// Makes a format that is written on request.
  init(
    _ name: String, _ meaning: String, advice: @escaping @Sendable (_ directory: String) -> String?,
    files: @escaping @Sendable (RunReport, _ directory: String) throws -> [ReportFile]
  ) {
    self.name = name
    self.meaning = meaning
    standardName = nil
    self.advice = advice
    self.files = { report, _, directory in try files(report, directory) }
  }

  /// The formats, in the order in which they are written.
  public static let all = [
    ReportFormat("json", file: Ranking.fileName, "the ranking with all that it rests on") { report, _ in
      try RankingJSON.encode(report.ranking)
    },
    ReportFormat("csv", file: "ranking.csv", "a line a row with every figure, unrounded") { report, _ in
      Data(RankingCSV(report).text.utf8)
    },
    ReportFormat("markdown", file: "ranking.md", "the ranking as GitHub shows it") { report, _ in
      Data(RankingMarkdown(report).text.utf8)
    },
    ReportFormat("svg", file: "picture.svg", "accuracy against flash on the first target") { report, _ in
      Data(report.picture.utf8)
    },
    ReportFormat("html", file: "report.html", "one page that works offline") { report, charts in
      Data(try ReportPage(report, charts: charts).html.utf8)
    },
    latex, mlflow,
  ]

  /// The format of a name; `nil` if there is none.
  public static func named(_ name: String) -> ReportFormat? { all.first { $0.name == name } }

  /// The names of the files that every report contains.
  public static var standardNames: [String] { all.compactMap(\.standardName) }
}

/// The encoding of `ranking.json`.
public enum RankingJSON {
  /// The ranking with sorted keys; throws for a number that is not finite.
  public static func encode(_ ranking: Ranking) throws(ReportError) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return try encoder.encode(ranking) + Data("\n".utf8)
    } catch {
      throw .unwritable(path: "ranking.json", reason: "it holds a number that is infinite or none")
    }
  }
}

extension RunReport {
  /// The bytes of a format with one file.
  package func bytes(of format: ReportFormat) throws -> Data {
    try format.files(self, nil, ".").first?.bytes ?? Data()
  }

  /// Writes every file of the report into a directory; each file is replaced in one step.
  ///
  /// The page has training curves if `charts` is given.
  public func write(to directory: String, charts: ChartLibrary?) throws(ReportError) {
    for format in ReportFormat.all where format.standardName != nil {
      try write(format, to: directory, charts: charts)
    }
  }

  /// Writes the files of one format into a directory, which is made if it is missing.
  public func write(
    _ format: ReportFormat, to directory: String, charts: ChartLibrary?
  ) throws(ReportError) {
    var path = directory
    do {
      for file in try format.files(self, charts, directory) {
        path = directory + "/" + file.path
        let place = URL(filePath: path)
        try FileManager.default.createDirectory(
          at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try file.bytes.write(to: place, options: .atomic)
      }
    } catch let error as ReportError {
      throw error
    } catch {
      throw .unwritable(path: path, reason: FileFailure.reason(error, path: path))
    }
  }
}
