/// Why a report cannot be made.
public enum ReportError: Error, Sendable, Equatable, CustomStringConvertible {
  case unwritable(path: String, reason: String)
  case missingCharts(searched: [String])

  /// *where: what; what to do*.
  public var description: String {
    switch self {
    case .unwritable(let path, let reason): "\(path): cannot be written: \(reason)"
    case .missingCharts(let searched):
      "Chart.js was not found in \(searched.joined(separator: ", ")); install libjs-chart.js"
    }
  }
}
