import Settings

/// One `--set training.KEY=VALUE`: a setting that goes on top of a file's.
struct SettingOverride {
  /// The settings as a mapping from the first key below the root, with the option as their place.
  let node: SettingsNode

  /// Reads `root.KEY=VALUE`; the value is YAML, so that lists and mappings can be given.
  init(_ text: String, root: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let keys = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, keys.count > 1, keys[0] == root, keys.allSatisfy({ !$0.isEmpty }) else {
      throw CommandFailure(
        .usage, "--set \(text): expected \(root).KEY=VALUE, such as \(root).rate=0.05")
    }
    let mark = SettingsMark(source: "--set \(parts[0])")
    let value = try failing(.usage) { try SettingsNode(yaml: String(parts[1]), source: mark.source) }
    var node = SettingsNode(value.content, mark: mark)
    for key in keys.dropFirst().reversed() {
      node = SettingsNode(.mapping([SettingsNode.Entry(key: key, mark: mark, value: node)]), mark: mark)
    }
    self.node = node
  }
}
