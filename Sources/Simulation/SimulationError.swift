public import Settings

/// The reason why a network cannot be simulated.
public enum SimulationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The profile names a simulator that does not exist.
  case unknownSimulator(SettingsMark, kind: String, suggestion: String?, known: [String])
  /// Programs that are missing, with the commands that install them.
  case missing(tools: [String], remedy: String)
  /// An exported program that breaks the interface of exported networks.
  case program(name: String, reason: String)
  /// A network that simulators cannot run.
  case unsuitable(String)
  /// A program that ended with a failure.
  case failed(tool: String, status: String, output: String)
  /// A program that was stopped at its time limit.
  case timedOut(tool: String, seconds: Int)
  /// A simulator's report that cannot be believed.
  case report(String)
  /// A file that cannot be read or written.
  case file(path: String, reason: String)

  /// The message: *where: what was found, and what to do*.
  public var description: String {
    switch self {
    case .unknownSimulator(let mark, let kind, let suggestion, let known):
      "\(mark): \"\(kind)\" is no simulator"
        + (suggestion.map { "; did you mean \"\($0)\"?" } ?? ";") + " (\(known.joined(separator: ", ")))"
    case .missing(let tools, let remedy):
      "\(tools.joined(separator: ", ")) \(tools.count == 1 ? "is" : "are") missing; \(remedy)"
    case .program(let name, let reason): "the exported program \(name): \(reason)"
    case .unsuitable(let reason): reason
    case .failed(let tool, let status, let output):
      "\(tool): \(status)" + (output.isEmpty ? "" : ": \(output)")
    case .timedOut(let tool, let seconds): "\(tool): stopped after \(seconds) seconds"
    case .report(let reason): "the simulator's report: \(reason)"
    case .file(let path, let reason): "\(path): \(reason)"
    }
  }
}
