import Foundation
import Tensors
import Testing

@Suite("Whole files")
struct WholeFileTests {
  private let folder = FileManager.default.temporaryDirectory.path() + "/whole-" + UUID().uuidString

  @Test("a file is replaced whole and nothing is left beside it")
  func replaces() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for bytes in [[UInt8](), [1, 2, 3], Array(repeating: 7, count: 300_000), [4]] {
      try WholeFile.write(bytes, to: folder + "/a")
      #expect(try Data(contentsOf: URL(filePath: folder + "/a")) == Data(bytes))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a"])
    }
  }

  @Test("a folder takes the place of an empty one, not of one with files; a failure leaves no trace")
  func folders() throws {
    let files = FileManager.default
    for name in ["new", "empty", "newer"] {
      try files.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
    }
    defer { try? files.removeItem(atPath: folder) }
    try Data([1]).write(to: URL(filePath: folder + "/new/x"))
    try WholeFile.move(folder + "/new", to: folder + "/empty")
    #expect(throws: SystemError.self) { try WholeFile.move(folder + "/newer", to: folder + "/empty") }
    #expect(throws: SystemError.self) { try WholeFile.write([1], to: folder + "/empty") }
    #expect(throws: SystemError.self) { try WholeFile.write([1], to: folder + "/none/a") }
    #expect(try files.contentsOfDirectory(atPath: folder).sorted() == ["empty", "newer"])
    #expect(try files.contentsOfDirectory(atPath: folder + "/empty") == ["x"])
  }

  @Test("digits are two a byte, lower case")
  func hexadecimal() {
    #expect([0, 9, 16, 255].map { UInt8($0) }.hexadecimal == "000910ff")
  }
}
