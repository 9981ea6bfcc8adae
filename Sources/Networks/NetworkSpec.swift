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
/// A layer is the kind of a block or an op, alone (`relu`), with its first setting (`max-pool: 2`) or with a mapping
/// of settings, among which `name` and `from` (one earlier layer or several) are understood everywhere.
public struct NetworkSpec: Sendable {
  static let classRange = 1...1_000_000
  static let maximumInputElements = 1 << 28

  /// The name in commands: that of the file unless the file says otherwise.
  public let name: String
  /// Other names that mean this network.
  public let aliases: [String]
  /// One line for lists.
  public let title: String
  /// Where it was published; empty if nowhere.
  public let paper: String
  /// `[C, H, W]`: what images are resized to, and the channels unless the data set has others.
  public let input: Shape
  /// The classes unless the data set has others.
  public let classes: Int
  /// What the spec says about its training, for the trainer to read; an empty mapping if nothing.
  public let training: SettingsNode
  /// Where the spec stands.
  public let mark: SettingsMark
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
      ["name", "aliases", "title", "paper", "input", "classes", "layers", "training"], of: owner)
    mark = node.mark
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
  }

  /// The network as a graph without parameters' values; its input is `image`, its output `logits`.
  public func build(options: NetworkOptions = NetworkOptions()) throws(NetworkError) -> Graph {
    try options.validate()
    var input = options.input ?? input
    if let channels = options.channels { input[0] = channels }
    let classes = options.classes ?? classes
    var network = NetworkBuilder(
      input: input, classes: classes, width: options.width, catalogue: OpCatalogue.standard, mark: mark)
    _ = try network.append(layers: layers, from: NetworkBuilder.inputName)
    var graph = network.graph
    guard let found = graph.shape(of: NetworkBuilder.outputName) else { throw .noLogits(mark) }
    guard found == [1, classes] else { throw .logitsShape(mark, expected: [1, classes], found: found) }
    graph.outputs = [NetworkBuilder.outputName]
    // Training and inference take the softmax of the output themselves.
    do throws(GraphError) {
      return try graph.withoutProbabilities()?.graph ?? graph
    } catch {
      throw .graph(mark, error)
    }
  }
}
