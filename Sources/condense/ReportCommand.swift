import ArgumentParser
import Foundation
import Methods
import Reports
import Runs
import Settings
import Training

/// The command `condense report`: shows the results of a run as a table and writes files to its directory.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract:
      "Report a run: a table here, and ranking.json, ranking.csv, ranking.md, picture.svg, report.html in its directory.",
    discussion: """
      report.html is one file that works offline in any browser. Its training curves need Chart.js (Debian's libjs-chart.js) \
      when the report is made. picture.svg shows accuracy against flash on the first target.

      --format writes one format alone: \(ReportFormat.all.map { "\($0.name) (\($0.meaning))" }.joined(separator: ", ")).
      """)

  @Argument(help: "The directory of a run, as `condense compare` wrote it.")
  var directory: String

  @Option(
    help: "Write this format alone: \(ReportFormat.all.map(\.name).joined(separator: ", "))."
  )
  var format: String?

  @Option(help: "The directory to write to. (default: the run's)")
  var out: String?

  @Flag(help: "Print ranking.json instead of the table.")
  var json = false

  @Option(help: "Percentage points below the teacher that a chosen student may be. (default: the ranking's)")
  var margin: Double?

  func validate() throws {
    try Self.requireMargin(margin)
    guard let format else { return }
    guard ReportFormat.named(format) != nil else {
      let choices = ReportFormat.all.map(\.name).joined(separator: ", ")
      throw ValidationError("--format must be one of \(choices), found \"\(format)\"")
    }
    if json { throw ValidationError("--json prints the ranking; leave it out with --format") }
  }

  static func requireMargin(_ margin: Double?) throws {
    guard let margin, !Ranking.margins.contains(margin / 100) else { return }
    throw ValidationError("--margin must be in 0...100, found \(margin)")
  }

  func run() throws {
    var report = try failing(.badInput) { try RunFolder(path: directory).report(families: Self.families) }
    if let margin { report.ranking = report.ranking.deciding(margin: margin / 100) }
    if let format = format.flatMap(ReportFormat.named) { return try write(report, as: format) }
    try Self.write(report, to: out ?? directory, of: directory, json: json)
  }

  private func write(_ report: RunReport, as format: ReportFormat) throws {
    for message in report.messages { Console.note(message) }
    let folder = out ?? directory
    try failing(.internal) { try report.write(format, to: folder, charts: ChartLibrary.find()) }
    Console.note("wrote \(format.name) to \(folder)")
    if let advice = format.advice(Shell.quoted(folder)) { Console.note(advice) }
  }

  /// Writes the files of a report, and prints its table, or its ranking as JSON.
  static func write(_ report: RunReport, to folder: String, of directory: String, json: Bool) throws {
    for message in report.messages { Console.note(message) }
    let charts = ChartLibrary.find()
    try failing(.internal) { try report.write(to: folder, charts: charts) }
    if json {
      let text = try failing(.internal) { try RankingJSON.encode(report.ranking) }
      Console.print(String(decoding: text.dropLast(), as: UTF8.self))
      return
    }
    for line in TerminalReport(report).lines(width: Console.width) { Console.print(line) }
    if charts == nil {
      Console.note("report.html has no training curves: Chart.js was not found; \(ChartLibrary.remedy)")
    }
    Console.note("wrote \(ReportFormat.standardNames.joined(separator: ", ")) to \(folder)")
    if let best = report.rows.first(where: { $0.role == "student" }) {
      Console.note(
        "a row's file is \(directory)/ROW to other commands: condense export \(Shell.quoted("\(directory)/\(best.name)"))"
          + " --format c --out DIR")
    }
  }

  /// The family of every method and of every objective that learns from a teacher.
  static var families: [String: String] {
    let methods = MethodCatalogue.all.map { ($0.name, $0.family.rawValue) }
    let objectives = DistillerCatalogue.all.map { $0.name }.filter { $0 != Supervised.name }
    return Dictionary(
      methods + objectives.map { ($0, MethodFamily.distillation.rawValue) },
      uniquingKeysWith: { first, _ in first })
  }
}
