import Crypto
import Foundation
import Settings
import Tensors

/// Where files lie in the cache, and how a source's content becomes an address.
enum CacheFiles {
  /// `ROOT/KIND/ADDRESS`, with the folder made and freed of what killed processes left.
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

  /// The SHA-256 of a file's bytes, hexadecimal.
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

  /// A stamp of a folder: the SHA-256 over its files' paths, sizes and times of change.
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

  /// The address of a location's content.
  static func address(of location: DataLocation) throws(DatasetError) -> String {
    location.isFolder ? try address(ofFolder: location.path) : try address(ofFile: location.path)
  }
}
