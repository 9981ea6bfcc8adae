import Graphs
import Settings
import Tensors

/// The metadata of a file: classes, normalization, split and provenance.
struct ONNXTexts {
  private let texts: [String: String]
  private let producer: String
  private let format: ImportedFormat

  init(_ proto: ONNXModelProto, of format: ImportedFormat) {
    self.format = format
    texts = Dictionary(
      proto.metadataProps.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    producer = "\(proto.producerName) \(proto.producerVersion)".trimmingSpaces
  }

  /// True if the file says that its outputs are logits.
  var saysScores: Bool { texts[ONNXMetadata.outputs] == ONNXMetadata.scores || isDetector }

  /// True if the file says that its outputs are those of a detector.
  var isDetector: Bool { texts[ONNXMetadata.outputs] == ONNXMetadata.anchorRows }

  /// The anchors of the values that lay out rows, by name.
  func anchors() throws(ONNXFileProblem) -> [String: [Float]] {
    guard let node = try json(ONNXMetadata.anchors) else { return [:] }
    do throws(SettingsError) {
      var anchors: [String: [Float]] = [:]
      for entry in try node.mapping(ONNXMetadata.anchors) {
        anchors[entry.key] = try [Float](reading: entry.value, key: entry.key)
      }
      return anchors
    } catch {
      throw .metadata(key: ONNXMetadata.anchors, reason: "\(error)")
    }
  }

  /// The model of a graph; information that the file lacks is taken from `options`, or marked as unknown.
  func model(
    of scores: ONNXScores, input: GraphInput, _ options: ImportOptions, notes: [String]
  ) throws(ONNXFileProblem) -> ImportedModel {
    let graph = scores.graph
    let channels = input.shape[0]
    let count = graph.classCount ?? 0
    let named = scores.classes(named: try classes()).flatMap {
      $0 == ONNXMetadata.numbers($0.count) ? nil : $0
    }
    let stated = try self.normalization()
    let normalization = options.normalization ?? stated
    guard let known = normalization ?? (options.needsNormalization ? nil : .pixels) else {
      throw .noNormalization
    }
    guard count <= Model.maximumClasses else {
      throw .tooMany(what: "classes", found: count, limit: Model.maximumClasses)
    }
    let split = try json(ONNXMetadata.split)
    let own = try json(ONNXMetadata.provenance)
    let provenance = if let own { own } else { try imported() }
    let description = try known.description(channels: channels, shape: input.shape)
    let model = Model(
      graph: graph, classes: named ?? ONNXMetadata.numbers(count), input: description,
      split: split ?? Self.unknownSplit,
      provenance: provenance)
    return ImportedModel(
      model: model, namesClasses: named != nil, isNormalizationKnown: normalization != nil,
      notes: notes + scores.notes)
  }

  /// The provenance of a file that Condense did not write.
  private func imported() throws(ONNXFileProblem) -> SettingsNode {
    let producer = SettingsNode(mapping: ["importedFrom": format.rawValue.node, "producer": producer.node])
    let key = ONNXMetadata.trainingImages
    guard let text = texts[key], case .mapping(let entries) = producer.content else { return producer }
    guard let images = Int(text), images > 0 else {
      throw .metadata(key: key, reason: "\"\(text.prefix(40))\", expected a number of images above 0")
    }
    return SettingsNode(.mapping(entries + [.init(key: key, mark: producer.mark, value: images.node)]))
  }

  private func normalization() throws(ONNXFileProblem) -> InputNormalization? {
    guard let mean = texts[ONNXMetadata.mean], let deviation = texts[ONNXMetadata.deviation] else {
      return nil
    }
    if let order = texts[ONNXMetadata.channelOrder], !["rgb", "grey", "gray"].contains(order.lowercased()) {
      throw .metadata(key: ONNXMetadata.channelOrder, reason: "\"\(order.prefix(40))\", expected RGB or grey")
    }
    var text = "mean=\(mean.bare),std=\(deviation.bare)"
    if let range = texts[ONNXMetadata.pixelRange] { text += ",range=\(range)" }
    do throws(NormalizationError) {
      return try InputNormalization(text)
    } catch {
      throw .metadata(key: ONNXMetadata.mean, reason: "\(error)")
    }
  }

  /// The names of the classes, from a JSON list or a text with commas; `nil` without any.
  func classes() throws(ONNXFileProblem) -> [String]? {
    guard let text = texts[ONNXMetadata.classes] else { return nil }
    guard text.first == "[" else { return text.split(separator: ",").map { String($0).trimmingSpaces } }
    do throws(SettingsError) {
      return try [String](
        reading: SettingsNode(json: text, source: ONNXMetadata.classes), key: ONNXMetadata.classes)
    } catch {
      throw .metadata(key: ONNXMetadata.classes, reason: "\(error)")
    }
  }

  private func json(_ key: String) throws(ONNXFileProblem) -> SettingsNode? {
    guard let text = texts[key] else { return nil }
    do throws(SettingsError) {
      return try SettingsNode(json: text, source: key)
    } catch {
      throw .metadata(key: key, reason: "\(error)")
    }
  }

  /// The split of unknown data, with an empty digest.
  private static let unknownSplit = SettingsNode(mapping: [
    "given": true.node, "validation": 0.0.node, "test": 0.0.node, "seed": 0.node, "digest": "".node,
    "images": SettingsNode(mapping: ["train": 0.node, "val": 0.node, "test": 0.node]),
  ])
}

extension String {
  /// The text without spaces at either end.
  fileprivate var trimmingSpaces: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }

  /// The text without brackets and spaces, as a list of Python has.
  fileprivate var bare: String { filter { !"[]() ".contains($0) } }
}
