/// Names of values as exporters write them, made fit for patterns and messages.
enum ONNXNames {
  /// The most characters that are kept.
  static let maximumLength = 160

  /// `/3/conv1/Conv_output_0` becomes `3.conv1.Conv`: paths with dots, without the number of a node's first output.
  static func readable(_ name: String) -> String {
    var name = name[...]
    if name.hasSuffix("_output_0") { name = name.dropLast("_output_0".count) }
    let kept = name.drop { $0 == "/" }.prefix(maximumLength).map { character -> Character in
      if character == "/" || character == ":" { return "." }
      return character.isLetter || character.isNumber || "._- +~".contains(character) ? character : "_"
    }
    return kept.isEmpty ? "value" : String(kept)
  }
}
