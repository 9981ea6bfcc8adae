public import Graphs
public import Settings

/// The reason why a target, or an estimate on it, is refused.
public enum TargetError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Invalid settings of a profile.
  case settings(SettingsError)
  /// A network that cannot be estimated.
  case graph(GraphError)
  /// A target that does not exist, with the nearest known name.
  case unknown(String, suggestion: String?, known: [String], searched: [String])
  /// A measured profile without a measurement.
  case needsMeasurement(target: String)
  /// A simulator that is unknown or refuses its settings.
  case simulator(reason: String)
  /// A file of measurements that is invalid.
  case readings(path: String, line: Int?, reason: String)

  /// The message: *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .settings(let error): "\(error)"
    case .graph(let error): "\(error)"
    case .unknown(let name, let suggestion, let known, let searched):
      "\"\(name)\" is no target" + (suggestion.map { "; did you mean \"\($0)\"?" } ?? ";")
        + (!known.isEmpty
          ? " (\(known.joined(separator: ", ")))"
          : searched.isEmpty
            ? " no folder of profiles was found; set CONDENSE_HOME to Condense's folder, or give a profile's path"
            : " no profiles in \(searched.joined(separator: ", "))")
    case .simulator(let reason): reason
    case .readings(let path, let line, let reason):
      "\(path)\(line.map { ":\($0)" } ?? ""): \(reason)"
    case .needsMeasurement(let target):
      "\(target): its latency is measured, not modelled; run the network and give the milliseconds of an image"
    }
  }
}
