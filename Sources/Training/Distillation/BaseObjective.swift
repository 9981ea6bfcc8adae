import Settings

extension DistillerCatalogue {
  /// The objectives to which others may be added.
  static let bases: [any Distiller.Type] = [
    Supervised.self, SoftTargets.self, Decoupled.self, MultiLevel.self, PearsonRelations.self,
    LogitSquares.self,
  ]

  /// The setting of an objective that may be added to another, or be alone.
  static func optionalBaseSetting<D: Distiller>(
    _ path: any WritableKeyPath<D, (any Distiller)?> & Sendable
  ) -> Setting<D> {
    Setting(
      "base", expected: "one of \(bases.map { $0.name }.joined(separator: ", ")), or settings, or null",
      "objective to which this one is added; null trains this one alone",
      read: { (objective, node) throws(SettingsError) in
        objective[keyPath: path] =
          node.content == .null
          ? nil : try read(node, key: "base", present: objective[keyPath: path] ?? Supervised(), among: bases)
      }, write: { $0[keyPath: path].map(write) ?? SettingsNode(.null) })
  }

  /// The setting of an objective that is added to another.
  static func baseSetting<D: Distiller>(
    _ path: any WritableKeyPath<D, any Distiller> & Sendable
  ) -> Setting<D> {
    Setting(
      "base", expected: "one of \(bases.map { $0.name }.joined(separator: ", ")), or settings",
      "objective to which this one is added",
      read: { (objective, node) throws(SettingsError) in
        objective[keyPath: path] = try read(
          node, key: "base", present: objective[keyPath: path], among: bases)
      }, write: { write($0[keyPath: path]) })
  }
}
