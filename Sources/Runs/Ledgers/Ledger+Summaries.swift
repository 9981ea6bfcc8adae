import GRDB
public import Metrics

/// A trial's result in a line: what a list of trials shows.
public struct TrialSummary: Sendable, Equatable {
  /// What the value is of; `nil` where this program does not know it.
  public var metric: MetricKind?
  /// The metric on test images, 0…1.
  public var value: Double
  public var fileBytes: Int
  public var multiplyAdds: Int
}

extension Ledger {
  /// The results in a line each, by address; nothing of the rest of them is read.
  public func summaries() throws(RunError) -> [String: TrialSummary] {
    let rows = try read {
      try Row.fetchAll($0, sql: "SELECT address, metric, value, fileBytes, multiplyAdds FROM results")
    }
    return Dictionary(
      rows.map { row in
        let metric: String = row["metric"]
        return (
          row["address"],
          TrialSummary(
            metric: MetricKind.all.first { $0.key == metric }, value: row["value"],
            fileBytes: row["fileBytes"], multiplyAdds: row["multiplyAdds"])
        )
      }, uniquingKeysWith: { first, _ in first })
  }
}
