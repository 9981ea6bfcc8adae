public import Graphs
import Ops
public import Settings
public import Tensors

/// A network as a YAML file describes it: an input, a number of classes, and layers in order.
///
///     let spec = try NetworkSpec.named("lenet5", searching: ["Teachers"])
///     var graph = try spec.build(options: NetworkOptions(classes: 26))
///     graph.initializeParameters(seed: 0)
///
/// A layer is the kind of a block or an op: alone (`relu`), with its first setting (`max-pool: 2`), or with a
/// mapping of settings. Every layer knows the settings `name` and `from` (one earlier layer or several).
/// `variables` names the differences between networks of one spec, with their defaults; layers refer to them
/// as `$NAME`, for a value or a kind.
public struct NetworkSpec: Sendable {
  static let classRange = 1...1_000_000
  static let maximumInputElements = 1 << 28

  /// The name in commands, which is the file's unless the spec gives one.
  public let name: String
  /// Other names of this network.
  public let aliases: [String]
  /// One line for lists.
  public let title: String
  /// The publication; empty if there is none.
  public let paper: String
  /// The shape `[C, H, W]` to which images are resized; a data set may have other channels.
  public let input: Shape
  /// The number of classes; a data set may have others.
  public let classes: Int
  /// The variables with their defaults, in the spec's order.
  public let variables: [(name: String, value: SettingsNode)]
  /// The settings of its training, which the trainer reads; an empty mapping if there are none.
  public let training: SettingsNode
  /// The place of the spec.
  public let mark: SettingsMark
  /// The spec as it was read.
  public let node: SettingsNode
  private let layers: [SettingsNode]

  /// Reads a spec from a file.
  public init(contentsOf path: String) throws(NetworkError) {
    let node: SettingsNode
    do throws(SettingsError) { node = try SettingsNode(contentsOf: path) } catch { throw .settings(error) }
    try self.init(node, defaultName: NamedFiles.name(ofPath: path))
  }

  /// Reads a spec that is already a mapping.
  public init(_ node: SettingsNode, defaultName: String) throws(NetworkError) {
    do throws(SettingsError) {
      try self.init(reading: node, defaultName: defaultName)
    } catch {
      throw .settings(error)
    }
  }

  private init(reading node: SettingsNode, defaultName: String) throws(SettingsError) {
    let owner = "a network"
    try node.requireKeys(
      ["name", "aliases", "title", "paper", "input", "classes", "variables", "layers", "training"],
      of: owner)
    mark = node.mark
    self.node = node
    name = try node["name"]?.string("name") ?? defaultName
    aliases =
      try node["aliases"].map { value throws(SettingsError) in
        try [String](reading: value, key: "aliases")
      } ?? []
    title = try node["title"]?.string("title") ?? ""
    paper = try node["paper"]?.string("paper") ?? ""
    let extents = try node.required("input", of: owner)
    input = Shape(try [Int](reading: extents, key: "input"))
    guard input.rank == 3, input.count(upTo: Self.maximumInputElements) ?? 0 > 0 else {
      throw .wrongType(
        extents.mark, key: "input", expected: "a list of channels, height and width", found: "\(input)")
    }
    let count = try node.required("classes", of: owner)
    classes = try count.integer("classes")
    guard Self.classRange.contains(classes) else {
      throw .outOfRange(
        count.mark, key: "classes", expected: "an integer in \(Self.classRange)", found: count.kindDescription
      )
    }
    training = node["training"] ?? SettingsNode(.mapping([]), mark: node.mark)
    if training.content != .null { _ = try training.mapping("training") }
    layers = try node.required("layers", of: owner).list("layers")
    if let given = node["variables"] {
      variables = try Self.variables(given, layers)
    } else {
      variables = []
    }
    if variables.isEmpty, let stray = layers.lazy.compactMap(\.variableNames.first).first {
      throw .unknownKey(
        stray.mark, key: "$" + stray.name, owner: "the network's variables", suggestion: nil, known: [])
    }
  }

  /// Reads the defaults; each variable must be used in a layer, and each `$NAME` of a layer must be a
  /// variable.
  private static func variables(
    _ node: SettingsNode, _ layers: [SettingsNode]
  ) throws(SettingsError) -> [(name: String, value: SettingsNode)] {
    let entries = try node.mapping("variables")
    let used = layers.flatMap(\.variableNames)
    let known = entries.map(\.key)
    for (name, mark) in used where !known.contains(name) {
      throw .unknownKey(
        mark, key: "$" + name, owner: "the network's variables",
        suggestion: Spelling.nearest(to: name, among: known).map { "$" + $0 }, known: known.map { "$" + $0 })
    }
    for entry in entries {
      switch entry.value.content {
      case .integer, .number, .bool, .string: break
      default:
        throw .wrongType(
          entry.mark, key: entry.key, expected: "a number, true, false or a word",
          found: entry.value.kindDescription)
      }
      guard used.contains(where: { $0.name == entry.key }) else {
        throw .invalid(
          entry.mark, key: entry.key, reason: "stands in no layer; write $\(entry.key) where it is meant")
      }
    }
    return entries.map { ($0.key, $0.value) }
  }

  /// The values of all variables: the given ones, and defaults for the rest.
  private func values(_ given: [String: SettingsNode]) throws(NetworkError) -> [String: SettingsNode] {
    var values: [String: SettingsNode] = [:]
    for (name, value) in variables { values[name] = value }
    for (name, value) in given.sorted(by: { $0.key < $1.key }) {
      guard values[name] != nil else {
        let known = variables.map(\.name)
        throw .settings(
          .unknownKey(
            value.mark, key: name, owner: "the variables of \(self.name)",
            suggestion: Spelling.nearest(to: name, among: known), known: known))
      }
      values[name] = value
    }
    return values
  }

  /// Builds the network as a graph without parameters' values.
  ///
  /// Its input is `image`. Its output is `logits`, or a detector's scores and offsets.
  public func build(options: NetworkOptions = NetworkOptions()) throws(NetworkError) -> Graph {
    try options.validate()
    var input = options.input ?? input
    if let channels = options.channels { input[0] = channels }
    let classes = options.classes ?? classes
    let values = try values(options.variables)
    var network = NetworkBuilder(
      input: input, classes: classes, width: options.width, boxes: options.boxes,
      catalogue: OpCatalogue.standard, mark: mark)
    _ = try network.append(layers: layers.map { $0.replacing(values) }, from: NetworkBuilder.inputName)
    var graph = network.graph
    guard network.detector.isEmpty else {
      graph.outputs = network.detector
      return graph
    }
    guard let found = graph.shape(of: NetworkBuilder.outputName) else { throw .noLogits(mark) }
    guard found == [1, classes] else { throw .logitsShape(mark, expected: [1, classes], found: found) }
    graph.outputs = [NetworkBuilder.outputName]
    // Training and inference take the softmax of the output themselves, so the network must not.
    do throws(GraphError) {
      return try graph.withoutProbabilities()?.graph ?? graph
    } catch {
      throw .graph(mark, error)
    }
  }
}

extension SettingsNode {
  /// The name behind a `$`; `nil` if a text is no variable.
  private static func variable(_ text: String) -> String? {
    text.hasPrefix("$") && text.count > 1 ? String(text.dropFirst()) : nil
  }

  /// Every `$NAME` in the node, with its place.
  fileprivate var variableNames: [(name: String, mark: SettingsMark)] {
    switch content {
    case .string(let text): Self.variable(text).map { [($0, mark)] } ?? []
    case .list(let items): items.flatMap(\.variableNames)
    case .mapping(let entries):
      entries.flatMap { entry in
        (Self.variable(entry.key).map { [($0, entry.mark)] } ?? []) + entry.value.variableNames
      }
    default: []
    }
  }

  /// The node with values in place of variables.
  fileprivate func replacing(_ values: [String: SettingsNode]) -> SettingsNode {
    switch content {
    case .string(let text):
      guard let value = Self.variable(text).flatMap({ values[$0] }) else { return self }
      return SettingsNode(value.content, mark: mark)
    case .list(let items): return SettingsNode(.list(items.map { $0.replacing(values) }), mark: mark)
    case .mapping(let entries):
      return SettingsNode(
        .mapping(
          entries.map { entry in
            var key = entry.key
            if case .string(let kind)? = Self.variable(key).flatMap({ values[$0]?.content }) { key = kind }
            return Entry(key: key, mark: entry.mark, value: entry.value.replacing(values))
          }), mark: mark)
    default: return self
    }
  }
}
