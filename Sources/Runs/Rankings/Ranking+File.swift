import Foundation

extension Ranking {
  /// The version of the schema that is written and read.
  public static let schemaVersion = 3

  /// The bytes of `ranking.json`: keys sorted, every number finite; equal rankings give equal bytes.
  func json(path: String = "ranking.json") throws(RunError) -> Data {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      return try encoder.encode(self) + Data("\n".utf8)
    } catch {
      throw .unwritable(path: path, reason: "a figure is not finite: \(error)")
    }
  }

  /// Writes the file under a temporary name and renames it in one step.
  public func write(to path: String) throws(RunError) {
    try RunFile.write(try json(path: path), to: path)
  }

  /// Reads a file that `write(to:)` wrote.
  public static func read(_ path: String) throws(RunError) -> Ranking {
    try RunFile.decode(Ranking.self, from: try RunFile.read(path), schema: schemaVersion, path: path)
  }
}
