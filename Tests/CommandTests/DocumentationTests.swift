import Foundation
import Testing

/// The examples in the documentation, run page by page as a reader would.
@Suite("Documentation", .serialized)
struct DocumentationTests {
  /// The pages that have blocks of `sh`.
  ///
  /// Blocks of `text` are illustrations.
  private static let pages: [String] = {
    let folder = Tool.checkout.appending(path: "Documentation").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return (["README.md"] + names.filter { $0.hasSuffix(".md") }.map { "Documentation/" + $0 }).filter {
      !((try? blocks(of: $0)) ?? []).isEmpty
    }.sorted()
  }()

  private static func text(of page: String) throws -> String {
    try String(contentsOf: Tool.checkout.appending(path: page), encoding: .utf8)
  }

  private static func blocks(of page: String) throws -> [String] {
    try text(of: page).split(separator: "```sh\n", omittingEmptySubsequences: false).dropFirst().map {
      String($0.prefix(upTo: $0.range(of: "\n```")?.lowerBound ?? $0.endIndex))
    }
  }

  @Test("Every example of a page runs, one after another in a copy of the repository", arguments: pages)
  func examples(_ page: String) throws {
    let tool = try Tool()
    let files = FileManager.default
    // Sources are read alone; all else may be written.
    for name in try files.contentsOfDirectory(atPath: Tool.checkout.path)
    where !name.hasPrefix(".") && name != "runs" {
      let (from, to) = (Tool.checkout.appending(path: name).path, tool.folder + "/" + name)
      if ["Sources", "Tests", "Benchmarks"].contains(name) {
        try files.createSymbolicLink(atPath: to, withDestinationPath: from)
      } else {
        try files.copyItem(atPath: from, toPath: to)
      }
    }
    let path = Tool.executable.deletingLastPathComponent().path
    for block in try Self.blocks(of: page) {
      let shell = Process()
      shell.executableURL = URL(filePath: "/bin/bash")
      shell.arguments = ["-euo", "pipefail", "-c", block]
      shell.currentDirectoryURL = URL(filePath: tool.folder)
      shell.environment = ProcessInfo.processInfo.environment.merging([
        "CONDENSE_CACHE": tool.folder + "/.cache", "CONDENSE_HOME": tool.folder, "OMP_WAIT_POLICY": "passive",
        "PATH": path + ":/usr/local/bin:/usr/bin:/bin",
      ]) { $1 }
      let log = tool.folder + "/.log"
      _ = files.createFile(atPath: log, contents: nil)
      let output = try FileHandle(forWritingTo: URL(filePath: log))
      shell.standardOutput = output
      shell.standardError = output
      shell.standardInput = FileHandle.nullDevice
      try shell.run()
      shell.waitUntilExit()
      let said = try String(contentsOfFile: log, encoding: .utf8).suffix(2000)
      try #require(shell.terminationStatus == 0, "\(page):\n\(block)\n\n\(said)")
    }
  }

  @Test("Every relative link of a page leads to a file")
  func links() throws {
    let folder = Tool.checkout.appending(path: "Documentation").path
    let guides = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".md") }
    let pages =
      ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "Recipes/README.md"]
      + guides.map { "Documentation/" + $0 }
    var count = 0
    for page in pages {
      let text = try Self.text(of: page)
      for link in text.matches(of: /\]\(([^)\s#]+)(#[^)]*)?\)/) where !link.1.contains("://") {
        let place = Tool.checkout.appending(path: page).deletingLastPathComponent().appending(
          path: String(link.1))
        #expect(FileManager.default.fileExists(atPath: place.path), "\(page): \(link.1)")
        count += 1
      }
    }
    #expect(count > 40)
  }
}
