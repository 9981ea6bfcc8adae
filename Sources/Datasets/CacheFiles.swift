import Crypto
import Foundation
import Settings
import Tensors

/// The places of files in the cache, and the addresses of a source's content.
enum CacheFiles {
  /// Returns `ROOT/KIND/ADDRESS`; makes the folder and removes what killed processes left in it.
  static func path(_ kind: String, _ address: String, below root: String) throws(DatasetError) -> String {
    let folder = root + "/" + kind
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(path: folder, reason: FileFailure.reason(error, path: folder))
    }
    CacheTrimming.removeStaleParts(in: folder)
    return folder + "/" + address
  }

  /// Returns the SHA-256 of a file's bytes as hexadecimal digits.
  static func address(ofFile path: String) throws(DatasetError) -> String {
    do {
      let file = try FileHandle(forReadingFrom: URL(filePath: path))
      defer { try? file.close() }
      var hasher = SHA256()
      while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { hasher.update(data: piece) }
      return ContentDigest(hasher.finalize()).hexadecimal
    } catch {
      throw .unreadable(path: path, reason: FileFailure.reason(error, path: path))
    }
  }

  /// Returns the stamp of a folder: the SHA-256 over its files' paths, sizes and times of change.
  static func address(ofFolder path: String) throws(DatasetError) -> String {
    try address(ofFiles: FolderListing(path).files, below: path + "/")
  }

  /// Returns the stamp of some files: the SHA-256 over their paths, sizes and times of change.
  private static func address(ofFiles paths: [String], below folder: String) throws(DatasetError) -> String {
    var hasher = SHA256()
    for file in paths {
      hasher.update(data: Array("\(file)\u{0}\(try stamp(folder + file))\n".utf8))
    }
    return ContentDigest(hasher.finalize()).hexadecimal
  }

  /// Returns the size and the time of change of a file.
  static func stamp(_ path: String) throws(DatasetError) -> String {
    do throws(SystemError) {
      return try FileStamp(ofFile: path).text
    } catch {
      throw .unreadable(path: path, reason: "\(error)")
    }
  }

  /// Returns the address of a location's content: the stamp of a folder or of shards, the digest of a file.
  static func address(of location: DataLocation) throws(DatasetError) -> String {
    if !location.shards.isEmpty { return try address(ofFiles: location.shards.map(\.path), below: "") }
    return location.isFolder ? try address(ofFolder: location.path) : try address(ofFile: location.path)
  }
}
