import Settings

extension DistillerCatalogue {
  /// What other objectives may be added to.
  static let bases: [any Distiller.Type] = [Supervised.self, SoftTargets.self]

  /// The setting of an objective that is added to another.
  static func baseSetting<D: Distiller>(
    _ path: any WritableKeyPath<D, any Distiller> & Sendable
  ) -> Setting<D> {
    Setting(
      "base", expected: "one of \(bases.map { $0.name }.joined(separator: ", ")), or settings",
      "what it is added to",
      read: { (objective, node) throws(SettingsError) in
        objective[keyPath: path] = try read(
          node, key: "base", present: objective[keyPath: path], among: bases)
      }, write: { write($0[keyPath: path]) })
  }
}
