/// A writer of tars that shares no code with the reader, as independent truth.
public enum TestTar {
  /// An entry: a header block, the content, padding.
  ///
  /// `size` stands in place of the size of the content.
  public static func entry(
    _ path: String, _ content: [UInt8] = [], type: Character = "0", link: String = "", size: String? = nil
  ) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at start: Int) {
      for (i, byte) in text.utf8.enumerated() { header[start + i] = byte }
    }
    put(path, at: 0)
    put("0000644", at: 100)
    put("0000000", at: 108)
    put("0000000", at: 116)
    let octal = String(content.count, radix: 8)
    put(size ?? String(repeating: "0", count: 11 - octal.count) + octal, at: 124)
    put("00000000000", at: 136)
    put(String(repeating: " ", count: 8), at: 148)
    put(String(type), at: 156)
    put(link, at: 157)
    put("ustar", at: 257)
    put("00", at: 263)
    let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
    put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", at: 148)
    return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  /// The mark at the end of a tar: two blocks of zeros.
  public static let end = [UInt8](repeating: 0, count: 1024)

  /// A tar of entries, with its end mark.
  public static func tar(_ entries: [[UInt8]]) -> [UInt8] { Array(entries.joined()) + end }

  /// A tar of files.
  public static func tar(_ files: [(String, [UInt8])]) -> [UInt8] { tar(files.map { entry($0.0, $0.1) }) }
}
