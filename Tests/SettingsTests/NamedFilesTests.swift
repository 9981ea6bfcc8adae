import Foundation
import Settings
import Testing

@Suite("Files by name")
struct NamedFilesTests {
  @Test("Files are meant by their names; the first folder counts, hidden and other files do not")
  func files() throws {
    let root = URL(filePath: NSTemporaryDirectory()).appending(path: "named-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: root) }
    for (folder, name) in [
      ("near", "b.yaml"), ("near", "a.yaml"), ("near", ".c.yaml"), ("near", "d.yml"), ("far", "a.yaml"),
      ("far", "e.yaml"),
    ] {
      try FileManager.default.createDirectory(atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
      try Data().write(to: URL(filePath: "\(root)/\(folder)/\(name)"))
    }
    let files = NamedFiles(in: ["\(root)/near", "\(root)/none", "\(root)/far"])
    #expect(files.names == ["a", "b", "e"])
    #expect(files.path(of: "a") == "\(root)/near/a.yaml" && files.path(of: "e") == "\(root)/far/e.yaml")
    #expect(files.path(of: "c") == nil && files.path(of: "d") == nil)
    #expect(["a/b", "a.yaml", "a.yml"].allSatisfy(NamedFiles.isPath) && !NamedFiles.isPath("a"))
  }
}
