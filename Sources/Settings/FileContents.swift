public import Foundation

/// Files that are read whole, though no more of them than they may have.
public enum FileContents {
  /// The bytes of a file, of one that has more than `limit` one byte more than that: devices and pipes need not end.
  public static func read(_ path: String, atMost limit: Int) throws -> Data {
    guard !FileManager.default.fileExists(atPath: path + "/.") else {
      throw CocoaError(.fileReadUnknown)
    }
    let handle = try FileHandle(forReadingFrom: URL(filePath: path))
    defer { try? handle.close() }
    return try handle.read(upToCount: limit + 1) ?? Data()
  }
}
