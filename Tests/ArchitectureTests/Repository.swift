import Foundation

/// The checkout from which the tests were built.
enum Repository {
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The folders directly below a path that are not empty.
  static func folders(_ path: String) throws -> [String] {
    try FileManager.default
      .contentsOfDirectory(at: root.appending(path: path), includingPropertiesForKeys: [.isDirectoryKey])
      .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
      .map(\.lastPathComponent)
  }

  /// The files with an extension directly below a path.
  static func files(_ path: String, extension suffix: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.appending(path: path).path)
      .filter { $0.hasSuffix("." + suffix) }.sorted().map { "\(path)/\($0)" }
  }

  /// Every Swift file at or below a path, relative to the root.
  static func swiftFiles(_ path: String) throws -> [String] {
    let folder = root.appending(path: path)
    return try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".swift") }.sorted().map { "\(path)/\($0)" }
  }

  /// The modules that a source file imports.
  static func imports(in source: String) -> [String] {
    var names: [String] = []
    for line in source.split(separator: "\n") {
      let words: [String] = line.split(separator: " ").map { String($0) }
      guard let index = words.firstIndex(where: { $0 == "import" }), index <= 2 else { continue }
      let isImport = words[..<index].allSatisfy { $0 == "public" || $0 == "internal" || $0.hasPrefix("@") }
      let kinds: Set<String> = ["struct", "class", "enum", "func", "protocol"]
      guard isImport, let name = words[(index + 1)...].first(where: { !kinds.contains($0) }) else { continue }
      names.append(String(name.prefix { $0 != "." }))
    }
    return names
  }

  /// A source file without its comment lines.
  static func code(_ source: String) -> String {
    source.split(separator: "\n", omittingEmptySubsequences: false)
      .map { line -> Substring in
        let trimmed = line.drop { $0 == " " }
        return trimmed.hasPrefix("//") ? "" : line
      }
      .joined(separator: "\n")
  }

  /// The structs, enums and classes that a source file declares, with their inherited types.
  static func types(in source: String) -> [(name: String, inherited: Set<String>)] {
    let declaration = #/\b(?:struct|enum|class)\s+(\w+)\s*(?::([^{]*))?\{/#
    return code(source).matches(of: declaration).map { match in
      let conformances = String(match.output.2 ?? "").split(separator: "where", maxSplits: 1).first ?? ""
      let names = conformances.split { !$0.isLetter && !$0.isNumber }.map { String($0) }
      return (String(match.output.1), Set(names))
    }
  }
}
