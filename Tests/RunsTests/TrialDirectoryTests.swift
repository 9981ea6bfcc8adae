import Foundation
import TestSupport
import Testing

@testable import Runs

@Suite("Trial directories")
struct TrialDirectoryTests {
  private static let result = SampleResults.result(
    "small", seed: 7, right: SampleResults.right(wrongEvery: 4))

  private func place(_ folder: TemporaryFolder) -> TrialDirectory {
    TrialDirectory(in: folder.path + "/trials", name: "small", seed: 7, address: Self.result.address)
  }

  @Test("A directory is filled under another name and is there whole once it is finished")
  func filling() throws {
    let folder = try TemporaryFolder()
    let place = place(folder)
    #expect(place.name == "small-s7-" + Self.result.address.prefix(12))
    let filling = try #require(try place.begin())
    #expect(filling.path == folder.path + "/trials/.partial-" + place.name)
    #expect(
      errorMessage { try filling.finish() }
        == "\(place.path): cannot be written: the trial has no result.json")
    try Self.result.write(to: filling.path + "/result.json")
    #expect(!place.isFinished)
    #expect(try TrialDirectory.finished(in: folder.path + "/trials") == [])
    try filling.finish()
    #expect(place.isFinished)
    #expect(try TrialDirectory.finished(in: folder.path + "/trials") == [place.name])
    #expect(try place.begin() == nil)
    #expect(try TrialResult.read(place.path + "/result.json") == Self.result)
  }

  @Test("Two never fill one directory; what a killed one left is there for the next")
  func lock() throws {
    let folder = try TemporaryFolder()
    let place = place(folder)
    do {
      let filling = try #require(try place.begin())
      try Data("epoch 3".utf8).write(to: URL(filePath: filling.path + "/state"))
      #expect(errorMessage { _ = try place.begin() } == "\(RunError.locked(path: place.partialPath))")
      withExtendedLifetime(filling) {}
    }
    let next = try #require(try place.begin())
    #expect(FileManager.default.fileExists(atPath: next.path + "/state"))
  }

  @Test("A directory without a result, and one set aside, make room for the trial")
  func inTheWay() throws {
    let folder = try TemporaryFolder()
    let place = place(folder)
    try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
    try Data("stray".utf8).write(to: URL(filePath: place.path + "/note"))
    let filling = try #require(try place.begin())
    try Self.result.write(to: filling.path + "/result.json")
    try filling.finish()
    #expect(FileManager.default.fileExists(atPath: "\(folder.path)/trials/.damaged-\(place.name)-1/note"))
    #expect(try place.setAside() == "\(folder.path)/trials/.damaged-\(place.name)-2")
    #expect(!place.isFinished)
  }

  @Test("A folder that is not there has no trials; one that is a file is told in words")
  func listing() throws {
    let folder = try TemporaryFolder()
    #expect(try TrialDirectory.finished(in: folder.path + "/none") == [])
    try Data().write(to: URL(filePath: folder.path + "/file"))
    #expect(
      errorMessage { _ = try TrialDirectory.finished(in: folder.path + "/file") }.hasPrefix(
        "\(folder.path)/file: cannot be read: "))
  }
}
