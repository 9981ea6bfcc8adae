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
    var hasher = SHA256()
    for file in try FolderListing(path).files {
      let stamp: FileStamp
      do throws(SystemError) {
        stamp = try FileStamp(ofFile: path + "/" + file)
      } catch {
        throw .unreadable(path: path + "/" + file, reason: "\(error)")
      }
      hasher.update(data: Array("\(file)\u{0}\(stamp.text)\n".utf8))
    }
    return ContentDigest(hasher.finalize()).hexadecimal
  }

  /// Returns the address of a location's content: the stamp of a folder, the digest of a file.
  static func address(of location: DataLocation) throws(DatasetError) -> String {
    location.isFolder ? try address(ofFolder: location.path) : try address(ofFile: location.path)
  }
}
