import Encodings
import Graphs
import Ops
import Settings
import Tensors

/// A rewritten network in a checkpoint, without the values of its parameters.
///
/// The structure is text, parameter encodings are streams of symbols.
enum StoredNetwork {
  /// The prefix of the names of streams.
  static let prefix = "encoding/"

  /// True if every encoding of a network comes back from its stored form; otherwise a checkpoint cannot hold
  /// it.
  static func isStorable(_ graph: Graph) -> Bool {
    let tensors = streams(of: graph)
    guard
      let again = try? read(
        node(of: graph), tensors: tensors, parameters: graph.parameters.mapValues(\.value))
    else { return false }
    return again == graph
  }

  /// The structure, and the forms of parameter encodings.
  static func node(of graph: Graph) -> SettingsNode {
    SettingsNode(mapping: [
      "structure": graph.structureNode, "encodings": mapping(encoded(graph).mapValues(\.node)),
    ])
  }

  /// The symbols of parameter encodings; the bits of each are stored as a float.
  static func streams(of graph: Graph) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for (name, parameter) in encoded(graph) {
      for (place, stream) in parameter.stored.streams.enumerated() {
        tensors["\(prefix)\(place)/\(name)"] = Tensor(
          stream.symbols.map(Float.init(bitPattern:)), shape: [stream.symbols.count])
      }
    }
    return tensors
  }

  /// The network of these parts, with the given parameters.
  static func read(
    _ node: SettingsNode, tensors: [String: Tensor], parameters: [String: Tensor]
  ) throws -> Graph {
    let owner = "a checkpoint's network"
    var graph = try Graph(
      structure: node.required("structure", of: owner), catalogue: .trained, encodings: .standard)
    graph.parameters = parameters.mapValues { Parameter($0) }
    for entry in try node.required("encodings", of: owner).mapping("encodings") {
      guard let shape = parameters[entry.key]?.shape else { continue }
      let form = try EncodedParameter(entry.value, name: entry.key, tensors: tensors)
      graph.parameters[entry.key]?.encoding = try form.encoding(shape: shape)
    }
    try graph.verify()
    return graph
  }

  /// The encodings of parameters that are not plain floats.
  private static func encoded(_ graph: Graph) -> [String: EncodedParameter] {
    graph.parameters.filter { $0.value.encoding.kind != Dense.kind }.mapValues { EncodedParameter($0) }
  }

  private static func mapping(_ nodes: [String: SettingsNode]) -> SettingsNode {
    let mark = SettingsMark(source: "built-in")
    return SettingsNode(
      .mapping(
        nodes.sorted { $0.key < $1.key }.map { SettingsNode.Entry(key: $0.key, mark: mark, value: $0.value) })
    )
  }
}

/// The encoding of a parameter in its stored form.
private struct EncodedParameter {
  let kind: String
  let stored: StoredTensor

  /// The stored form of a parameter's encoding.
  init(_ parameter: Parameter) {
    kind = parameter.encoding.kind
    stored = parameter.encoding.store(parameter.projected)
  }

  /// Reads the form back from its mapping and the streams.
  init(_ node: SettingsNode, name: String, tensors: [String: Tensor]) throws {
    let owner = "an encoding"
    kind = try node.required("kind", of: owner).string("kind")
    var numbers: [String: Int] = [:]
    for entry in try node.required("numbers", of: owner).mapping("numbers") {
      numbers[entry.key] = try entry.value.integer(entry.key)
    }
    let names = try [String](reading: node.required("streams", of: owner), key: "streams")
    let bits = try [Int](reading: node.required("bits", of: owner), key: "bits")
    let elementwise = try [Bool](reading: node.required("elementwise", of: owner), key: "elementwise")
    let streams = zip(names, zip(bits, elementwise)).enumerated().map { place, stream in
      let symbols = tensors["\(StoredNetwork.prefix)\(place)/\(name)"]?.values.map(\.bitPattern) ?? []
      return StoredTensor.Stream(
        name: stream.0, bits: stream.1.0, symbols: symbols, isElementwise: stream.1.1)
    }
    stored = StoredTensor(
      numbers: numbers, inner: try [String](reading: node.required("inner", of: owner), key: "inner"),
      streams: streams)
  }

  /// The form without its symbols, as a mapping.
  var node: SettingsNode {
    let mark = SettingsMark(source: "built-in")
    let numbers = stored.numbers.sorted { $0.key < $1.key }
    return SettingsNode(mapping: [
      "kind": kind.node,
      "numbers": SettingsNode(
        .mapping(numbers.map { SettingsNode.Entry(key: $0.key, mark: mark, value: $0.value.node) })),
      "inner": stored.inner.node, "streams": stored.streams.map(\.name).node,
      "bits": stored.streams.map(\.bits).node, "elementwise": stored.streams.map(\.isElementwise).node,
    ])
  }

  /// The encoding of a parameter of some shape; throws for an unknown kind.
  func encoding(shape: Shape) throws -> any Encoding {
    guard let type = EncodingCatalogue.training.parameter(kind: kind) else {
      throw EncodingError.missing(kind: kind, what: "the encoding of this name")
    }
    return try Self.restore(type, stored, shape)
  }

  /// Restores an encoding; the generic parameter opens the type.
  private static func restore<E: Encoding>(
    _ type: E.Type, _ stored: StoredTensor, _ shape: Shape
  ) throws -> any Encoding {
    try E.restore(stored, shape: shape).0
  }
}
