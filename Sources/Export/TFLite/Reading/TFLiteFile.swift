public import Graphs

/// Reads networks in .tflite files, as TensorFlow's converter, LiteRT's tools and Condense write them.
///
///     let imported = try TFLiteFile.read("resnet20.tflite", ImportOptions())
///
/// A file is untrusted: reading returns a verified model or throws, in memory proportional to the file.
public enum TFLiteFile {
  /// True if bytes may be the beginning of a .tflite file: the identifier `TFL3` at byte 4.
  public static func isBeginning(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 8 && bytes[4..<8].elementsEqual("TFL3".utf8)
  }

  /// Reads a network from a file.
  public static func read(_ path: String, _ options: ImportOptions) throws(ModelFileError) -> ImportedModel {
    let bytes = try ModelFile.contents(of: path, expected: "TensorFlow Lite", accepting: isBeginning)
    return try read(bytes: bytes, file: path, options)
  }

  /// Reads a network from a file's bytes; `file` is named in errors.
  public static func read(
    bytes: [UInt8], file: String, _ options: ImportOptions
  ) throws(ModelFileError) -> ImportedModel {
    let imported: ImportedModel
    do throws(ONNXFileProblem) {
      imported = try read(bytes) { reader throws(ONNXFileProblem) in
        try reader.read(options)
      }
    } catch {
      throw .format(file: file, FormatProblem(TFLiteFileProblem(problem: error)))
    }
    try ModelFile.check(imported.model, file: file)
    return imported
  }

  /// The network in a file's bytes, with any inputs.
  static func graph(bytes: [UInt8]) throws -> Graph {
    do throws(ONNXFileProblem) {
      return try read(bytes) { reader throws(ONNXFileProblem) in
        try reader.readGraph()
      }
    } catch {
      throw TFLiteFileProblem(problem: error)
    }
  }

  private static func read<Result>(
    _ bytes: [UInt8], _ body: (inout ONNXModelReader) throws(ONNXFileProblem) -> Result
  ) throws(ONNXFileProblem) -> Result {
    let network = try TFLiteNetwork(bytes)
    let translation = try TFLiteTranslation(network, fileBytes: bytes.count)
    do throws(ONNXFileProblem) {
      var reader = try ONNXModelReader(
        try translation.proto(), .init(format: .tflite, fileBytes: bytes.count, images: translation.images),
        notes: translation.notes)
      return try body(&reader)
    } catch {
      throw translation.named(error)
    }
  }
}

/// The defect of a .tflite file; the error adds the file's path.
public struct TFLiteFileProblem: FileProblem {
  /// The defect, in terms of the nodes that operators become.
  public let problem: ONNXFileProblem

  /// The message: what was found, what was expected, and what to do.
  public var description: String { problem.description(of: .tflite) }
}

extension TFLiteTranslation {
  /// The problem in terms of the file's operators instead of the nodes that they became, each once.
  fileprivate func named(_ problem: ONNXFileProblem) -> ONNXFileProblem {
    guard case .nodes(let nodes) = problem else { return problem }
    var told: Set<String> = []
    return .nodes(
      nodes.compactMap { node in
        guard told.insert(node.name).inserted else { return nil }
        return .init(
          type: types[node.name] ?? node.type, name: node.name, reason: refusals[node.name] ?? node.reason)
      })
  }
}
