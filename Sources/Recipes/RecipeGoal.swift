import Methods
public import Readings
public import Settings
import Training
public import Trials

/// The goal of a student, and the search for settings that reach it.
public struct RecipeGoal: Sendable {
  /// The largest loss of validation accuracy against the teacher in percentage points; `nil` for no bound.
  public var accuracyPoints: Double?
  /// The target whose limits must be kept.
  public var target: String?
  /// The largest size of the student's file in bytes.
  public var fileBytes: Int?
  /// The largest latency on the target in ms; with an exponent, the reference latency of the reward.
  public var latencyMs: Double?
  /// The exponent w of the reward `accuracy · (latency / latencyMs)^w`; `nil` makes the latency a limit.
  public var latencyExponent: Double?
  /// Limits for the target's resources, in addition to those of the target itself.
  public var limits: [Resource: Double] = [:]
  /// The quantities against which accuracy is weighed; `nil` if accuracy alone decides.
  public var reward: TrialGoal.Reward?
  /// The goal with several objectives, which replaces all others; `nil` for goals of one.
  public var front: FrontGoal?
  /// By which rules candidates of a front become rows.
  public var picks: [FrontPick] = []
  /// The searched variables; by default the strength of the first method that has one.
  public var space: SearchSpace
  /// The strategy that proposes assignments; bisection by default.
  public var strategy: any SearchStrategy
  /// The judgement of candidates by shared weights; `nil` if each is trained.
  public var sharing: SharedWeights?
  /// The place of the goal in the file.
  public var mark: SettingsMark

  /// The range of strengths: a network cannot be removed completely.
  static let strengths = 0...0.99

  /// The targets that the goal is about.
  public var targets: [String] { front?.targets ?? target.map { [$0] } ?? [] }

  /// Reads a goal of a student, with `search` and `over`; `nil` without a goal.
  ///
  /// Goals are `keep: {accuracyPoints: 1.0}` and
  /// `fit: {target: cortex-m4, fileBytes: 100000, latencyMs: 20}`.
  init?(student: SettingsNode, stages: [RecipeStage]) throws(SettingsError) {
    let (keep, fit, front) = (student["keep"], student["fit"], student["front"])
    guard let node = keep ?? fit ?? front else {
      if let stray = student["search"] ?? student["over"] {
        let key = student["search"] == nil ? "over" : "search"
        throw .invalid(
          stray.mark, key: key, reason: "is for students with a goal; give \"keep\", \"fit\" or \"front\"")
      }
      return nil
    }
    mark = node.mark
    if let over = student["over"] {
      space = try SearchSpace(over: over, stages: stages)
    } else {
      guard let stage = stages.firstIndex(where: { $0.choice?.hasStrength ?? false }) else {
        throw .invalid(
          mark, key: "pipeline",
          reason:
            "no method of the pipeline has a strength to search for the goal; name settings in \"over\""
        )
      }
      space = SearchSpace([SearchVariable(stage: stage, domain: .real(Self.strengths, .linear))])
    }
    // The longest training that another trial can go on with: a method that acts meanwhile would be half done.
    let trained = stages.indices.filter { index in
      guard stages[index].epochs > 1 else { return false }
      guard let method = stages[index].choice?.method else { return true }
      return method.pacing == .once && !method.settles
    }
    if let stage = trained.max(by: { stages[$0].epochs < stages[$1].epochs }) {
      space.budget = SearchSpace.Budget(stage: stage, epochs: stages[stage].epochs)
    }
    strategy = Bisection()
    if let search = student["search"] {
      let parts = search.separating("shared")
      strategy = try SearchCatalogue.read(parts.rest)
      if let shared = parts.value { try readSharing(shared, stages) }
    }
    if let refusal = strategy.refusal(of: space) {
      throw .invalid(
        (student["search"] ?? node).mark, key: "search", reason: "\(type(of: strategy).name) \(refusal)")
    }
    let goals = [keep, fit, front].compactMap(\.self)
    guard goals.count == 1 else {
      throw .invalid(
        goals[0].mark, key: keep == nil ? "fit" : "keep",
        reason: "give one goal, either \"keep\", \"fit\" or \"front\"")
    }
    if front != nil {
      try readFront(node, student)
      return
    }
    if let refusal = strategy.refusal(ofObjectives: 1) {
      throw .invalid(
        (student["search"] ?? node).mark, key: "search", reason: "\(type(of: strategy).name) \(refusal)")
    }
    if let keep {
      try keep.requireKeys(["accuracyPoints"], of: "keep")
      let points = try keep.required("accuracyPoints", of: "keep")
      let most = try points.number("accuracyPoints")
      guard (0...100).contains(most) else {
        throw .outOfRange(
          points.mark, key: "accuracyPoints", expected: "points in 0...100", found: points.kindDescription)
      }
      accuracyPoints = most
    } else {
      try node.requireKeys(
        ["target", "fileBytes", "latencyMs", "latencyExponent", "reward"] + TrialGoal.limitable.map(\.key),
        of: "fit")
      target = try node["target"].map { value throws(SettingsError) in try value.string("target") }
      fileBytes = try node["fileBytes"].map { value throws(SettingsError) in try value.integer("fileBytes") }
      latencyMs = try node["latencyMs"].map { value throws(SettingsError) in try value.number("latencyMs") }
      guard target != nil || fileBytes != nil, (fileBytes ?? 1) > 0 else {
        throw .invalid(node.mark, key: "fit", reason: "give \"target\", \"fileBytes\" (above 0), or both")
      }
      guard latencyMs.map({ $0 > 0 && target != nil }) ?? true else {
        throw .invalid(
          node.mark, key: "latencyMs",
          reason: "must be above 0 milliseconds and needs a target; give \"target\" too")
      }
      for (key, resource) in TrialGoal.limitable {
        guard let value = node[key] else { continue }
        let limit = try value.number(key)
        guard limit > 0, target != nil else {
          throw .invalid(
            value.mark, key: key,
            reason: "must be above 0 \(resource.unit.rawValue) and needs a target; give \"target\" too")
        }
        limits[resource] = limit
      }
      if let value = node["reward"] { reward = try readReward(value) }
    }
    latencyExponent = try node["latencyExponent"].map { value throws(SettingsError) in
      let exponent = try value.number("latencyExponent")
      guard (-10...0).contains(exponent) else {
        throw .outOfRange(
          value.mark, key: "latencyExponent", expected: "a number in -10...0", found: value.kindDescription)
      }
      guard latencyMs != nil, !strategy.needsLatency, !(strategy is Bisection), !(strategy is Ascent) else {
        throw .invalid(
          value.mark, key: "latencyExponent",
          reason:
            "weighs accuracy against \"latencyMs\"; give that too, and a search that compares rewards, such as bayesian"
        )
      }
      return exponent
    }
    if strategy.needsLatency, latencyMs == nil {
      throw .invalid(
        (student["search"] ?? node).mark, key: "search",
        reason:
          "\(type(of: strategy).name) needs a latency on a target; give \"fit: {target: …, latencyMs: …}\"")
    }
  }
}

extension RecipeGoal {
  /// Reads `shared: {epochs: 20, finalists: 3, compared: 5, images: 1024}` of a search.
  private mutating func readSharing(_ node: SettingsNode, _ stages: [RecipeStage]) throws(SettingsError) {
    sharing = try SharedWeights(from: node, owner: "shared")
    func refuse(_ reason: String) throws(SettingsError) {
      throw .invalid(node.mark, key: "shared", reason: reason)
    }
    guard let first = stages.first, first.choice == nil, first.epochs > 0 else {
      return try refuse(
        "takes the place of the first stage's training for candidates; begin the pipeline with a stage that only trains"
      )
    }
    let ofNetwork = space.variables.filter { $0.stage == nil }
    guard !ofNetwork.isEmpty else {
      return try refuse("needs variables of the network, such as network.width; candidates share its weights")
    }
    for variable in ofNetwork {
      for value in variable.domain.ends {
        guard (try? value.number(variable.name)) == nil else { continue }
        try refuse(
          "\(variable.name) has values that are no numbers; networks that share weights differ in sizes")
      }
    }
    guard !strategy.inherits, !strategy.needsLatency, !(strategy is SuccessiveHalving),
      !(strategy is Hyperband)
    else {
      try refuse(
        "\(type(of: strategy).name) trains candidates further, and shared weights stay; take random, grid, evolution, controller "
          + "or bayesian")
      return
    }
  }

  /// The exponents that a reward may have.
  private static let exponents = -10.0...0

  /// Reads `{latencyMs: 20, exponent: -0.07}`: quantities of the fit with what they are held against.
  private func readReward(_ node: SettingsNode) throws(SettingsError) -> TrialGoal.Reward {
    let keys = ["fileBytes"] + SearchQuantity.resources.map(\.key)
    try node.requireKeys(keys + ["exponent"], of: "reward")
    var reward = TrialGoal.Reward(references: [:])
    for entry in try node.mapping("reward") where entry.key != "exponent" {
      let quantity =
        SearchQuantity(named: entry.key) ?? target.flatMap { SearchQuantity(named: "\($0).\(entry.key)") }
      let reference = try entry.value.number(entry.key)
      guard let quantity, reference > 0 else {
        throw .invalid(
          entry.value.mark, key: entry.key,
          reason:
            "is what is held against, above 0, \(quantity == nil ? "of a target; give \"target\" too" : "found \(reference)")"
        )
      }
      reward.references[quantity] = reference
    }
    guard !reward.references.isEmpty else {
      throw .invalid(
        node.mark, key: "reward",
        reason: "weighs accuracy against nothing; give one of \(keys.joined(separator: ", "))")
    }
    if let given = node["exponent"] {
      reward.exponent = try given.number("exponent")
      guard Self.exponents.contains(reward.exponent) else {
        throw .outOfRange(
          given.mark, key: "exponent", expected: "a number in -10...0", found: given.kindDescription)
      }
    }
    guard !strategy.needsLatency, !(strategy is Bisection), !(strategy is Ascent) else {
      throw .invalid(
        node.mark, key: "reward",
        reason: "needs a search that compares rewards, such as bayesian; \(type(of: strategy).name) does not")
    }
    return reward
  }

  /// Reads `{minimize: [error, uno.ramBytes], limits: {uno.flashBytes: 32768}, rows: [knee, error]}`.
  private mutating func readFront(_ node: SettingsNode, _ student: SettingsNode) throws(SettingsError) {
    try node.requireKeys(["minimize", "limits", "rows"], of: "front")
    let list = try node.required("minimize", of: "front")
    var objectives: [SearchQuantity] = []
    for item in try list.list("minimize") {
      let quantity = try Self.quantity(try item.string("minimize"), item.mark)
      guard !objectives.contains(quantity) else {
        throw .invalid(item.mark, key: quantity.name, reason: "stands there twice; give each objective once")
      }
      objectives.append(quantity)
    }
    guard objectives.count > 1 else {
      throw .invalid(
        list.mark, key: "minimize",
        reason: "is for several objectives, such as [error, fileBytes]; for one take \"fit\" or \"keep\"")
    }
    var limits: [SearchQuantity: Double] = [:]
    for entry in try (node["limits"] ?? SettingsNode(.mapping([]))).mapping("limits") {
      let limit = try entry.value.number(entry.key)
      guard limit > 0 else {
        throw .outOfRange(entry.value.mark, key: entry.key, expected: "a number above 0", found: "\(limit)")
      }
      let quantity = try Self.quantity(entry.key, entry.mark)
      limits[quantity] = limit
    }
    guard strategy.takesFronts else {
      let names = SearchCatalogue.all.filter { $0.init().takesFronts }.map { $0.name }
      throw .invalid(
        (student["search"] ?? node).mark, key: "search",
        reason:
          "\(type(of: strategy).name) is for one goal; for a front take \(names.joined(separator: ", "))")
    }
    if let refusal = strategy.refusal(ofObjectives: objectives.count) {
      throw .invalid(
        (student["search"] ?? node).mark, key: "search", reason: "\(type(of: strategy).name) \(refusal)")
    }
    front = FrontGoal(minimizing: objectives, limits: limits)
    picks = try Self.picks(node["rows"], of: objectives)
  }

  private static func quantity(_ name: String, _ mark: SettingsMark) throws(SettingsError) -> SearchQuantity {
    if let quantity = SearchQuantity(named: name) { return quantity }
    let keys = SearchQuantity.resources.map { "TARGET.\($0.key)" }
    throw .invalid(
      mark, key: name,
      reason: "is nothing that a search knows; give error, fileBytes, \(keys.joined(separator: ", "))")
  }

  /// Reads `3` or `[knee, error, uno.ramBytes]`; the knee without it.
  private static func picks(
    _ node: SettingsNode?, of objectives: [SearchQuantity]
  ) throws(SettingsError) -> [FrontPick] {
    guard let node else { return [.knee] }
    guard case .list(let items) = node.content else {
      let count = try node.integer("rows")
      guard (1...most).contains(count) else {
        throw .outOfRange(node.mark, key: "rows", expected: "a number in 1...\(most)", found: "\(count)")
      }
      return (1...count).map { .number($0) }
    }
    var picks: [FrontPick] = []
    for item in items {
      let word = try item.string("rows")
      let pick: FrontPick? =
        word == "knee" ? .knee : objectives.first { $0.name == word }.map { .least($0) }
      guard let pick, !picks.contains(pick) else {
        throw .invalid(
          item.mark, key: "rows",
          reason:
            "\"\(word)\" is no rule that takes a candidate, or stands there twice; give a number, knee, or what is minimized "
            + "(\(objectives.map(\.name).joined(separator: ", ")))")
      }
      picks.append(pick)
    }
    guard !picks.isEmpty else {
      throw .invalid(
        node.mark, key: "rows", reason: "the list is empty; give at least one rule, such as knee")
    }
    return picks
  }

  /// The most rows of a search.
  private static let most = 20
}

extension SearchSpace {
  /// Reads settings of the pipeline's methods with their possible values:
  /// `{sparsity: {from: 0.3, to: 0.9}, codebook.linearBits: [3, 4, 5]}`.
  ///
  /// The values are a range (`scale: log` for equal ratios) or a list. A range with `layers: each`, or with a
  /// list of layers, is one variable for each of them; with `layers: {similar: 3}` it is one for each of
  /// three groups of similar layers.
  init(over node: SettingsNode, stages: [RecipeStage]) throws(SettingsError) {
    var variables: [SearchVariable] = []
    for entry in try node.mapping("over") {
      let read = try SearchVariable.variables(entry, stages: stages)
      guard
        !variables.contains(where: { known in
          read.contains { $0.stage == known.stage && $0.setting == known.setting }
        })
      else {
        throw .duplicateKey(entry.mark, key: entry.key)
      }
      variables += read
    }
    guard !variables.isEmpty else {
      throw .invalid(
        node.mark, key: "over", reason: "names no setting; give one with its range or its values")
    }
    self.init(variables)
  }
}

extension SearchVariable {
  /// Reads one entry: a variable, or one for each of some layers.
  ///
  /// The key is `SETTING`, for the first method that has it, `METHOD.SETTING`, or `network.VARIABLE`.
  fileprivate static func variables(
    _ entry: SettingsNode.Entry, stages: [RecipeStage]
  ) throws(SettingsError) -> [SearchVariable] {
    let words = entry.key.split(separator: ".", maxSplits: 1).map(String.init)
    if words.count == 2, words[0] == "network" {
      return [
        SearchVariable(
          stage: nil, setting: words[1],
          domain: try Domain(entry.value, words[1], present: entry.value["from"]))
      ]
    }
    let (method, name) = words.count == 2 ? (words[0], words[1]) : (nil, entry.key)
    var known: [String] = []
    var place: (stage: Int, present: SettingsNode)?
    for (index, stage) in stages.enumerated() {
      guard let choice = stage.choice, case .mapping(let settings) = choice.method.everySetting.content
      else { continue }
      known += settings.map { "\(choice.name).\($0.key)" }
      guard place == nil, method == nil || method == choice.name else { continue }
      place = settings.first { $0.key == name }.map { (index, $0.value) }
    }
    guard let place, let choice = stages[place.stage].choice else {
      throw .unknownKey(
        entry.mark, key: entry.key, owner: "the pipeline's methods",
        suggestion: Spelling.nearest(to: entry.key, among: known), known: known)
    }
    var variable = SearchVariable(
      stage: place.stage, setting: name, domain: try Domain(entry.value, name, present: place.present))
    // The method must accept the ends of a range and all values of a list.
    /// The method must accept the ends of a range, and all values of a list.
    let values = variable.domain.ends
    for value in values {
      let settings = SettingsNode(
        .mapping([.init(key: name, mark: entry.mark, value: SettingsNode(value.content, mark: entry.mark))]),
        mark: entry.mark)
      _ = try choice.updated(settings)
    }
    if variable.isOrdered { variable.descends = try choice.isWeakened(name, from: values[0], to: values[1]) }
    return try layers(entry.value["layers"]).map { layers in
      var own = variable
      own.layers = layers
      return own
    }
  }

  /// Reads `each`, `{similar: 3}`, or names of layers, where an inner list shares a variable; all layers
  /// without it.
  private static func layers(_ node: SettingsNode?) throws(SettingsError) -> [Layers] {
    guard let node else { return [.all] }
    if node.content == .string("each") { return [.each] }
    if case .mapping = node.content {
      try node.requireKeys(["similar"], of: "layers")
      let value = try node.required("similar", of: "layers")
      let count = try value.integer("similar")
      guard 1...SimilarLayers.maximum ~= count else {
        throw .outOfRange(
          value.mark, key: "similar", expected: "a number of groups in 1...\(SimilarLayers.maximum)",
          found: "\(count)")
      }
      return [.similar(count)]
    }
    let items = try node.list("layers")
    guard !items.isEmpty else {
      throw .invalid(node.mark, key: "layers", reason: "the list is empty; give layers, or \"each\"")
    }
    var layers: [Layers] = []
    var known: Set<String> = []
    for item in items {
      var names: [String] = []
      for name in try item.list("layers", allowingSingle: true) {
        let text = try name.string("layers")
        guard known.insert(text).inserted else {
          throw .invalid(name.mark, key: "layers", reason: "\(text) is given twice; give each layer once")
        }
        names.append(text)
      }
      guard !names.isEmpty else {
        throw .invalid(item.mark, key: "layers", reason: "an inner list is empty; give each layer once")
      }
      layers.append(.named(names))
    }
    return layers
  }
}

extension SearchVariable.Domain {
  /// Reads `[a, b, …]` or `{from: a, to: b, scale: log}`; a setting whose present value is an integer takes
  /// integers.
  fileprivate init(_ node: SettingsNode, _ key: String, present: SettingsNode?) throws(SettingsError) {
    if case .list(let values) = node.content {
      guard !values.isEmpty else {
        throw .invalid(node.mark, key: key, reason: "the list is empty; give the values to choose from")
      }
      self = .choices(values)
      return
    }
    let owner = "the range of \(key)"
    try node.requireKeys(["from", "to", "scale", "layers"], of: owner)
    let (from, to) = (try node.required("from", of: owner), try node.required("to", of: owner))
    let scale = try node["scale"].map { value throws(SettingsError) in
      try SearchVariable.Scale(reading: value, key: "scale")
    }
    func requireOrder<N: Comparable>(_ low: N, _ high: N) throws(SettingsError) {
      guard low < high else {
        throw .outOfRange(to.mark, key: "to", expected: "more than \"from\", \(low)", found: "\(high)")
      }
    }
    if case .integer? = present?.content {
      let (low, high) = (try from.integer("from"), try to.integer("to"))
      try requireOrder(low, high)
      guard scale == nil else {
        throw .invalid(node.mark, key: "scale", reason: "is for real numbers, but \(key) is an integer")
      }
      self = .integer(low...high)
    } else {
      let (low, high) = (try from.number("from"), try to.number("to"))
      try requireOrder(low, high)
      guard scale != .log || low > 0 else {
        throw .outOfRange(
          from.mark, key: "from", expected: "a number above 0, as the scale is log", found: "\(low)")
      }
      self = .real(low...high, scale ?? .linear)
    }
  }
}

extension SettingsNode {
  /// The value of a key of a mapping, and the mapping without it.
  fileprivate func separating(_ key: String) -> (value: SettingsNode?, rest: SettingsNode) {
    guard case .mapping(let entries) = content, let value = self[key] else { return (nil, self) }
    return (value, SettingsNode(.mapping(entries.filter { $0.key != key }), mark: mark))
  }
}
