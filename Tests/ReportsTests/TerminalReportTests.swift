import Foundation
import Readings
import Testing

@testable import ReportSupport
@testable import Reports
@testable import Runs

@Suite("The table of the terminal")
struct TerminalReportTests {
  @Test(
    "No line is wider than the terminal, whatever the width and the names",
    arguments: [20, 40, 41, 57, 79, 80, 81, 100, 120, 133, 200, 300])
  func width(width: Int) {
    for run in [SyntheticRun(), SyntheticRun.hostile] {
      let lines = TerminalReport(run.report).lines(width: width)
      for line in lines {
        #expect(TerminalText.columns(line) <= width, "\(line)")
        #expect(line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "\(line)")
      }
    }
  }

  @Test("At 80 columns every row has its accuracy, bytes, latency and energy")
  func eighty() throws {
    let report = SyntheticRun().report
    let lines = TerminalReport(report).lines(width: 80)
    for row in report.rows {
      let line = try #require(
        lines.first {
          $0.hasPrefix(String(row.name.prefix(5))) && $0.contains(row.name.suffix(3)) && $0.contains(" ±")
        })
      #expect(line.contains(Quantity.percent(row.accuracy.mean)))
      #expect(line.contains(Quantity.compact(Double(row.size.fileBytes))))
      let reading = try #require(row.targets["cortex-m4"])
      let (latency, energy) = (try #require(reading[.latency]).value, try #require(reading[.energy]).value)
      #expect(line.contains(Quantity.milliseconds(latency).filter { $0 != " " }))
      #expect(line.contains(Quantity.microjoules(energy).filter { $0 != " " }))
    }
  }

  @Test("With more room come more targets, with less fewer columns, never the accuracy")
  func columnsByWidth() {
    let report = SyntheticRun().report
    func heading(_ width: Int) -> String {
      TerminalReport(report).lines(width: width).first { $0.hasPrefix("name") } ?? ""
    }
    let latencies = [40, 80, 120, 160].map { heading($0).components(separatedBy: "latency").count - 1 }
    #expect(latencies == latencies.sorted())
    #expect(latencies.first == 0 || latencies.first == 1)
    #expect(latencies.last == 3)
    #expect([20, 40, 80, 160].allSatisfy { heading($0).contains("top-1") || $0 < 30 })
  }

  @Test("What to take comes first, then the sentence; controls stand apart; failures have reasons")
  func sections() throws {
    let report = SyntheticRun().report
    let lines = TerminalReport(report).lines(width: 120)
    #expect(lines[0] == "\(report.ranking.decisions[0].target), at most 1 point below the teacher:")
    for choice in report.ranking.decisions.compactMap(\.mostAccurate) {
      #expect(lines.prefix(while: { !$0.hasPrefix("name") }).contains { $0.contains(": \(choice.name), ") })
    }
    #expect(lines.contains { report.ranking.summary.hasPrefix($0) && !$0.isEmpty })
    let controls = try #require(lines.firstIndex { $0.hasPrefix("controls") })
    for row in report.rows {
      let place = try #require(lines.firstIndex { $0.hasPrefix(row.name + " ") })
      #expect((place > controls) == (row.role == "control"), "\(row.name)")
    }
    let text = lines.joined(separator: " ").replacing(/\s+/, with: " ")
    for failure in report.ranking.failed + report.ranking.notRun {
      #expect(text.contains("\(failure.name), seed \(failure.seed): \(failure.reason)"))
    }
  }

  @Test("The legend explains the marks that occur and no other")
  func legend() {
    func signs(_ run: SyntheticRun) -> [String] {
      let text = TerminalReport(run.report).lines(width: 400).last ?? ""
      return Mark.all.map(\.sign).filter {
        text.contains("\($0) ") && text.hasPrefix("\($0) ") || text.contains("; \($0) ")
      }
    }
    #expect(signs(SyntheticRun()) == ["*", "!", "s"])
    var few = SyntheticRun()
    few.seeds = [0]
    #expect(signs(few) == ["*", "!", "~", "s"])
    few.hasTargets = false
    #expect(signs(few) == ["~", "s"])
  }

  @Test("A run without students or teacher still has its lines")
  func empty() {
    let ranking = Ranking(
      run: "r", teacher: nil, students: [], comparisons: [], targets: [:], failed: [], notRun: [],
      summary: "nothing was trained", notes: [])
    let lines = TerminalReport(RunReport(ranking: ranking)).lines(width: 80)
    #expect(lines.first == "nothing was trained")
  }
}

@Suite("Numbers for people")
struct QuantityTests {
  @Test("Three digits count, units follow the size, rounding climbs to the next unit")
  func quantities() {
    #expect(
      [0, 1, 987, 1_000, 12_345, 999_600, 1_234_567].map(Quantity.bytes) == [
        "0 B", "1 B", "987 B", "1 kB", "12.3 kB", "1.00 MB", "1.23 MB",
      ])
    #expect(
      [0.0000456, 0.0456, 12.34, 1_234].map(Quantity.milliseconds) == [
        "45.6 ns", "45.6 µs", "12.3 ms", "1.23 s",
      ])
    #expect(
      [0.0456, 12.34, 1_234, 5e9].map(Quantity.microjoules) == ["45.6 nJ", "12.3 µJ", "1.23 mJ", "5 kJ"])
    #expect([0.9836, 1, 0].map(Quantity.percent) == ["98.36", "100.00", "0.00"])
    #expect([-0.0042, 0.0042, -0.00001].map(Quantity.points) == ["−0.42", "+0.42", "0.00"])
    #expect([nil, 0.0004, 0.0312].map(Quantity.pValue) == ["–", "< 0.001", "0.031"])
  }

  @Test("What is no number is a dash, never nan")
  func noNumbers() {
    for value in [Double.nan, .infinity, -.infinity] {
      #expect(Quantity.milliseconds(value) == "–")
      #expect(Quantity.percent(value) == "–")
      #expect(Quantity.points(value) == "–")
      #expect(Quantity.ratio(value) == "–")
    }
  }
}
