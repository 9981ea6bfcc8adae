import Foundation
import Images

/// A temporary folder that is removed with its last reference.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path() + "/condense-data-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ bytes: [UInt8], to name: String) throws {
    let target = URL(filePath: path + "/" + name)
    try FileManager.default.createDirectory(
      at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: target)
  }
}

/// Small pictures with known pixels.
enum TestImages {
  /// A picture with pixels that all differ, and differ between keys.
  static func image(_ key: Int, width: Int = 8, height: Int = 8, channels: Int = 3) -> Image {
    Image(
      width: width, height: height, channels: channels,
      pixels: (0..<width * height * channels).map {
        UInt8(truncatingIfNeeded: $0 * 7 + key * 31 + ($0 * key) / 5)
      })
  }

  static func png(_ key: Int, width: Int = 8, height: Int = 8, channels: Int = 3) throws -> [UInt8] {
    try ImageEncoder.png(image(key, width: width, height: height, channels: channels))
  }

  /// Writes `count` images for each class to the given folders ("train", "test", or "" for no split).
  static func write(
    to folder: TemporaryFolder, parts: [String], classes: [String] = ["cat", "dog"], count: Int = 10,
    channels: Int = 3
  ) throws {
    var key = 0
    for part in parts {
      for name in classes {
        for i in 0..<count {
          key += 1
          let file = [part, name, "\(i).png"].filter { !$0.isEmpty }.joined(separator: "/")
          try folder.write(try png(key, channels: channels), to: file)
        }
      }
    }
  }
}
