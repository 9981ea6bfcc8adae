import Foundation
import TestSupport

/// A writer of archives that shares no code with the reader, as independent truth.
enum TestArchives {
  /// A pax header that gives another path to the next entry.
  static func pax(path: String) -> [UInt8] {
    let rest = path.utf8.count + " path=\n".utf8.count
    let length = rest + "\(rest + 2)".count  // counts its own digits
    return TestTar.entry("pax", Array("\(length) path=\(path)\n".utf8), type: "x")
  }

  /// GNU tar's entry that gives a long path to the next entry.
  static func gnuLongName(_ path: String) -> [UInt8] {
    TestTar.entry("././@LongLink", Array(path.utf8) + [0], type: "L")
  }

  static func crc(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
    }
    return crc ^ 0xFFFF_FFFF
  }

  static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// A gzip file with stored blocks.
  static func gzip(_ data: [UInt8]) -> [UInt8] {
    var file: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
    var at = 0
    repeat {
      let count = min(65_535, data.count - at)
      file.append(at + count == data.count ? 1 : 0)
      file += little(count, 2) + little(~count, 2)
      file += data[at..<at + count]
      at += count
    } while at < data.count
    return file + little(Int(crc(data)), 4) + little(data.count, 4)
  }

  /// A zip file with stored members.
  static func zip(_ files: [(String, [UInt8])], flags: Int = 0x800) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (path, content) in files {
      let name = Array(path.utf8)
      let fixed: [[UInt8]] = [
        little(20, 2), little(flags, 2), little(0, 2), little(0, 4), little(Int(crc(content)), 4),
        little(content.count, 4), little(content.count, 4), little(name.count, 2), little(0, 2),
      ]
      let middle = Array(fixed.joined())
      directory += [0x50, 0x4B, 1, 2] + little(20, 2) + middle
      directory += little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(file.count, 4) + name
      file += [0x50, 0x4B, 3, 4] + middle + name + content
    }
    let start = file.count
    file += directory
    file += [0x50, 0x4B, 5, 6] + little(0, 4) + little(files.count, 2) + little(files.count, 2)
    return file + little(directory.count, 4) + little(start, 4) + little(0, 2)
  }

  /// Files of many sizes, some of them larger than a small block.
  static let files: [(String, [UInt8])] = [0, 1, 511, 512, 513, 3000, 5, 100_000, 70, 20_000].enumerated().map
  {
    let (i, count) = $0
    return (
      "train/class\(i % 3)/\(i).bin", (0..<count).map { UInt8(truncatingIfNeeded: $0 &* (i + 7) &+ $0 >> 8) }
    )
  }
}

/// A temporary folder that is removed with its last reference.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("archives-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Writes a file and returns its path.
  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = url.appendingPathComponent(name)
    try Data(bytes).write(to: file)
    return file.path
  }

  var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
  }
}
