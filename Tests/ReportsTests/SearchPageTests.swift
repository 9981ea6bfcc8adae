import Foundation
import Testing

@testable import ReportSupport
@testable import Reports
@testable import Runs

@Suite("Searches in reports")
struct SearchPageTests {
  private static func search(_ name: String = "front") -> SearchRecord {
    func candidate(_ number: Int, _ values: [Double]?, reason: String? = nil, parent: Int? = nil)
      -> SearchRecord.Candidate
    {
      SearchRecord.Candidate(
        number: number, address: String(repeating: "a", count: 64), settings: "\(name) \(number)",
        values: values, reason: reason, parent: parent)
    }
    return SearchRecord(
      student: name, seed: 0, strategy: "evolution", objectives: ["error", "fileBytes"],
      limits: ["fileBytes": 1000],
      candidates: [
        candidate(1, [0.5, 500]), candidate(2, [0.4, 800], parent: 1), candidate(3, [0.6, 600]),
        candidate(4, [0.1, 2000], reason: "fileBytes: 2000.0, 1000.0 more than 1000.0"),
        candidate(5, nil, reason: "diverged"), candidate(6, [0.5, 250], parent: 2),
      ], rows: ["\(name)-knee": 6])
  }

  @Test(
    "Front, lineage and hypervolumes are those worked by hand; what is outside the limits counts for nothing")
  func record() {
    let search = Self.search()
    #expect(search.reference == [1, 1000])
    // 0.5·0.5; + 0.1·0.2; the third is dominated, the next two do not count; the last has 0.5·0.75 + 0.1·0.2.
    let volumes = [0.25, 0.27, 0.27, 0.27, 0.27, 0.395]
    #expect(zip(search.candidates, volumes).allSatisfy { abs($0.hypervolume - $1) < 1e-12 })
    #expect(search.front.map(\.number) == [2, 6])
  }

  @Test("The page draws front and hypervolume, and its table says what each was derived from and became")
  func page() throws {
    var report = SyntheticRun().report
    #expect(try !ReportPage(report, charts: nil).html.contains("What was searched"))
    report.ranking.searches = [Self.search()]
    let html = try ReportPage(report, charts: nil).html
    let section = try #require(html.range(of: "<section id=\"searches\">"))
    let end = try #require(html.range(of: "</section>", range: section.lowerBound..<html.endIndex))
    let text = html[section.lowerBound..<end.lowerBound]
    #expect(text.contains("error against fileBytes") && text.contains("Hypervolume over candidates"))
    // Five candidates made a student, two of them are on the front.
    #expect(text.components(separatedBy: "<circle ").count - 1 == 5)
    #expect(text.components(separatedBy: "<circle class=\"mark\"").count - 1 == 2)
    #expect(text.contains("<td>6</td><td>0.5</td><td>250</td><td>front 6</td><td>2</td><td>front-knee</td>"))
    #expect(text.contains("dominates 0.3950 of the box between nothing and error 1, fileBytes 1000"))
    let json = String(decoding: try RankingJSON.encode(report.ranking), as: UTF8.self)
    #expect(json.contains("\"hypervolume\" : 0.395"))
    #expect(RankingMarkdown(report).text.contains("## Search: front"))
  }

  @Test("What shared weights are worth stands in page, Markdown and JSON")
  func sharing() throws {
    var report = SyntheticRun().report
    var search = Self.search()
    search.sharing = SearchRecord.Sharing(
      trial: String(repeating: "b", count: 64), epochs: 7,
      pairs: [(1, 0.5, 0.7), (2, 0.6, 0.6), (3, 0.7, 0.8)].map {
        SearchRecord.Sharing.Pair(shared: $0.0, alone: $0.0 + 3, sharedMetric: $0.1, aloneMetric: $0.2)
      })
    report.ranking.searches = [search]
    // Of three pairs two agree: (2 - 1)/3; ranks 1 2 3 and 2 1 3 differ by 1, 1, 0: 1 - 6·2/24.
    let words = "trained for 7 epochs. 3 were trained alone too: Kendall's tau of both metrics is 0.333"
    let html = try ReportPage(report, charts: nil).html
    #expect(
      html.contains("Spearman's rank correlation 0.500")
        || html.contains("Spearman&#39;s rank correlation 0.500"))
    #expect(RankingMarkdown(report).text.replacing("\\", with: "").contains(words))
    let json = String(decoding: try RankingJSON.encode(report.ranking), as: UTF8.self)
    #expect(json.contains("\"kendall\" : 0.333") && json.contains("\"spearman\" : 0.5"))
    let path = FileManager.default.temporaryDirectory.path() + "/condense-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try SearchRecord.write([search], to: path)
    #expect(try SearchRecord.read(path) == [search])
  }

  @Test("Names of a search are words, not elements")
  func hostile() throws {
    var report = SyntheticRun().report
    report.ranking.searches = [Self.search("<script>alert(1)</script>")]
    let html = try ReportPage(report, charts: nil).html
    #expect(!html.contains("<script>alert(1)"))
  }
}
