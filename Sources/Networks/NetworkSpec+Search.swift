import Foundation
import Settings

extension NetworkSpec {
  /// The spec that a user means: a path (with a slash or `.yaml`), the name of a file in `directories`, or an alias.
  public static func named(_ name: String, searching directories: [String]) throws(NetworkError)
    -> NetworkSpec
  {
    if name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
      return try NetworkSpec(contentsOf: name)
    }
    let files = specFiles(in: directories)
    if let file = files.first(where: { $0.name == name }) { return try NetworkSpec(contentsOf: file.path) }
    var known = files.map(\.name)
    for file in files {
      guard let spec = try? NetworkSpec(contentsOf: file.path) else { continue }
      if spec.name == name || spec.aliases.contains(name) { return spec }
      known += spec.aliases
    }
    throw .unknownNetwork(
      name, suggestion: Spelling.nearest(to: name, among: known), known: known.sorted(), searched: directories
    )
  }

  /// Every spec of the folders by name; of two with one name, the first folder's.
  public static func all(in directories: [String]) throws(NetworkError) -> [NetworkSpec] {
    var specs: [NetworkSpec] = []
    for file in specFiles(in: directories) { specs.append(try NetworkSpec(contentsOf: file.path)) }
    return specs.sorted { $0.name < $1.name }
  }

  /// The YAML files of the folders by name; folders that do not exist hold none.
  private static func specFiles(in directories: [String]) -> [(name: String, path: String)] {
    var files: [(name: String, path: String)] = []
    for directory in directories {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
      for name in names.sorted() where name.hasSuffix(".yaml") && !name.hasPrefix(".") {
        let stem = String(name.dropLast(".yaml".count))
        if !files.contains(where: { $0.name == stem }) { files.append((stem, directory + "/" + name)) }
      }
    }
    return files
  }
}
