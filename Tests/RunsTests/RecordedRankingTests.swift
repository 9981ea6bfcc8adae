import Foundation
import Readings
import Testing

@testable import Runs

@Suite("Rankings of before")
struct RecordedRankingTests {
  @Test(
    "what an earlier program wrote is read, and written again to the byte",
    arguments: ["quickstart-ranking.json", "quickstart-avx2-ranking.json"])
  func recorded(_ name: String) throws {
    let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let path = checkout.appending(path: "Benchmarks/\(name)").path
    let ranking = try Ranking.read(path)
    #expect(ranking.students.contains { $0.targets.values.contains { $0.isSimulated } })
    #expect(try ranking.json() == Data(contentsOf: URL(filePath: path)))
  }
}
