import Foundation

extension TrialResult {
  /// The version of the schema that is written and read.
  public static let schemaVersion = 1
  /// The file's name in a trial's directory.
  public static let fileName = "result.json"

  /// Reads a trial's `result.json`, which is believed in nothing: every field is checked.
  ///
  /// Throws `RunError.result` with file and field.
  public static func read(_ path: String) throws(RunError) -> TrialResult {
    try decoded(from: try RunFile.read(path), path: path)
  }

  /// The result of a file's bytes; the path is for messages.
  static func decoded(from data: Data, path: String) throws(RunError) -> TrialResult {
    let result = try RunFile.decode(TrialResult.self, from: data, schema: schemaVersion, path: path)
    try result.validate(path: path)
    return result
  }

  /// The file's bytes: keys sorted, every number finite. What could not be read back is refused.
  func json(path: String = fileName) throws(RunError) -> Data {
    try validate(path: path)
    return try RunFile.bytes(self, path: path)
  }

  /// Writes the file beside its place and puts it there in one step.
  public func write(to path: String) throws(RunError) {
    try RunFile.write(try json(path: path), to: path)
  }
}
