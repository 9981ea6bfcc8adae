import Foundation

/// YAML files that users refer to by name: networks, data sets, recipes, targets.
public struct NamedFiles: Sendable {
  /// The files with their names, folder after folder; of two with one name, that of the first folder.
  public let all: [(name: String, path: String)]

  /// Lists the files of some folders, nearest first.
  ///
  /// Folders that do not exist and hidden files are skipped.
  public init(in folders: [String]) {
    var seen: Set<String> = []
    all = folders.flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().compactMap { file in
        guard file.hasSuffix(Self.ending), !file.hasPrefix(".") else { return nil }
        let name = Self.name(ofPath: file)
        return seen.insert(name).inserted ? (name, folder + "/" + file) : nil
      }
    }
  }

  private static let ending = ".yaml"

  /// The names, in the order of the files.
  public var names: [String] { all.map(\.name) }

  /// The path of the file with a name; `nil` if there is none.
  public func path(of name: String) -> String? { all.first { $0.name == name }?.path }

  /// The name of a file: the last part of its path without the ending.
  public static func name(ofPath path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    guard isYAML(file), let dot = file.lastIndex(of: ".") else { return file }
    return String(file[..<dot])
  }

  /// True if a word ends like a YAML file's name.
  public static func isYAML(_ word: String) -> Bool { word.hasSuffix(ending) || word.hasSuffix(".yml") }

  /// True if a word is a path, with a slash or a YAML ending, and not a name.
  public static func isPath(_ word: String) -> Bool { word.contains("/") || isYAML(word) }
}
