public import Settings

/// Which simulator runs exported programs for a target, and the settings that are its own.
///
///     simulator: {kind: simavr, mcu: atmega328p, flags: ["-O2"]}
///
/// What the settings mean is the simulator's business: `Simulation` reads them.
public struct SimulatorChoice: SettingValue, Sendable, Equatable {
  /// The simulator's name.
  public var kind: String
  /// Its settings: the mapping without `kind`, which knows its file and lines.
  public var settings: SettingsNode

  /// Makes a choice.
  public init(kind: String, settings: SettingsNode) {
    self.kind = kind
    self.settings = settings
  }

  public static var expectation: String { "a simulator, {kind, …}" }

  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    kind = try node.required("kind", of: "a simulator").string("kind")
    settings = SettingsNode(.mapping(try node.mapping(key).filter { $0.key != "kind" }), mark: node.mark)
  }

  public var node: SettingsNode {
    guard case .mapping(let entries) = settings.content else { return settings }
    let kind = SettingsNode.Entry(
      key: "kind", mark: settings.mark, value: SettingsNode(.string(kind), mark: settings.mark))
    return SettingsNode(.mapping([kind] + entries), mark: settings.mark)
  }
}
