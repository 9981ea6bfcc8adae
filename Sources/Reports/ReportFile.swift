public import Foundation
public import Runs
import Settings

/// A file that a report writes into the run's directory: one more format is one file and one line in `all`.
public struct ReportFile: Sendable {
  /// Its name in the directory.
  public let name: String
  let bytes: @Sendable (RunReport, ChartLibrary?) throws -> Data

  /// The files, in the order in which they are written.
  public static let all = [
    ReportFile(name: Ranking.fileName) { report, _ in try RankingJSON.encode(report.ranking) },
    ReportFile(name: "ranking.csv") { report, _ in Data(RankingCSV(report).text.utf8) },
    ReportFile(name: "ranking.md") { report, _ in Data(RankingMarkdown(report).text.utf8) },
    ReportFile(name: "picture.svg") { report, _ in Data(report.picture.utf8) },
    ReportFile(name: "report.html") { report, charts in Data(try ReportPage(report, charts: charts).html.utf8)
    },
  ]
}

/// `ranking.json`.
public enum RankingJSON {
  /// The ranking with sorted keys; a number that JSON cannot hold is an error.
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
  /// Writes every file of the report into a directory, each whole: a reader sees the old file or the new one.
  ///
  /// The page has training curves where there is a library to draw them.
  public func write(to directory: String, charts: ChartLibrary?) throws(ReportError) {
    for file in ReportFile.all {
      let path = directory + "/" + file.name
      do {
        try file.bytes(self, charts).write(to: URL(filePath: path), options: .atomic)
      } catch let error as ReportError {
        throw error
      } catch {
        throw .unwritable(path: path, reason: FileFailure.reason(error, path: path))
      }
    }
  }
}
