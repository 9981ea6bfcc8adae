import Metrics
public import Readings
import Runs
import Settings

/// What a search may make little of, or hold under a limit: the error on validation images, the file's bytes, or a resource of a
/// target.
public enum SearchQuantity: Sendable, Hashable {
  /// How far the metric on validation images is from the best there could be, 0…1.
  case error
  /// Bytes of the student's file.
  case fileBytes
  /// So much of a target's resource, in its unit.
  case resource(Resource, target: String)

  /// The resources of a target that searches know, by their keys in recipes and specifications.
  public static let resources: [(key: String, resource: Resource)] =
    TrialGoal.limitable + [("latencyMs", .latency)]

  /// `error`, `fileBytes` or `TARGET.RESOURCE`, such as `uno.ramBytes`; `nil` for any other word.
  public init?(named name: String) {
    if name == "error" {
      self = .error
    } else if name == "fileBytes" {
      self = .fileBytes
    } else {
      guard let dot = name.lastIndex(of: "."), dot > name.startIndex,
        let known = Self.resources.first(where: { $0.key == name[name.index(after: dot)...] })
      else { return nil }
      self = .resource(known.resource, target: String(name[..<dot]))
    }
  }

  /// The word that names it.
  public var name: String {
    switch self {
    case .error: "error"
    case .fileBytes: "fileBytes"
    case .resource(let resource, let target):
      "\(target).\(Self.resources.first { $0.resource == resource }?.key ?? resource.name)"
    }
  }

  /// The target that it is read on.
  public var target: String? { if case .resource(_, let target) = self { target } else { nil } }

  /// How much of it a candidate takes; `nil` where that is not known.
  func value(of candidate: CandidateResult) -> Double? {
    switch self {
    case .error: candidate.validation.map { candidate.metric.shortfall(of: $0) }
    case .fileBytes: candidate.failure == nil ? Double(candidate.fileBytes) : nil
    case .resource(let resource, let target):
      (candidate.readings?[target] ?? candidate.reading)?[resource].map { resource.cost($0.value) }
    }
  }
}

extension SettingsNode {
  /// Amounts of quantities by name, in the names' order.
  init(named amounts: [SearchQuantity: Double]) { self.init(sorting: amounts.map { ($0.name, $1.node) }) }

  /// A mapping in the order of its keys.
  init(sorting entries: [(key: String, value: SettingsNode)]) {
    let mark = SettingsMark(source: "built-in")
    self.init(
      .mapping(
        entries.sorted { $0.key < $1.key }.map { Entry(key: $0.key, mark: mark, value: $0.value) }))
  }
}
