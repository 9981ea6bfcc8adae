import Foundation

/// A program, library or header that is found at run time.
public struct ExternalTool: Sendable, Equatable {
  /// The program's name, or the file's name of a library or header.
  public let name: String
  /// The package that contains it.
  public let package: String

  /// True if the package is from PyPI, not from Debian.
  public let isFromPyPI: Bool

  /// Makes a tool of its name and package.
  public init(_ name: String, package: String, isFromPyPI: Bool = false) {
    self.name = name
    self.package = package
    self.isFromPyPI = isFromPyPI
  }

  /// The command that installs it.
  public var remedy: String { isFromPyPI ? "pip install \(package)" : "apt-get install \(package)" }

  /// The host's compiler, which builds harnesses and plugins.
  static let hostCompiler = ExternalTool("gcc", package: "gcc")

  /// The path of the program on the search path, or of the file where packages install it; `nil` if it is
  /// missing.
  public var path: String? {
    let folders = isFile ? Self.libraryFolders : Self.programFolders
    return folders.map { "\($0)/\(name)" }.first {
      isFile
        ? FileManager.default.isReadableFile(atPath: $0) : FileManager.default.isExecutableFile(atPath: $0)
    }
  }

  private var isFile: Bool { name.hasSuffix(".so") || name.hasSuffix(".h") || name.hasSuffix(".specs") }

  /// The search path, the folder of Python programs, and the folder of the Swift tool chain, which has a
  /// clang.
  private static var programFolders: [String] {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
      .map(String.init)
    let swift = folders.map { $0 + "/swift" }.first(where: FileManager.default.isExecutableFile(atPath:))
    return folders + [pythonFolder].compactMap(\.self)
      + [swift].compactMap { $0.map { URL(filePath: $0).resolvingSymlinksInPath() } }
      .map { $0.deletingLastPathComponent().path }
  }

  /// The folder where `make simulators` puts programs from PyPI.
  private static var pythonFolder: String? {
    let variables = ProcessInfo.processInfo.environment
    let cache =
      variables["CONDENSE_CACHE"] ?? variables["XDG_CACHE_HOME"].map { $0 + "/condense" }
      ?? variables["HOME"].map { $0 + "/.cache/condense" }
    return cache.map { $0 + "/python/bin" }
  }

  private static var libraryFolders: [String] {
    let libraries = [
      "/usr/lib", "/usr/local/lib", "/usr/lib/arm-none-eabi/lib", "/usr/lib/arm-none-eabi/newlib",
      "/usr/lib/avr/include",
    ]
    let machines = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
    return libraries + machines.filter { $0.hasSuffix("-linux-gnu") }.sorted().map { "/usr/lib/\($0)" } + [
      "/usr/include", "/usr/local/include",
    ]
  }
}

extension Simulator {
  /// The tools that this machine lacks.
  public var missingTools: [ExternalTool] { tools.filter { $0.path == nil } }

  /// Throws `SimulationError.missing` if a tool is missing.
  func requireTools() throws(SimulationError) {
    let missing = missingTools
    guard !missing.isEmpty else { return }
    var packages: [String] = []
    for tool in missing where !packages.contains(tool.package) { packages.append(tool.package) }
    throw .missing(
      tools: missing.map(\.name), remedy: "apt-get install \(packages.joined(separator: " "))")
  }
}
