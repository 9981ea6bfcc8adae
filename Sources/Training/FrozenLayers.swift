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
  /// The nodes that some patterns mean, in order; refuses a pattern that means none, naming what it is given for.
  func nodes(_ patterns: [LayerPattern], for place: String) throws -> [Node] {
    if let stray = patterns.first(where: { pattern in !nodes.contains(where: pattern.matches) }) {
      throw TrainingError.strayLayers(place: place, pattern: stray.text, known: nodes.map(\.name))
    }
    return nodes.filter { node in patterns.contains { $0.matches(node) } }
  }

  /// The parameters of layers that a training leaves as they are, by name. Variances of Gaussian weights stay with their means.
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

  /// Refuses patterns that mean no layer that learns, and those after which nothing does.
  ///
  /// Asked once, of the network with which a training begins: a rewrite may take away all that a pattern means.
  public func requireFrozen(_ patterns: [LayerPattern]) throws {
    let learning = nodes.filter { !trainable([$0]).isEmpty }
    if let stray = patterns.first(where: { pattern in !learning.contains(where: pattern.matches) }) {
      throw TrainingError.strayLayers(place: "frozen", pattern: stray.text, known: learning.map(\.name))
    }
    guard patterns.isEmpty || frozenParameters(patterns) != trainable(nodes) else {
      throw TrainingError.nothingLearns(layers: patterns.map(\.text))
    }
  }

  private func trainable(_ nodes: [Node]) -> Set<String> {
    Set(nodes.flatMap { slots(of: $0) }.filter(\.slot.isTrainable).map(\.name))
  }
}
