public import Graphs
public import Settings

/// Settings of a method for some layers, or the exclusion of these layers.
public struct LayerOverride: Sendable, Equatable {
  /// The patterns that select the layers.
  public var patterns: [LayerPattern]
  /// True if the method leaves these layers unchanged.
  public var skips: Bool
  /// Settings that replace those of the method, as the recipe gives them.
  public var settings: SettingsNode

  /// Makes an override that gives settings to layers of these names.
  init(of names: [String], settings: SettingsNode) {
    patterns = names.map { LayerPattern($0) }
    skips = false
    self.settings = settings
  }

  /// Makes an override that excludes layers of these names.
  init(skipping names: [String]) {
    patterns = names.map { LayerPattern($0) }
    skips = true
    settings = SettingsNode(.mapping([]))
  }

  /// Reads an override such as `{layers: "fc*", skip: true}` or `{layers: [a, b], sparsity: 0.5}`.
  ///
  /// `layers` may also name a group of similar layers: `{layers: similar:1/3, threshold: 0.8}`. The method
  /// checks the settings.
  init(from node: SettingsNode) throws(SettingsError) {
    let layers = try node.required("layers", of: "an override")
    patterns = try layers.list("layers", allowingSingle: true)
      .map { item throws(SettingsError) in
        let pattern = LayerPattern(try item.string("layers"))
        guard !SimilarLayers.isMeant(by: pattern) || SimilarLayers(pattern) != nil else {
          throw .outOfRange(
            item.mark, key: "layers",
            expected: "similar:K/N, the K-th of N groups, N at most \(SimilarLayers.maximum)",
            found: pattern.text)
        }
        return pattern
      }
    skips =
      try node["skip"].map { value throws(SettingsError) in try Bool(reading: value, key: "skip") } ?? false
    settings = SettingsNode(
      .mapping(try node.mapping("overrides").filter { $0.key != "layers" && $0.key != "skip" }),
      mark: node.mark)
  }

  /// The override without the settings `dropped`, for a method whose settings are `names`; `nil` if another
  /// setting is left.
  func leaving(_ dropped: Set<String>, of names: Set<String>) -> LayerOverride? {
    guard case .mapping(let entries) = settings.content else { return self }
    let left = entries.filter { !dropped.contains($0.key) }
    guard left.allSatisfy({ names.contains($0.key) }) else { return nil }
    var override = self
    override.settings = SettingsNode(.mapping(left), mark: settings.mark)
    return override
  }

  /// The override as a trial's specification stores it.
  var node: SettingsNode {
    var entries = [
      SettingsNode.Entry(key: "layers", mark: settings.mark, value: patterns.map(\.text).node),
      SettingsNode.Entry(key: "skip", mark: settings.mark, value: skips.node),
    ]
    if case .mapping(let given) = settings.content { entries += given }
    return SettingsNode(.mapping(entries), mark: settings.mark)
  }
}
