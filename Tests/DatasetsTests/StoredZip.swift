import Foundation

/// A zip of uncompressed members, written from the format's description (APPNOTE 4.3).
enum StoredZip {
  static func bytes(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for member in members {
      let common =
        [20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0] + little(crc(member.bytes), 4) + little(member.bytes.count, 4)
        + little(member.bytes.count, 4) + little(member.name.utf8.count, 2) + [0, 0]
      directory +=
        [0x50, 0x4B, 1, 2, 20, 0] + common + Array(repeating: 0, count: 10) + little(file.count, 4)
      directory += Array(member.name.utf8)
      file += [0x50, 0x4B, 3, 4] + common + Array(member.name.utf8) + member.bytes
    }
    let start = file.count
    let count = little(members.count, 2)
    return file + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + count + count + little(directory.count, 4)
      + little(start, 4) + [0, 0]
  }

  private static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static func crc(_ bytes: [UInt8]) -> Int {
    var value: UInt32 = ~0
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }
    return Int(~value)
  }
}
