import Encodings
import Foundation
import Graphs
import Networks
import Settings
import Tensors

/// Models with encoded parameters.
enum Students {
  /// The folder of specs in the checkout from which the tests were built.
  static let teachers =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Teachers").path

  /// A network of `Teachers/` with the initial weights of a seed.
  static func dense(_ name: String, seed: UInt64 = 1, options: NetworkOptions = NetworkOptions()) throws
    -> Model
  {
    let spec = try NetworkSpec.named(name, searching: [teachers])
    var graph = try spec.build(options: options)
    graph.initializeParameters(seed: seed)
    let input = graph.inputs[0].shape
    let classes = graph.shape(of: graph.outputs[0])?[1] ?? 0
    return Model(
      graph: graph, classes: (0..<classes).map { "größe \($0)" },
      input: InputDescription(
        shape: input, mean: Array(repeating: 33.25, count: input[0]),
        deviation: Array(repeating: 78.1, count: input[0])),
      split: SettingsNode(mapping: ["seed": 0.node, "validation": 0.1.node]),
      provenance: SettingsNode(mapping: ["network": name.node, "threads": 1.node]))
  }

  /// The network with each kind of encoding on its weights in turn, and integers on every second value.
  ///
  /// Masks keep a tenth of the elements.
  static func encoded(_ name: String, seed: UInt64 = 1, options: NetworkOptions = NetworkOptions()) throws
    -> Model
  {
    var model = try dense(name, seed: seed, options: options)
    let weights = model.graph.parameters.keys.filter { $0.hasSuffix(".weight") }.sorted()
    for (index, name) in weights.enumerated() {
      guard let value = model.graph.parameters[name]?.value else { continue }
      let encodings = encodings(of: value)
      model.graph.parameters[name] = projected(Parameter(value, encoding: encodings[index % encodings.count]))
    }
    for (index, node) in model.graph.nodes.enumerated() where index % 2 == 0 {
      model.graph.values[node.name] = IntegerValue(
        bits: 8, scale: 0.1 / Float(index + 1), zeroPoint: index % 100)
    }
    return model
  }

  private static func projected(_ parameter: Parameter) -> Parameter {
    Parameter(parameter.projected, encoding: parameter.encoding)
  }

  /// A mask of the largest tenth of the elements.
  static func mask(_ value: Tensor) -> Mask {
    let bound = value.values.map(\.magnitude).sorted()[value.values.count * 9 / 10]
    return Mask(value.values.map { $0.magnitude >= bound })
  }

  /// A codebook of four whole rows, one of which stands for each row.
  private static func product(of value: Tensor) -> ProductCodebook {
    ProductCodebook(
      assignments: (0..<value.shape[0]).map { UInt32($0 % 4) }, subspaces: 1,
      width: value.shape.count / value.shape[0], count: 4)
  }

  private static func encodings(of value: Tensor) -> [any Encoding] {
    let integers = Integer(bits: 8, covering: value, perChannel: true)
    let clusters = Codebook(
      assignments: value.values.map { UInt16($0 == 0 ? 0 : $0 < 0 ? 1 : 2) }, count: 3, hasZero: true)
    return [
      Sparse(mask: mask(value)), integers, clusters, Sparse(mask: mask(value), inner: integers),
      Sparse(mask: mask(value), inner: clusters), Dense(),
      Binary(scales: Array(repeating: 0.125, count: value.shape[0])),
      PowersOfTwo(levels: LevelSet(termBits: 4), exponents: Array(repeating: -6, count: value.shape[0])),
      Hashed(shape: value.shape, count: max(1, value.shape.count / 8), seed: 5),
      Sparse(mask: mask(value), inner: product(of: value)),
    ]
  }
}
