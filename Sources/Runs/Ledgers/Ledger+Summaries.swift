import GRDB
public import Metrics

/// One line of a list of trials: the main figures of a result.
public struct TrialSummary: Sendable, Equatable {
  /// The metric that `value` is of; `nil` where this program does not know it.
  public var metric: MetricKind?
  /// The metric on test images, 0…1.
  public var value: Double
  /// The size of the model's file in bytes.
  public var fileBytes: Int
  /// Multiply-adds per image.
  public var multiplyAdds: Int
}

extension Ledger {
  /// Summaries of all results, by address; the rest of each result is not read.
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
