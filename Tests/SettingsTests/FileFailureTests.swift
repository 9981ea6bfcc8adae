import Foundation
import Settings
import Testing

@Suite("Words for files that cannot be read")
struct FileFailureTests {
  private func reason(_ path: String) -> String {
    do {
      _ = try Data(contentsOf: URL(filePath: path))
      return "read"
    } catch {
      return FileFailure.reason(error, path: path)
    }
  }

  @Test("a missing file, a folder and a file used as a folder are called so")
  func words() {
    #expect(reason("/nowhere/at/all") == "no such file")
    #expect(reason("/usr") == "it is a folder, expected a file")
    #expect(reason(#filePath + "/x") == "a part of the path is no folder")
    #expect(reason("/" + String(repeating: "x", count: 300)) == "the name is too long")
  }

  @Test("whatever the error, no domain and no number of Foundation is shown")
  func unknown() {
    for domain in [NSCocoaErrorDomain, NSPOSIXErrorDomain, "other"] {
      for code in [0, 1, 4, 13, 256, 260, 512, 640, -1] {
        let text = FileFailure.reason(NSError(domain: domain, code: code), path: #filePath)
        #expect(!text.isEmpty && !text.contains("Domain") && !text.contains("operation"))
      }
    }
    #expect(
      FileFailure.reason(CocoaError(.fileWriteOutOfSpace), path: "/x") == "no space is left on the disk")
  }
}
