import Foundation
public import Settings
import Tensors

/// Reads and writes models as safetensors, with everything but the parameters in the metadata.
///
///     try ModelFile.write(model, to: "lenet5.safetensors")
///     let model = try ModelFile.read("lenet5.safetensors", catalogue: .standard)
///
/// The metadata has the texts `format` ("condense"), `schema` ("1"), and as JSON `graph`, `classes`, `input`,
/// `split` and `provenance`. Equal models give equal bytes. A file is untrusted: whatever it holds, reading
/// gives a verified model or throws, in memory proportional to the file.
public enum ModelFile {
  static let format = "condense"
  static let schema = "1"

  /// The bytes of a model's file; throws for a model that `read` would refuse.
  public static func bytes(of model: Model, file: String = "model") throws(ModelFileError) -> [UInt8] {
    try check(model, file: file)
    try requirePlain(model.graph, file: file)
    let metadata = [
      "format": format, "schema": schema,
      "graph": model.graph.structureNode.compactJSON,
      "classes": model.classes.node.compactJSON,
      "input": model.input.settingsNode.compactJSON,
      "split": model.split.compactJSON,
      "provenance": model.provenance.compactJSON,
    ]
    return Safetensors(metadata: metadata, tensors: model.graph.parameters.mapValues(\.value)).bytes
  }

  /// Refuses encodings, which safetensors cannot hold.
  private static func requirePlain(_ graph: Graph, file: String) throws(ModelFileError) {
    for (name, parameter) in graph.parameters.sorted(by: { $0.key < $1.key })
    where parameter.encoding.kind != Dense.kind {
      throw .encoded(file: file, name: name, encoding: parameter.encoding.kind)
    }
    if let (name, encoding) = graph.values.min(by: { $0.key < $1.key }) {
      throw .encoded(file: file, name: name, encoding: encoding.kind)
    }
  }

  /// Writes a model beside `path`, flushes it to the disk and renames it: a reader sees the old file or the
  /// new one.
  public static func write(_ model: Model, to path: String) throws(ModelFileError) {
    let bytes = try bytes(of: model, file: path)
    do throws(SystemError) {
      try WholeFile.write(bytes, to: path)
    } catch {
      throw .unwritable(file: path, reason: "\(error)")
    }
  }

  /// The largest file that is read, in bytes.
  static let maximumBytes = 8 << 30

  /// Reads a model from a file; a file that does not begin like one is refused before the rest is read.
  public static func read(_ path: String, catalogue: OpCatalogue) throws(ModelFileError) -> Model {
    let bytes = try contents(of: path, expected: "safetensors", accepting: Safetensors.isBeginning)
    return try read(bytes: bytes, file: path, catalogue: catalogue)
  }

  /// The bytes of a model file.
  ///
  /// A file whose first 64 bytes are not accepted is refused before the rest is read.
  public static func contents(
    of path: String, expected: String, accepting isBeginning: ([UInt8]) -> Bool
  ) throws(ModelFileError) -> [UInt8] {
    let beginning: Data
    let rest: Data
    guard !FileManager.default.fileExists(atPath: path + "/.") else {
      throw .unreadable(file: path, reason: "it is a folder, expected a model file")
    }
    do {
      let handle = try FileHandle(forReadingFrom: URL(filePath: path))
      defer { try? handle.close() }
      beginning = try handle.read(upToCount: 64) ?? Data()
      guard isBeginning([UInt8](beginning)) else {
        throw ModelFileError.notModel(
          file: path, expected: expected, looksLike: FileKind.description(of: [UInt8](beginning)))
      }
      rest = try handle.read(upToCount: maximumBytes - beginning.count) ?? Data()
      guard try (handle.read(upToCount: 1) ?? Data()).isEmpty else {
        throw ModelFileError.unreadable(file: path, reason: "more than \(maximumBytes) bytes")
      }
    } catch let error as ModelFileError {
      throw error
    } catch {
      throw .unreadable(file: path, reason: FileFailure.reason(error, path: path))
    }
    return [UInt8](beginning + rest)
  }

  /// Reads a model from a file's bytes; `file` is named in errors.
  public static func read(bytes: [UInt8], file: String, catalogue: OpCatalogue) throws(ModelFileError)
    -> Model
  {
    let container = try Safetensors(bytes: bytes, file: file)
    guard container.metadata["format"] == format, container.metadata["graph"] != nil else {
      throw .notCondense(file: file)
    }
    guard container.metadata["schema"] == schema else {
      throw .schema(file: file, found: container.metadata["schema"] ?? "missing")
    }
    let metadata = Metadata(texts: container.metadata, file: file)
    var graph: Graph
    let structure = try metadata.node("graph")
    do throws(GraphReadingError) {
      graph = try Graph(structure: structure, catalogue: catalogue)
    } catch {
      throw .graph(file: file, error)
    }
    graph.parameters = container.tensors.mapValues { Parameter($0) }
    let model = Model(
      graph: graph,
      classes: try metadata.value("classes") { node throws(SettingsError) in
        try [String](reading: node, key: "classes")
      },
      input: try metadata.value("input") { node throws(SettingsError) in try InputDescription(from: node) },
      split: try metadata.node("split"), provenance: try metadata.node("provenance"))
    try check(model, file: file)
    return model
  }

  /// Checks that a file may hold a model: the graph is valid, and fits its input and classes.
  public static func check(_ model: Model, file: String) throws(ModelFileError) {
    do throws(GraphError) {
      try model.graph.verify()
    } catch {
      throw .graph(file: file, .graph(error))
    }
    let output = model.graph.outputs.first.flatMap { model.graph.shape(of: $0) } ?? []
    guard model.graph.classCount == model.classes.count else {
      throw .classCount(file: file, classes: model.classes.count, output: output)
    }
    guard model.classes.count <= Model.maximumClasses else {
      throw .tooManyClasses(file: file, found: model.classes.count, limit: Model.maximumClasses)
    }
    var seen: Set<String> = []
    if let twice = model.classes.first(where: { !seen.insert($0).inserted }) {
      throw .duplicateClass(file: file, name: twice)
    }
    if let problem = model.input.problem(for: model.graph) { throw .input(file: file, problem) }
  }
}

/// The texts of the metadata, read as JSON one by one.
private struct Metadata {
  let texts: [String: String]
  let file: String

  func node(_ key: String) throws(ModelFileError) -> SettingsNode {
    try value(key) { node throws(SettingsError) in node }
  }

  func value<Value>(
    _ key: String, _ read: (SettingsNode) throws(SettingsError) -> Value
  ) throws(ModelFileError) -> Value {
    do throws(SettingsError) {
      guard let text = texts[key] else {
        throw .missingKey(SettingsMark(source: "metadata"), key: key, owner: "a model")
      }
      return try read(SettingsNode(json: text, source: key))
    } catch {
      throw .metadata(file: file, key: key, error)
    }
  }
}

extension InputDescription {
  /// The description as settings: `shape`, `mean`, `deviation`.
  public var settingsNode: SettingsNode {
    SettingsNode(mapping: ["shape": shape.settingsNode, "mean": mean.node, "deviation": deviation.node])
  }

  /// Reads `shape`, `mean` and `deviation`.
  public init(from node: SettingsNode) throws(SettingsError) {
    try node.requireKeys(["shape", "mean", "deviation"], of: "the input")
    self.init(
      shape: try Shape(from: node.required("shape", of: "the input"), key: "shape"),
      mean: try [Float](reading: node.required("mean", of: "the input"), key: "mean"),
      deviation: try [Float](reading: node.required("deviation", of: "the input"), key: "deviation"))
  }

  /// The reason for which the description does not fit a graph's only input; `nil` if it does.
  fileprivate func problem(for graph: Graph) -> ModelFileError.InputProblem? {
    guard graph.inputs.count == 1, graph.inputs[0].shape == shape else {
      return .shape(expected: graph.inputs.map(\.shape), found: shape)
    }
    let channels = shape.dimensions.first ?? 0
    guard shape.rank == 3, channels == 1 || channels == 3 else { return .channels(channels) }
    guard mean.count == channels, deviation.count == channels else {
      return .statistics(channels: channels, mean: mean.count, deviation: deviation.count)
    }
    guard mean.allSatisfy(\.isFinite), deviation.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      return .values(mean: mean, deviation: deviation)
    }
    return nil
  }
}
