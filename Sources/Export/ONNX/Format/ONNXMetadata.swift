import Tensors
import Graphs
import Ops
import Settings

/// The metadata of an ONNX file besides the computation: texts by key.
///
/// `mean` and `std` are numbers with commas for pixels of 0…`pixel_range`; `classes`, `split` and
/// `provenance` are JSON.
enum ONNXMetadata {
  static let mean = "mean"
  static let deviation = "std"
  static let pixelRange = "pixel_range"
  static let channelOrder = "channel_order"
  static let classes = "classes"
  static let split = "split"
  static let provenance = "provenance"
  /// The number of images that training saw, with repeats.
  static let trainingImages = "trainingImages"
  /// The kind of outputs: `scores` are logits, whatever the last operator is.
  static let outputs = "outputs"
  static let scores = "scores"
  /// The other value of `outputs`: scores and offsets of a detector, position by position and anchor by
  /// anchor.
  static let anchorRows = "anchor-scores,anchor-offsets"
  /// The anchors of a detector as JSON: width and height as shares of the image, by the values that lay out
  /// rows.
  static let anchors = "anchors"

  /// The metadata of a model, in the order of writing.
  static func entries(of model: Model) -> [ONNXStringStringEntryProto] {
    [
      (mean, list(model.input.mean)), (deviation, list(model.input.deviation)), (pixelRange, "255"),
      (channelOrder, model.input.shape[0] == 1 ? "grey" : "RGB"),
      (classes, model.classes == numbers(model.classes.count) ? "" : model.classes.node.compactJSON),
      (outputs, rows(of: model.graph).isEmpty ? scores : anchorRows), (anchors, anchors(of: model.graph)),
      (split, model.split.compactJSON), (provenance, model.provenance.compactJSON),
    ].filter { !$0.1.isEmpty }.map { key, value in
      var entry = ONNXStringStringEntryProto()
      entry.key = key
      entry.value = value
      return entry
    }
  }

  /// The names of unnamed classes, which are their indices; a file does not store them.
  static func numbers(_ count: Int) -> [String] { (0..<count).map { "\($0)" } }

  /// The nodes that lay out rows of anchors for a detector's outputs.
  private static func rows(of graph: Graph) -> [Node] {
    graph.outputs.flatMap { graph.anchorRows(behind: $0) ?? [] }
  }

  private static func anchors(of graph: Graph) -> String { anchorNode(of: graph)?.compactJSON ?? "" }

  /// The anchors of a detector's rows, by the values that lay them out; `nil` for other networks.
  static func anchorNode(of graph: Graph) -> SettingsNode? {
    let mark = SettingsMark(source: "graph")
    let entries = rows(of: graph).compactMap { node in
      (node.op as? AnchorRows).map { SettingsNode.Entry(key: node.name, mark: mark, value: $0.anchors.node) }
    }
    return entries.isEmpty ? nil : SettingsNode(.mapping(entries))
  }

  private static func list(_ numbers: [Float]) -> String { numbers.map { "\($0)" }.joined(separator: ",") }
}
