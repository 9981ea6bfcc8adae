import Metrics
public import Readings
import Runs
import Settings

/// A quantity that a search can minimize or limit.
///
/// It is the error on validation images, the size of the file, or a resource of a target.
public enum SearchQuantity: Sendable, Hashable {
  /// The distance of the metric on validation images from its best possible value, 0…1.
  case error
  /// The size of the student's file in bytes.
  case fileBytes
  /// A resource of a target, in the resource's unit.
  case resource(Resource, target: String)

  /// The resources that searches can use, by their keys in recipes and specifications.
  public static let resources: [(key: String, resource: Resource)] =
    TrialGoal.limitable + [("latencyMs", .latency)]

  /// Reads `error`, `fileBytes` or `TARGET.RESOURCE`, such as `uno.ramBytes`; `nil` for other words.
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

  /// The word for the quantity in recipes.
  public var name: String {
    switch self {
    case .error: "error"
    case .fileBytes: "fileBytes"
    case .resource(let resource, let target):
      "\(target).\(Self.resources.first { $0.resource == resource }?.key ?? resource.name)"
    }
  }

  /// The target of a resource; `nil` for other quantities.
  public var target: String? { if case .resource(_, let target) = self { target } else { nil } }

  /// The candidate's value of the quantity, smaller being better; `nil` if it is unknown.
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
  /// Makes a mapping of quantities' names to amounts, sorted by name.
  init(named amounts: [SearchQuantity: Double]) { self.init(sorting: amounts.map { ($0.name, $1.node) }) }

  /// Makes a mapping sorted by key.
  init(sorting entries: [(key: String, value: SettingsNode)]) {
    let mark = SettingsMark(source: "built-in")
    self.init(
      .mapping(
        entries.sorted { $0.key < $1.key }.map { Entry(key: $0.key, mark: mark, value: $0.value) }))
  }
}
