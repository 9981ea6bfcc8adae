import Foundation
import Settings

/// A Python of this machine with a package of PyPI; it runs the runtimes of other programs.
struct RuntimePython {
  /// A package with a runtime, and the modules that show that it is installed.
  struct Package: Sendable {
    let name: String
    /// The names of modules; one of them suffices.
    let modules: [String]
  }

  /// The environment variable with the path of the Python that is tried first.
  static let variable = "CONDENSE_PYTHON"

  /// The path of the Python.
  let path: String

  /// Finds the first Python with a package: that of the variable, that of `make simulators`, then those of
  /// the search path.
  init(with package: Package, environment: [String: String] = ProcessInfo.processInfo.environment)
    throws(ExportError)
  {
    let places = Self.places(environment)
    for place in places where FileManager.default.isExecutableFile(atPath: place) {
      let found = package.modules.contains { module in
        (try? HostCompiler.run(place, ["-c", "import \(module)"])) != nil
      }
      if found {
        path = place
        return
      }
    }
    let looked = places.filter { FileManager.default.isExecutableFile(atPath: $0) }
    throw .missingTool(
      format: package.name, tool: "a Python with the package \(package.name)",
      hint: "looked at \(looked.isEmpty ? "none: there is no python3" : looked.joined(separator: ", ")); "
        + "pip install \(package.name), or name a Python that has it with \(Self.variable)")
  }

  private static func places(_ environment: [String: String]) -> [String] {
    let cache =
      environment["CONDENSE_CACHE"] ?? environment["XDG_CACHE_HOME"].map { $0 + "/condense" }
      ?? environment["HOME"].map { $0 + "/.cache/condense" }
    let folders = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/python3" }
    let places =
      [environment[variable], cache.map { $0 + "/python/bin/python" }].compactMap(\.self) + folders
    var seen: Set<String> = []
    return places.filter { seen.insert($0).inserted }
  }

  /// Runs a script in a temporary folder with some files, and returns the file `result` that it writes there.
  func run(
    _ script: String, files: [String: Data], arguments: [String], result: String
  ) throws -> Data {
    let folder = ExportScratch.work()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, data) in files { try data.write(to: URL(filePath: folder).appending(path: name)) }
    _ = try HostCompiler.run(path, ["-c", script] + arguments, in: folder)
    return try Data(contentsOf: URL(filePath: folder).appending(path: result))
  }
}
