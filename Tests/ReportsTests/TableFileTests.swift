import Foundation
import Metrics
import Readings
import Testing

@testable import ReportSupport
@testable import Reports
@testable import Runs

@Suite("ranking.csv, ranking.md, ranking.json")
struct TableFileTests {
  static let runs = [SyntheticRun(), SyntheticRun.hostile]

  @Test("The CSV reads back to every name and number of the ranking", arguments: 0..<2)
  func csv(run: Int) throws {
    let report = Self.runs[run].report
    let parsed = ParsedCSV(RankingCSV(report).text)
    let head = try #require(parsed.lines.first)
    #expect(parsed.lines.count == report.rows.count + 1)
    for (line, row) in zip(parsed.lines.dropFirst(), report.rows) {
      #expect(line.count == head.count)
      let fields = Dictionary(zip(head, line), uniquingKeysWith: { first, _ in first })
      #expect(fields["name"] == row.name)
      #expect(fields["methods"] == row.methods.joined(separator: ";"))
      #expect(fields["top1Mean"].flatMap(Double.init) == row.accuracy.mean)
      #expect(fields["top1Sd"].flatMap(Double.init) == row.accuracy.sd)
      #expect(fields["againstTeacherPValue"].flatMap(Double.init) == row.againstTeacher?.pValue)
      #expect(fields["codedBytes"].flatMap(Int.init) == row.size.codedBytes)
      for (target, reading) in row.targets {
        #expect(fields["\(target).energyMicrojoules"].flatMap(Double.init) == reading[.energy]?.value)
        #expect(fields["\(target).fits"] == "\(reading.fits)")
        #expect(fields["\(target).reason"] == reading.reason ?? "")
      }
    }
  }

  @Test("Every row of a Markdown table has the cells of its head", arguments: 0..<2)
  func markdown(run: Int) {
    let report = Self.runs[run].report
    let lines = RankingMarkdown(report).text.components(separatedBy: "\n")
    let tables = lines.split { !$0.hasPrefix("|") }.map(Array.init)
    #expect(tables.count == 2 + report.targets.count)
    #expect(tables.first?.count == report.rows.count + 2)
    for table in tables {
      let cells = table.map { $0.matches(of: /(\\\\|\\\||[^|])*\|/).count - 1 }
      #expect(Set(cells).count == 1, "\(table[0]): \(cells)")
    }
    for line in lines {
      #expect(!line.contains("<"), "\(line)")
    }
  }

  @Test("The JSON decodes to the ranking that it was made of", arguments: 0..<2)
  func json(run: Int) throws {
    let ranking = Self.runs[run].report.ranking
    #expect(try JSONDecoder().decode(Ranking.self, from: RankingJSON.encode(ranking)) == ranking)
  }

  @Test("A number that JSON cannot hold is refused in words")
  func notANumber() {
    var ranking = SyntheticRun().report.ranking
    ranking.students[0].accuracy.mean = .nan
    #expect(throws: ReportError.self) { try RankingJSON.encode(ranking) }
  }

  @Test("Curves are read line by line; a torn last line is passed over")
  func curves() {
    let text = """
      {"epoch":1,"loss":2.5,"top1":0.3,"validationLoss":null,"validationTop1":null,"rate":0.1,"seconds":1}
      {"epoch":2,"stage":"logits","loss":1.5,"top1":0.5,"validationLoss":1.25,"validationTop1":0.625}
      {"epoch":3,"lo
      """
    let curve = TrainingCurve(name: "a", seed: 3, metrics: Data(text.utf8))
    #expect(
      curve.epochs == [
        EpochRecord(
          epoch: 1, loss: 2.5, metric: Top1Accuracy.kind, value: 0.3, validationLoss: nil, validation: nil,
          rate: 0.1),
        EpochRecord(
          epoch: 2, stage: "logits", loss: 1.5, metric: Top1Accuracy.kind, value: 0.5, validationLoss: 1.25,
          validation: 0.625),
      ])
  }
}
