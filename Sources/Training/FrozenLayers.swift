public import Graphs
import Settings

extension LayerPattern {
  /// A setting of layers by names, globs or kinds: one, or a list.
  static func setting<Owner>(
    _ name: String, _ path: any WritableKeyPath<Owner, [LayerPattern]> & Sendable, _ summary: String
  ) -> Setting<Owner> {
    Setting(
      name, expected: "a layer, a pattern (conv*, kind:linear), or a list of them", summary,
      read: { (owner, node) throws(SettingsError) in
        owner[keyPath: path] = try node.list(name, allowingSingle: true)
          .map { item throws(SettingsError) in LayerPattern(try item.string(name)) }
      }, write: { $0[keyPath: path].map(\.text).node })
  }
}

extension Graph {
  /// The nodes that some patterns match, in order.
  ///
  /// Throws for a pattern that matches none; the error names `place`, the setting.
  func nodes(_ patterns: [LayerPattern], for place: String) throws -> [Node] {
    if let stray = patterns.first(where: { pattern in !nodes.contains(where: pattern.matches) }) {
      throw TrainingError.strayLayers(place: place, pattern: stray.text, known: nodes.map(\.name))
    }
    return nodes.filter { node in patterns.contains { $0.matches(node) } }
  }

  /// The names of the parameters of frozen layers; variances of Gaussian weights stay with their means.
  func frozenParameters(_ patterns: [LayerPattern]) -> Set<String> {
    guard !patterns.isEmpty else { return [] }
    let variances = Dictionary(
      gaussianLayers.map { ($0.variance.name, $0.mean) }, uniquingKeysWith: { first, _ in first })
    return trainable(
      nodes.filter { node in
        let layer = variances[node.name] ?? node
        return patterns.contains { $0.matches(layer) }
      })
  }

  /// Throws for patterns that match no layer that learns, and for patterns that leave nothing to learn.
  ///
  /// This is checked once, for the network with which a training begins: a rewrite may remove everything that
  /// a pattern matches.
  public func requireFrozen(_ patterns: [LayerPattern]) throws {
    let learning = nodes.filter { !trainable([$0]).isEmpty }
    if let stray = patterns.first(where: { pattern in !learning.contains(where: pattern.matches) }) {
      throw TrainingError.strayLayers(place: "frozen", pattern: stray.text, known: learning.map(\.name))
    }
    guard patterns.isEmpty || frozenParameters(patterns) != trainable(nodes) else {
      throw TrainingError.nothingLearns(layers: patterns.map(\.text))
    }
  }

  /// The names of the trainable parameters of some nodes.
  private func trainable(_ nodes: [Node]) -> Set<String> {
    Set(nodes.flatMap { slots(of: $0) }.filter(\.slot.isTrainable).map(\.name))
  }
}
