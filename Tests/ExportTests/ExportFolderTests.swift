import Foundation
import TestSupport
import Testing

@testable import Export

@Suite("Folders of exports")
struct ExportFolderTests {
  let root = NSTemporaryDirectory() + "condense-export-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
  }

  private let files = [
    ExportFile(name: "a.bin", summary: "two bytes", bytes: [1, 2]),
    ExportFile(name: "b.bin", summary: "none", bytes: []),
  ]

  @Test("All files appear with what they hold, in a new folder or an empty one")
  func filesAppear() throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    try FileManager.default.createDirectory(atPath: root + "/empty", withIntermediateDirectories: false)
    for folder in ["new", "empty"] {
      try ExportFolder.requireFree("\(root)/\(folder)")
      try ExportFolder.write(files, to: "\(root)/\(folder)")
      #expect(try Data(contentsOf: URL(filePath: "\(root)/\(folder)/b.bin")).isEmpty)
      #expect(try Data(contentsOf: URL(filePath: "\(root)/\(folder)/a.bin")) == Data([1, 2]))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: root).sorted() == ["empty", "new"])
  }

  @Test("A file that cannot be written leaves nothing behind")
  func nothingIsLeft() throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    let bad = files + [ExportFile(name: "no/such.bin", summary: "", bytes: [3])]
    #expect(throws: ExportError.self) { try ExportFolder.write(bad, to: root + "/new") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: root).isEmpty)
  }

  @Test("Folders with something in them, files and folders without a parent are refused")
  func occupiedFolders() throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    try Data().write(to: URL(filePath: root + "/file"))
    #expect(
      errorMessage { try ExportFolder.requireFree(root) }
        == "\(root): expected a new or an empty folder, found \"file\"; remove it, or export to another --out"
    )
    #expect(
      errorMessage { try ExportFolder.requireFree(root + "/file") }
        == "\(root)/file: expected a new or an empty folder, found a file; remove it, or export to another --out"
    )
    #expect(
      errorMessage { try ExportFolder.requireFree(root + "/none/new") }
        == "\(root)/none/new: the folder \(root)/none does not exist; make it first")
  }

  @Test("An unknown format is told with the nearest and all known ones")
  func unknownFormat() {
    let text = errorMessage { _ = try ExporterCatalogue.exporter("nonsense") }
    #expect(text.hasPrefix("\"nonsense\" is not a format"))
  }

  @Test(
    "A folder may have the longest of names, and be reached over a link; a link to nothing and no name are refused"
  )
  func names() throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    let long = root + "/" + String(repeating: "x", count: 255)
    try ExportFolder.write(files, to: long)
    #expect(FileManager.default.fileExists(atPath: long + "/a.bin"))
    try FileManager.default.createDirectory(atPath: root + "/empty", withIntermediateDirectories: false)
    for (link, target) in [("link", "empty"), ("astray", "nowhere")] {
      try FileManager.default.createSymbolicLink(atPath: "\(root)/\(link)", withDestinationPath: target)
    }
    try ExportFolder.requireFree(root + "/link")
    try ExportFolder.write(files, to: root + "/link")
    #expect(FileManager.default.fileExists(atPath: root + "/empty/b.bin"))
    #expect(
      errorMessage { try ExportFolder.requireFree(root + "/astray") }
        == "\(root)/astray: expected a new or an empty folder, found a link to nowhere, which is not there; remove it, "
        + "or export to another --out")
    #expect(
      errorMessage { try ExportFolder.requireFree("") }
        == "--out: expected a new or an empty folder, found no name; remove it, or export to another --out")
  }
}
