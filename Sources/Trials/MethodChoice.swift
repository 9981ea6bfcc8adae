public import Graphs
public import Methods
package import Settings
public import Tensors

/// A method with its settings, and overrides for some layers.
public struct MethodChoice: Sendable {
  /// The method, with the settings for all layers that no override names.
  public var method: any CompressionMethod
  /// The overrides, in the recipe's order.
  public var overrides: [LayerOverride]
  /// The digest of the profile of the target that the method names, as another profile makes another student;
  /// `nil` without one.
  package var profile: String?

  /// Makes a choice of a method and its overrides.
  public init(_ method: any CompressionMethod, overrides: [LayerOverride] = []) {
    self.method = method
    self.overrides = overrides
  }

  /// Reads the settings and overrides of a method by its name; throws for an unknown name and for settings
  /// that it refuses.
  package init(name: String, settings: SettingsNode, overrides: SettingsNode?) throws(SettingsError) {
    guard let type = MethodCatalogue.type(named: name) else {
      throw .unknownKey(
        settings.mark, key: name, owner: "the methods",
        suggestion: Spelling.nearest(to: name, among: MethodCatalogue.names), known: MethodCatalogue.names)
    }
    method = try Self.make(type, settings)
    self.overrides =
      try overrides?.list("overrides").map { item throws(SettingsError) in try LayerOverride(from: item) }
      ?? []
    for override in self.overrides {
      _ = try Self.updated(method, by: override)
      try Self.requireSettingsOfLayers(in: override, of: type)
    }
  }

  /// Refuses, in an override, settings that apply to the whole stage and would have no effect for single
  /// layers.
  private static func requireSettingsOfLayers<M: CompressionMethod>(
    in override: LayerOverride, of type: M.Type
  ) throws(SettingsError) {
    for entry in try override.settings.mapping("overrides") {
      guard M.settings.contains(where: { $0.name == entry.key && $0.isOfWholeStage }) else { continue }
      throw .invalid(
        entry.mark, key: entry.key,
        reason: "applies to all layers of \(M.name); set it beside the method's settings")
    }
  }

  private static func make<M: CompressionMethod>(
    _ type: M.Type, _ node: SettingsNode
  ) throws(SettingsError) -> any CompressionMethod {
    try M(from: node, owner: M.name)
  }

  private static func updated<M: CompressionMethod>(
    _ method: M, by override: LayerOverride
  ) throws(SettingsError) -> M {
    var method = method
    try method.update(from: override.settings, owner: M.name)
    return method
  }

  /// The same choice with some settings changed.
  package func updated(_ settings: SettingsNode) throws(SettingsError) -> MethodChoice {
    with(try Self.updated(method, settings))
  }

  private static func updated<M: CompressionMethod>(
    _ method: M, _ settings: SettingsNode
  ) throws(SettingsError) -> any CompressionMethod {
    var method = method
    try method.update(from: settings, owner: M.name)
    return method
  }

  /// The same choice at another strength.
  package func withStrength(_ strength: Double) -> MethodChoice {
    with(Self.with(method, strength))
  }

  private func with(_ method: any CompressionMethod) -> MethodChoice {
    var choice = self
    choice.method = method
    return choice
  }

  private static func with<M: CompressionMethod>(_ method: M, _ strength: Double) -> any CompressionMethod {
    guard let path = M.strength else { return method }
    var method = method
    method[keyPath: path] = strength
    return method
  }

  /// True if the second value of a setting makes the method weaker than the first, judged by its strength.
  package func isWeakened(
    _ setting: String, from first: SettingsNode, to second: SettingsNode
  ) throws(SettingsError) -> Bool {
    func strength(_ value: SettingsNode) throws(SettingsError) -> Double? {
      Self.strength(try updated(SettingsNode(mapping: [setting: value])).method)
    }
    guard let before = try strength(first), let after = try strength(second) else { return false }
    return after < before
  }

  private static func strength<M: CompressionMethod>(_ method: M) -> Double? {
    M.strength.map { method[keyPath: $0] }
  }

  /// The choice as a trial's specification stores it: the name, the revision, every setting and the
  /// overrides.
  package var node: SettingsNode {
    let node = SettingsNode(mapping: [
      "name": name.node, "revision": type(of: method).revision.node, "settings": method.node,
      "overrides": SettingsNode(.list(overrides.map(\.node))),
    ])
    // Few methods have a profile; without it the addresses of all other trials stay the same.
    return profile.map { node.adding(SettingsNode(mapping: ["profile": $0.node])) } ?? node
  }

  /// Reads a choice that `node` wrote.
  init(from node: SettingsNode) throws(SettingsError) {
    let owner = "a method"
    try node.requireKeys(["name", "revision", "settings", "overrides", "profile"], of: owner)
    try self.init(
      name: node.required("name", of: owner).string("name"), settings: node.required("settings", of: owner),
      overrides: node["overrides"])
    profile = try node["profile"].map { value throws(SettingsError) in try value.string("profile") }
  }

  /// Every setting of the method with its value.
  package var settings: SettingsNode { method.node }

  /// The method's name.
  public var name: String { type(of: method).name }
  /// The method's family.
  public var family: MethodFamily { type(of: method).family }
  /// The part of the network that the method changes, by which stages are ordered.
  public var order: PipelineOrder { type(of: method).order }

  /// A method that removes as much by chance, with the same amounts in each layer; `nil` where there is none.
  package var randomControl: MethodChoice? {
    guard let control = method.randomControl else { return nil }
    let known = Self.settingNames(control)
    var kept: [LayerOverride] = []
    for override in overrides {
      guard let amounts = override.leaving(["criterion"], of: known) else { return nil }
      kept.append(amounts)
    }
    return MethodChoice(control, overrides: kept)
  }

  private static func settingNames<M: CompressionMethod>(_ method: M) -> Set<String> {
    Set(M.settings.map(\.name))
  }

  /// The layers of a network that the method applies to, each with the layers tied to it, in the order of the
  /// network.
  public func layers(of graph: Graph) throws -> [[String]] {
    var layers: [[String]] = []
    for (node, applicability) in try applicabilities(on: graph) where applicability == .applicable {
      let tied = method.layersTied(to: node, in: graph)
      if !layers.contains(tied) { layers.append(tied) }
    }
    return layers
  }

  /// Applies the method to a network; `original` is the network as the stage found it.
  public func compress(
    _ graph: Graph, of original: Graph, progress: Double, evidence: any Evidence, random: SeededRandom
  ) throws -> Rewrite {
    try Self.compress(
      method, resolvingSimilar(in: original).overrides, graph, of: original, progress: progress,
      evidence: evidence, random: random)
  }

  private static func compress<M: CompressionMethod>(
    _ method: M, _ overrides: [LayerOverride], _ graph: Graph, of original: Graph, progress: Double,
    evidence: any Evidence, random: SeededRandom
  ) throws -> Rewrite {
    // A layer that an earlier step of the stage replaced is known by the name that it had then.
    let settings = try settings(method, overrides, original)
      .merging(settings(method, overrides, graph)) { _, present in present }
    var compression = Compression(
      method, graph: graph, of: original, progress: progress, evidence: evidence, random: random,
      overrides: settings)
    return try method.compress(&compression)
  }

  /// The applicability of the method to each node of a network, in order.
  public func applicabilities(
    on graph: Graph
  ) throws -> [(node: Node, applicability: Applicability)] {
    try Self.applicabilities(method, resolvingSimilar(in: graph).overrides, graph)
  }

  private static func applicabilities<M: CompressionMethod>(
    _ method: M, _ overrides: [LayerOverride], _ graph: Graph
  ) throws -> [(node: Node, applicability: Applicability)] {
    let changed = try settings(method, overrides, graph)
    return graph.nodes.map { node in
      switch changed[node.name] {
      case .some(.none): (node, .notApplicable(reason: "the recipe leaves it out"))
      case .some(.some(let own)): (node, own.applicability(to: node, in: graph))
      case .none: (node, method.applicability(to: node, in: graph))
      }
    }
  }

  /// The override patterns that match no layer of a network, which are probably misspelt.
  public func strayPatterns(in graph: Graph) throws -> [LayerPattern] {
    try resolvingSimilar(in: graph).overrides.flatMap(\.patterns).filter { pattern in
      !graph.nodes.contains { pattern.matches($0) }
    }
  }

  /// The settings of nodes with overrides, by node name: kinds first, then patterns, then names; an inner
  /// `nil` excludes the node.
  ///
  /// An override is checked on top of the method's settings alone. On top of another override, such as one
  /// with a criterion that does not know a setting, it may be refused.
  private static func settings<M: CompressionMethod>(
    _ method: M, _ overrides: [LayerOverride], _ graph: Graph
  ) throws -> [String: M?] {
    var result: [String: M?] = [:]
    for precedence in 0...2 {
      for override in overrides {
        for pattern in override.patterns where pattern.precedence == precedence {
          for node in graph.nodes where pattern.matches(node) {
            let present: M? = result[node.name] ?? method
            let base = present ?? method
            if override.skips {
              result[node.name] = .some(nil)
              continue
            }
            do throws(SettingsError) {
              result[node.name] = .some(try updated(base, by: override))
            } catch {
              throw MethodError.impossible(
                method: M.name, node: node.name, reason: "its overrides contradict each other: \(error)")
            }
          }
        }
      }
    }
    return result
  }
}

extension MethodChoice {
  /// True if the method has a number for its strength.
  package var hasStrength: Bool { Self.hasStrength(method) }

  private static func hasStrength<M: CompressionMethod>(_ method: M) -> Bool { M.strength != nil }
}
