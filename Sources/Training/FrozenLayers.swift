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

  /// The parameters of layers that a training leaves as they are, by name; refuses patterns after which nothing learns.
  public func frozenParameters(_ patterns: [LayerPattern]) throws -> Set<String> {
    func trainable(_ nodes: [Node]) -> Set<String> {
      Set(nodes.flatMap { slots(of: $0) }.filter(\.slot.isTrainable).map(\.name))
    }
    let frozen = trainable(try nodes(patterns, for: "frozen"))
    guard frozen.isEmpty || frozen != trainable(nodes) else {
      throw TrainingError.nothingLearns(layers: patterns.map(\.text))
    }
    return frozen
  }
}
