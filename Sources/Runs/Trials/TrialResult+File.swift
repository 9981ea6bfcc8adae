import Foundation
import Metrics

extension TrialResult {
  /// The version of the schema that is written and read.
  public static let schemaVersion = 2
  /// The file's name in a trial's directory.
  public static let fileName = "result.json"

  /// Reads a trial's `result.json` and checks every field.
  ///
  /// Throws `RunError.result` with file and field.
  public static func read(_ path: String) throws(RunError) -> TrialResult {
    try decoded(from: try RunFile.read(path), path: path)
  }

  /// Decodes a result from a file's bytes; the path is for messages.
  static func decoded(from data: Data, path: String) throws(RunError) -> TrialResult {
    let result = try RunFile.decode(
      TrialResult.self, from: data, schema: schemaVersion, path: path
    ) { $0.nameTask() }
    try result.validate(path: path)
    return result
  }

  /// The file's bytes, with keys sorted and every number finite; refuses a result that `read(_:)` would
  /// refuse.
  func json(path: String = fileName) throws(RunError) -> Data {
    try validate(path: path)
    return try RunFile.bytes(self, path: path)
  }

  /// Writes the file under a temporary name and renames it in one step.
  public func write(to path: String) throws(RunError) {
    try RunFile.write(try json(path: path), to: path)
  }
}

extension [String: Any] {
  /// Turns an object of schema 1 into one of schema 2.
  ///
  /// Classification was the only task in schema 1, and figures did not name their metric.
  mutating func nameTask() {
    func rename(_ object: inout [String: Any]) {
      if let value = object.removeValue(forKey: "validationTop1") { object["validation"] = value }
    }
    rename(&self)
    if let stages = self["stages"] as? [[String: Any]] {
      self["stages"] = stages.map { stage in
        var stage = stage
        rename(&stage)
        return stage
      }
    }
    let names = ["task": ClassificationDetails.task, "metric": ClassificationDetails.metric.key]
    if let accuracy = self["accuracy"] as? [String: Any] {
      self["accuracy"] = accuracy.merging(names) { _, name in name }
    } else {
      self["metric"] = names["metric"]
    }
  }
}
