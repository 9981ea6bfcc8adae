import Graphs
import Settings

/// The metadata in a .tflite file of Condense: JSON in a separate buffer.
///
/// `classes` are names; `mean` and `deviation` are numbers per channel for pixels of 0…255; `split`
/// identifies the training images; `anchors`, for detectors alone, are those of the values that lay out rows.
/// Outputs are scores.
enum TFLiteMetadata {
  /// The name of the metadata entry.
  static let name = "condense"

  private static let classes = "classes"
  private static let mean = "mean"
  private static let deviation = "deviation"
  private static let split = "split"
  private static let anchors = "anchors"

  /// The metadata entry of a model.
  static func entry(of model: Model) -> TFLiteModel.Metadata {
    let mark = SettingsMark(source: name)
    var entries = [
      (classes, model.classes.node), (mean, model.input.mean.node), (deviation, model.input.deviation.node),
    ]
    if case .mapping = model.split.content { entries.append((split, model.split)) }
    if let node = ONNXMetadata.anchorNode(of: model.graph) { entries.append((anchors, node)) }
    let node = SettingsNode(
      .mapping(entries.map { SettingsNode.Entry(key: $0.0, mark: mark, value: $0.1) }))
    return TFLiteModel.Metadata(name: name, text: node.canonicalJSON)
  }

  /// The same metadata as entries of an ONNX file; empty where the file has none.
  static func texts(_ data: ArraySlice<UInt8>?) throws(ONNXFileProblem) -> [ONNXStringStringEntryProto] {
    guard let data else { return [] }
    do throws(SettingsError) {
      let node = try SettingsNode(json: String(decoding: data, as: UTF8.self), source: name)
      let mean = try [Float](reading: node.required(mean, of: name), key: mean)
      let deviation = try [Float](reading: node.required(deviation, of: name), key: deviation)
      let classes = try [String](reading: node.required(classes, of: name), key: classes)
      let anchors = node[anchors]
      var texts = [
        (ONNXMetadata.mean, list(mean)), (ONNXMetadata.deviation, list(deviation)),
        (ONNXMetadata.pixelRange, "255"), (ONNXMetadata.classes, classes.node.compactJSON),
        (ONNXMetadata.outputs, anchors == nil ? ONNXMetadata.scores : ONNXMetadata.anchorRows),
      ]
      if let anchors { texts.append((ONNXMetadata.anchors, anchors.compactJSON)) }
      if let split = node[split] { texts.append((ONNXMetadata.split, split.compactJSON)) }
      return texts.map { key, value in
        var entry = ONNXStringStringEntryProto()
        entry.key = key
        entry.value = value
        return entry
      }
    } catch {
      throw .metadata(key: name, reason: "\(error)")
    }
  }

  /// The names of the values that lay out a detector's rows.
  static func rows(_ data: ArraySlice<UInt8>?) -> Set<String> {
    guard let data, let node = try? SettingsNode(json: String(decoding: data, as: UTF8.self), source: name),
      case .mapping(let entries)? = node[anchors]?.content
    else { return [] }
    return Set(entries.map(\.key))
  }

  private static func list(_ numbers: [Float]) -> String { numbers.map { "\($0)" }.joined(separator: ",") }
}
