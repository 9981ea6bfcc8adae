import Foundation
import Testing
import Trials

@Suite("The folder of trials")
struct TrialFolderTests {
  @Test("Finished trials of another engine are counted and said, damaged ones passed over")
  func otherEngines() throws {
    let folder = FileManager.default.temporaryDirectory.path() + "/condense-trials-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let engines = [
      "a": "\(TrialSpec.engineRevision)", "b": "2", "c": "2", "d": "3", "e": "\"x\"", ".partial-f": "2",
    ]
    for (name, engine) in engines {
      try FileManager.default.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
      try Data("{\"engine\": \(engine)}".utf8)
        .write(to: URL(filePath: folder + "/" + name + "/" + TrialFolder.specification))
    }
    let messages = TrialFolder(path: folder).messages
    #expect(messages.count == 2)
    #expect(messages[0].hasPrefix("\(folder): 2 finished trials are of engine revision 2"), "\(messages)")
    #expect(messages[1].contains("a finished trial is of engine revision 3"), "\(messages)")
    #expect(TrialFolder(path: folder + "/none").messages.isEmpty)
  }
}
