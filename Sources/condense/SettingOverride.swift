import Settings

/// One `--set ROOT.KEY=VALUE`: a setting that overrides that of a file.
struct SettingOverride {
  /// The part to which the setting belongs, such as `training`.
  let root: String
  /// The setting as a mapping from the first key below the root, with the option as its place.
  let node: SettingsNode

  /// Reads `ROOT.KEY=VALUE` with one of `roots` as the root; the value is YAML, so lists and mappings are
  /// possible.
  init(_ text: String, roots: [String]) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let keys = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, keys.count > 1, roots.contains(keys[0]), keys.allSatisfy({ !$0.isEmpty }) else {
      let example = roots.contains("training") ? ", such as training.learningRate=0.05" : ""
      let forms = roots.map { "\($0).KEY=VALUE" }.joined(separator: " or ")
      throw CommandFailure(.usage, "--set \(text): expected \(forms)\(example)")
    }
    root = keys[0]
    let mark = SettingsMark(source: "--set \(parts[0])")
    let value = try failing(.usage) { try SettingsNode(yaml: String(parts[1]), source: mark.source) }
    var node = SettingsNode(value.content, mark: mark)
    for key in keys.dropFirst().reversed() {
      node = SettingsNode(.mapping([SettingsNode.Entry(key: key, mark: mark, value: node)]), mark: mark)
    }
    self.node = node
  }
}
