import Settings

/// One item of `layers` before its kind is known: `relu`, `max-pool: 2` or `conv: {filters: 20, kernel: 5}`.
struct LayerEntry {
  /// The settings that every layer has besides its own.
  struct Options {
    /// The layer's name; `nil` makes a counted one.
    var name: String?
    /// The earlier layers that it reads; empty for the layer before.
    var from: [String] = []
  }

  let kind: String
  let mark: SettingsMark
  private var settings: SettingsNode
  private var given: [SettingsNode.Entry] = []

  init(_ node: SettingsNode) throws(NetworkError) {
    switch node.content {
    case .string(let kind):
      self.kind = kind
      mark = node.mark
      settings = SettingsNode(.null, mark: node.mark)
    case .mapping(let entries) where entries.count == 1:
      kind = entries[0].key
      mark = entries[0].mark
      settings = entries[0].value
    case .mapping(let entries):
      throw .malformedLayer(node.mark, found: "a mapping of \(entries.map(\.key).joined(separator: ", "))")
    default:
      throw .malformedLayer(node.mark, found: node.kindDescription)
    }
  }

  /// The layer with its own settings read as `type`, and its options.
  ///
  /// A value that is no mapping is that of the first setting. Integers of the settings in `scaled` go through
  /// `scale`.
  func read<Layer: Configurable>(
    _ type: Layer.Type, scaled: Set<String> = [], by scale: (Int) -> Int = { $0 }
  ) throws(NetworkError) -> (Layer, Options) {
    do throws(SettingsError) {
      let names = Layer.settings.map(\.name)
      var options = Options()
      var own: [SettingsNode.Entry] = []
      switch settings.content {
      case .null: break
      case .mapping(let entries):
        try settings.requireKeys(names + ["name", "from"], of: kind)
        own = entries.filter { $0.key != "name" && $0.key != "from" }
        options.name = try settings["name"]?.string("name")
        options.from = try settings["from"].map(Self.references) ?? []
      default:
        guard let first = names.first else {
          throw .wrongType(mark, key: kind, expected: "no setting", found: settings.kindDescription)
        }
        own = [SettingsNode.Entry(key: first, mark: mark, value: settings)]
      }
      try SettingsNode(.mapping(given), mark: mark).requireKeys(names, of: kind)
      for entry in given {
        guard !own.contains(where: { $0.key == entry.key }) else {
          throw .duplicateKey(entry.mark, key: entry.key)
        }
        own.append(entry)
      }
      own = own.map { Self.scaling($0, scaled, by: scale) }
      return (try Layer(from: SettingsNode(.mapping(own), mark: mark), owner: kind), options)
    } catch {
      throw .settings(error)
    }
  }

  private static func references(_ node: SettingsNode) throws(SettingsError) -> [String] {
    try node.list("from", allowingSingle: true).map { item throws(SettingsError) in try item.string("from") }
  }

  private static func scaling(
    _ entry: SettingsNode.Entry, _ names: Set<String>, by scale: (Int) -> Int
  ) -> SettingsNode.Entry {
    guard names.contains(entry.key), let value = try? entry.value.integer(entry.key) else { return entry }
    let scaled = SettingsNode(.integer(scale(value)), mark: entry.value.mark)
    return SettingsNode.Entry(key: entry.key, mark: entry.mark, value: scaled)
  }

  /// The layer with one more setting, which its kind must have and which must not be given yet.
  func giving(_ key: String, _ value: SettingsNode) -> LayerEntry {
    var entry = self
    entry.given.append(SettingsNode.Entry(key: key, mark: value.mark, value: value))
    return entry
  }
}
