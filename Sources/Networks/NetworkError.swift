public import Graphs
public import Settings
public import Tensors

/// The reason for which a network's spec is refused.
public enum NetworkError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A setting of the spec is invalid.
  case settings(SettingsError)
  /// A layer does not fit the values that it reads.
  case graph(SettingsMark, GraphError)
  /// No block or op has this kind.
  case unknownLayer(SettingsMark, kind: String, suggestion: String?, known: [String])
  /// An item of `layers` is no layer.
  case malformedLayer(SettingsMark, found: String)
  /// A layer reads a layer that does not exist.
  case unknownReference(SettingsMark, layer: String, reference: String, suggestion: String?)
  /// A layer reads a value that is no image.
  case needsImages(SettingsMark, layer: String, found: Shape)
  /// The layers expand to too many nodes.
  case tooManyNodes(SettingsMark, limit: Int)
  /// No layer makes `logits`.
  case noLogits(SettingsMark)
  /// `logits` has another shape than the classes need.
  case logitsShape(SettingsMark, expected: Shape, found: Shape)
  /// No spec has this name.
  case unknownNetwork(String, suggestion: String?, known: [String], searched: [String])
  /// An option is out of range.
  case invalidOption(String, expected: String, found: String)

  /// True if each layer was understood, and only shapes do not fit.
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
      "no network is called \"\(name)\"" + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
        + (known.isEmpty
          ? "; there are no specs in \(searched.joined(separator: ", "))"
          : " (\(known.joined(separator: ", ")))")
    case .invalidOption(let name, let expected, let found):
      "\(name): expected \(expected), found \(found)"
    }
  }
}

extension Shape {
  /// The shape of one item, as a spec's author sees it.
  fileprivate var withoutBatch: String { Shape(Array(dimensions.dropFirst())).description }
}
