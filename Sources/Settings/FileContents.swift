public import Foundation

/// Reads whole files up to a limit.
public enum FileContents {
  /// The bytes of a file, at most `limit` + 1 of them, as devices and pipes need not end.
  ///
  /// One byte more than `limit` tells that the file is too large.
  public static func read(_ path: String, atMost limit: Int) throws -> Data {
    guard !FileManager.default.fileExists(atPath: path + "/.") else {
      throw CocoaError(.fileReadUnknown)
    }
    let handle = try FileHandle(forReadingFrom: URL(filePath: path))
    defer { try? handle.close() }
    return try handle.read(upToCount: limit + 1) ?? Data()
  }
}
