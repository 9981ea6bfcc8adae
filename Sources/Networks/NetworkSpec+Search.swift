import Settings

extension NetworkSpec {
  /// The spec with a name: a path (with a slash or `.yaml`), the name of a file in `directories`, or an
  /// alias.
  public static func named(_ name: String, searching directories: [String]) throws(NetworkError)
    -> NetworkSpec
  {
    if NamedFiles.isPath(name) { return try NetworkSpec(contentsOf: name) }
    let files = NamedFiles(in: directories)
    if let path = files.path(of: name) { return try NetworkSpec(contentsOf: path) }
    var known = files.names
    for file in files.all {
      guard let spec = try? NetworkSpec(contentsOf: file.path) else { continue }
      if spec.name == name || spec.aliases.contains(name) { return spec }
      known += spec.aliases
    }
    throw .unknownNetwork(
      name, suggestion: Spelling.nearest(to: name, among: known), known: known.sorted(), searched: directories
    )
  }

  /// Every spec of the folders, sorted by name; of two with one name, that of the first folder.
  public static func all(in directories: [String]) throws(NetworkError) -> [NetworkSpec] {
    var specs: [NetworkSpec] = []
    for file in NamedFiles(in: directories).all { specs.append(try NetworkSpec(contentsOf: file.path)) }
    return specs.sorted { $0.name < $1.name }
  }
}
