/// Turns value names of exporters into names that suit patterns and messages.
enum ONNXNames {
  /// The largest number of bytes of a name: student files allow 256, and suffixes are added.
  static let maximumBytes = 160

  /// Turns `/3/conv1/Conv_output_0` into `3.conv1.Conv`: a path with dots, without the number of a node's
  /// first output.
  static func readable(_ name: String) -> String {
    var name = name[...]
    if name.hasSuffix("_output_0") { name = name.dropLast("_output_0".count) }
    var kept = ""
    var bytes = 0
    for character in name.drop(while: { $0 == "/" }) {
      bytes += character.utf8.count
      guard bytes <= maximumBytes else { break }
      if character == "/" || character == ":" {
        kept.append(".")
      } else {
        let isPlain = character.isLetter || character.isNumber || "._- +~".contains(character)
        kept.append(isPlain ? character : "_")
      }
    }
    return kept.isEmpty ? "value" : kept
  }
}
