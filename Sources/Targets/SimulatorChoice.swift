public import Settings

/// The simulator that runs exported programs for a target, with its settings.
///
///     simulator: {kind: simavr, mcu: atmega328p, flags: ["-O2"]}
///
/// The module `Simulation` interprets the settings.
public struct SimulatorChoice: SettingValue, Sendable, Equatable {
  /// The simulator's name.
  public var kind: String
  /// Its settings: the mapping without `kind`, with its file and lines.
  public var settings: SettingsNode

  /// Makes a choice.
  public init(kind: String, settings: SettingsNode) {
    self.kind = kind
    self.settings = settings
  }

  /// The mapping that error messages expect.
  public static var expectation: String { "a simulator, {kind, …}" }

  /// Reads the mapping; the settings are not checked here.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    kind = try node.required("kind", of: "a simulator").string("kind")
    settings = SettingsNode(.mapping(try node.mapping(key).filter { $0.key != "kind" }), mark: node.mark)
  }

  /// The choice as a mapping.
  public var node: SettingsNode {
    guard case .mapping(let entries) = settings.content else { return settings }
    let kind = SettingsNode.Entry(
      key: "kind", mark: settings.mark, value: SettingsNode(.string(kind), mark: settings.mark))
    return SettingsNode(.mapping([kind] + entries), mark: settings.mark)
  }
}
