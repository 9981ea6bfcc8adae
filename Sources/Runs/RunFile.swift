import Foundation
import Settings

/// Reads and writes a run's JSON files; errors give the reason in words.
enum RunFile {
  /// The size in bytes of the largest file that is read.
  ///
  /// 20 mistakes for each class and a confusion matrix of 1,000 classes stay far below.
  static let largestBytes = 1 << 28

  static func read(_ path: String) throws(RunError) -> Data {
    do {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      guard attributes[.type] as? FileAttributeType == .typeRegular else {
        throw RunError.unreadable(path: path, reason: "it is no regular file")
      }
      let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
      guard size <= largestBytes else {
        throw RunError.unreadable(
          path: path, reason: "it has \(size) bytes, expected at most \(largestBytes)")
      }
      return try Data(contentsOf: URL(filePath: path))
    } catch let error as RunError {
      throw error
    } catch {
      throw .unreadable(path: path, reason: FileFailure.reason(error, path: path))
    }
  }

  /// Writes the file under a temporary name and renames it in one step.
  static func write(_ data: Data, to path: String) throws(RunError) {
    do {
      try data.write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw .unwritable(path: path, reason: FileFailure.reason(error, path: path))
    }
  }

  /// The value as JSON, with keys sorted and a line feed at the end.
  static func bytes(_ value: some Encodable, path: String) throws(RunError) -> Data {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return try encoder.encode(value) + Data("\n".utf8)
    } catch {
      throw .unwritable(path: path, reason: "\(error)")
    }
  }

  /// Renames a file or folder to the first free name of `NAME-1`, `NAME-2`, …, and returns that name.
  static func setAside(_ path: String, as name: String) throws(RunError) -> String {
    var number = 1
    while FileManager.default.fileExists(atPath: "\(name)-\(number)") { number += 1 }
    let place = "\(name)-\(number)"
    do {
      try FileManager.default.moveItem(atPath: path, toPath: place)
    } catch {
      throw .unwritable(path: place, reason: FileFailure.reason(error, path: place))
    }
    return place
  }

  private struct Header: Decodable {
    var schema: Int
  }

  /// Decodes a value of JSON; an error names the field.
  ///
  /// `update` rewrites an object of the schema before this one, so that files of both are read.
  static func decode<Value: Decodable>(
    _ type: Value.Type, from data: Data, schema: Int, path: String,
    update: ((inout [String: Any]) -> Void)? = nil
  ) throws(RunError) -> Value {
    do {
      let header = try JSONDecoder().decode(Header.self, from: data)
      if let update, header.schema == schema - 1 {
        return try JSONDecoder().decode(type, from: try updated(data, schema: schema, update))
      }
      guard header.schema == schema else {
        throw RunError.result(
          path: path, field: "schema",
          reason: "expected \(schema), found \(header.schema); another version of Condense wrote it")
      }
      return try JSONDecoder().decode(type, from: data)
    } catch let error as RunError {
      throw error
    } catch let error as DecodingError {
      throw error.inFile(path)
    } catch {
      throw .unreadable(path: path, reason: "\(error)")
    }
  }
}

extension RunFile {
  private static func updated(
    _ data: Data, schema: Int, _ update: (inout [String: Any]) -> Void
  ) throws -> Data {
    guard var object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else { return data }
    update(&object)
    object["schema"] = schema
    return try JSONSerialization.data(withJSONObject: object)
  }
}

extension DecodingError {
  /// This error as a `RunError` that names the file and the field.
  fileprivate func inFile(_ path: String) -> RunError {
    switch self {
    case .keyNotFound(let key, let context):
      .result(path: path, field: Self.field(context.codingPath + [key]), reason: "is missing")
    case .typeMismatch(let type, let context):
      .result(
        path: path, field: Self.field(context.codingPath), reason: "expected \(type), found something else")
    case .valueNotFound(let type, let context):
      .result(path: path, field: Self.field(context.codingPath), reason: "expected \(type), found null")
    case .dataCorrupted(let context) where context.codingPath.isEmpty:
      .unreadable(path: path, reason: Self.noJSON)
    case .dataCorrupted(let context):
      .result(path: path, field: Self.field(context.codingPath), reason: context.debugDescription)
    @unknown default:
      .unreadable(path: path, reason: "\(self)")
    }
  }

  /// The decoder reports both faults alike.
  private static let noJSON = "it is no JSON, or a number in it is out of its field's range"

  /// The path as text, such as `accuracy.perClass[3]`.
  private static func field(_ path: [any CodingKey]) -> String {
    path.reduce("") { text, key in
      if let index = key.intValue { return "\(text)[\(index)]" }
      return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
    }
  }
}
