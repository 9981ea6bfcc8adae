import Foundation

/// YAML files that a user means by their names: networks, data sets, recipes, targets.
public struct NamedFiles: Sendable {
  /// The files by name, folder after folder; of two with one name, the first folder's.
  public let all: [(name: String, path: String)]

  /// The files of some folders, nearest first; folders that do not exist hold none, and hidden files do not count.
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

  /// The file of a name; `nil` where there is none.
  public func path(of name: String) -> String? { all.first { $0.name == name }?.path }

  /// What a file is called: the last part of its path without the ending.
  public static func name(ofPath path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    guard isYAML(file), let dot = file.lastIndex(of: ".") else { return file }
    return String(file[..<dot])
  }

  /// Whether a word ends as the name of a YAML file does.
  public static func isYAML(_ word: String) -> Bool { word.hasSuffix(ending) || word.hasSuffix(".yml") }

  /// Whether a word is a file's path, with a slash or `.yaml`, and not a name.
  public static func isPath(_ word: String) -> Bool { word.contains("/") || isYAML(word) }
}
