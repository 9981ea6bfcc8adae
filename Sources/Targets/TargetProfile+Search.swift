import Foundation
import Readings
import Settings

extension TargetProfile {
  /// Reads a profile from a file; its name is the file's.
  public init(contentsOf path: String) throws(TargetError) {
    do throws(SettingsError) {
      try self.init(checking: SettingsNode(contentsOf: path), path: path)
    } catch {
      throw .settings(error)
    }
  }

  /// Reads a profile from text; the path is for its name and for messages.
  public init(yaml text: String, path: String) throws(TargetError) {
    do throws(SettingsError) {
      try self.init(checking: SettingsNode(yaml: text, source: path), path: path)
    } catch {
      throw .settings(error)
    }
  }

  private init(checking node: SettingsNode, path: String) throws(SettingsError) {
    self = try TargetProfile(from: node, owner: "a target")
    try requireConsistency(node.mark)
    name = NamedFiles.name(ofPath: path)
  }

  /// The profile of a path (with a slash or `.yaml`), or of a file's name in `directories`.
  public static func named(_ name: String, searching directories: [String]) throws(TargetError)
    -> TargetProfile
  {
    if NamedFiles.isPath(name) { return try TargetProfile(contentsOf: name) }
    let files = NamedFiles(in: directories)
    if let path = files.path(of: name) { return try TargetProfile(contentsOf: path) }
    let known = files.names.sorted()
    throw .unknown(
      name, suggestion: Spelling.nearest(to: name, among: known), known: known, searched: directories)
  }

  /// Every profile in the folders, sorted by name; of two with one name, the first folder's.
  public static func all(in directories: [String]) throws(TargetError) -> [TargetProfile] {
    var profiles: [TargetProfile] = []
    for file in NamedFiles(in: directories).all { profiles.append(try TargetProfile(contentsOf: file.path)) }
    return profiles.sorted { $0.name < $1.name }
  }

  /// Throws for constants that contradict each other.
  private func requireConsistency(_ mark: SettingsMark) throws(SettingsError) {
    guard clockMHz.value >= Self.slowestClock else {
      throw .outOfRange(
        mark, key: "clockMHz", expected: "at least \(Self.slowestClock) (a cycle a second)",
        found: "\(clockMHz.value)")
    }
    guard latencyLow.value > 0, latencyLow.value <= 1, latencyHigh.value >= 1, energyFactor.value >= 1 else {
      throw .invalid(
        mark, key: "latencyLow",
        reason: "latencyLow must lie in 0...1 and above 0; latencyHigh and energyFactor must be at least 1")
    }
    guard nanojoulesPerCycle == nil || watts == nil else {
      throw .invalid(mark, key: "watts", reason: "give the energy of a cycle or the power, not both")
    }
    guard nanojoulesPerCycle != nil || watts != nil || operations.contains(where: { $0.picojoules > 0 })
    else {
      throw .missingKey(mark, key: "nanojoulesPerCycle", owner: "a target")
    }
    guard basis != .measured else { return }
    for layer in ["conv2d", "depthwise", "linear"]
    where !operations.contains(where: { $0.layer == layer && $0.encoding == nil }) {
      throw .invalid(
        mark, key: "operations", reason: "no operation says what a multiply-add of \(layer) costs")
    }
    guard !elements.isEmpty else { throw .missingKey(mark, key: "elements", owner: "a target") }
  }
}
