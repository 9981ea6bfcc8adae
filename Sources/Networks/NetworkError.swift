public import Graphs
public import Settings
public import Tensors

/// Why a network's spec is refused.
public enum NetworkError: Error, Sendable, Equatable, CustomStringConvertible {
  case settings(SettingsError)
  case graph(SettingsMark, GraphError)
  case unknownLayer(SettingsMark, kind: String, suggestion: String?, known: [String])
  case malformedLayer(SettingsMark, found: String)
  case unknownReference(SettingsMark, layer: String, reference: String, suggestion: String?)
  case needsImages(SettingsMark, layer: String, found: Shape)
  case tooManyNodes(SettingsMark, limit: Int)
  case noLogits(SettingsMark)
  case logitsShape(SettingsMark, expected: Shape, found: Shape)
  case unknownNetwork(String, suggestion: String?, known: [String], searched: [String])
  case invalidOption(String, expected: String, found: String)

  /// Whether each layer was understood, and only the shapes do not go together.
  public var isOfShape: Bool { if case .graph = self { true } else { false } }

  /// The message in the form *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .settings(let error):
      "\(error)"
    case .graph(let mark, .shape(let node, let inputs, let error)):
      "\(mark): layer \"\(node)\" on \(inputs.map(\.withoutBatch).joined(separator: " and ")): \(error)"
    case .graph(let mark, let error):
      "\(mark): layer \(error)"
    case .unknownLayer(let mark, let kind, let suggestion, let known):
      "\(mark): \"\(kind)\" is not a layer"
        + (suggestion.map { "; did you mean \"\($0)\"?" } ?? ";") + " (\(known.joined(separator: ", ")))"
    case .malformedLayer(let mark, let found):
      "\(mark): a layer must be a kind, or one kind with its settings such as \"conv: {filters: 20, kernel: 5}\", "
        + "found \(found)"
    case .unknownReference(let mark, let layer, let reference, let suggestion):
      "\(mark): \(layer) reads \"\(reference)\", which no earlier layer makes"
        + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
    case .needsImages(let mark, let layer, let found):
      "\(mark): \(layer) takes images of channels, height and width, found \(found.withoutBatch)"
    case .tooManyNodes(let mark, let limit):
      "\(mark): the layers expand to more than \(limit) nodes"
    case .noLogits(let mark):
      "\(mark): no layer makes \"logits\"; end the layers with \"classifier\" or \"detector\""
    case .logitsShape(let mark, let expected, let found):
      "\(mark): \"logits\" must have the shape \(expected.withoutBatch), found \(found.withoutBatch)"
    case .unknownNetwork(let name, let suggestion, let known, let searched):
      "\"\(name)\" is no network" + (suggestion.map { "; did you mean \"\($0)\"?" } ?? ";")
        + (known.isEmpty
          ? " no specs in \(searched.joined(separator: ", "))" : " (\(known.joined(separator: ", ")))")
    case .invalidOption(let name, let expected, let found):
      "\(name): expected \(expected), found \(found)"
    }
  }
}

extension Shape {
  /// The extents of one item: what a spec's author thinks in.
  fileprivate var withoutBatch: String { Shape(Array(dimensions.dropFirst())).description }
}
