import Foundation
import Metrics
import TestSupport
import Testing

@testable import Runs

@Suite("Results of trials")
struct TrialResultTests {
  private static let result = SampleResults.result(
    "small", seed: 3, right: SampleResults.right(of: 20, wrongEvery: 4))

  /// The JSON of the file with the value at a path of keys and indices replaced; a value of `nil` removes it.
  private func file(_ path: [any Sendable], _ value: Any?) throws -> Data {
    let json = try JSONSerialization.jsonObject(with: Self.result.json(), options: .mutableContainers)
    func changed(_ node: Any, _ path: ArraySlice<any Sendable>) throws -> Any {
      guard let key = path.first else { return value ?? NSNull() }
      if let key = key as? String, var mapping = node as? [String: Any] {
        let child = mapping[key] ?? NSNull()
        mapping[key] = path.count == 1 ? value : try changed(child, path.dropFirst())
        return mapping
      }
      var list = try #require(node as? [Any])
      let index = try #require(key as? Int)
      list[index] = try changed(list[index], path.dropFirst())
      return list
    }
    return try JSONSerialization.data(withJSONObject: try changed(json, path[...]))
  }

  private func message(_ data: Data) -> String {
    errorMessage { _ = try TrialResult.decoded(from: data, path: "result.json") }
  }

  @Test("What is written is read back, and equal results give equal bytes")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/result.json"
    try Self.result.write(to: path)
    let again = try TrialResult.read(path)
    #expect(again == Self.result)
    #expect(try again.json() == Self.result.json())
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    var path: [any Sendable]
    var value: (any Sendable)?
    var expected: String

    init(_ path: [any Sendable], _ value: (any Sendable)?, _ expected: String) {
      self.path = path
      self.value = value
      self.expected = expected
    }

    var testDescription: String { expected }
  }

  @Test(
    "A field that breaks its rules is refused by name",
    arguments: [
      Fault(["schema"], 3, "result.json: schema: expected 2, found 3; another version of Condense wrote it"),
      Fault(["schema"], nil, "result.json: schema: is missing"),
      Fault(["size", "fileBytes"], nil, "result.json: size.fileBytes: is missing"),
      Fault(
        ["size", "fileBytes"], -1, "result.json: size.fileBytes: expected a count from 0 to 2⁵³, found -1"),
      Fault(
        ["size", "codedBytes"], "many", "result.json: size.codedBytes: expected Int, found something else"),
      Fault(
        ["seed"], -1,
        "result.json: cannot be read: it is no JSON, or a number in it is out of its field's range"),
      Fault(["role"], "referee", "result.json: role: "),
      Fault(
        ["name"], "../../etc",
        "result.json: name: expected a plain name of at most 200 bytes, found \"../../etc\""),
      Fault(["model"], ".", "result.json: model: expected a plain name of at most 200 bytes, found \".\""),
      Fault(["name"], "a\nb", "result.json: name: expected text in one line, found control characters"),
      Fault(["address"], "abc", "result.json: address: expected 64 hexadecimal digits, found \"abc\""),
      Fault(["classes"], [String](), "result.json: classes: expected at least one class, found none"),
      Fault(["threads"], 0, "result.json: threads: expected a count from 1 to 2⁵³, found 0"),
      Fault(["validation"], 1.5, "result.json: validation: expected a rate from 0 to 1, found 1.5"),
      Fault(
        ["accuracy", "top5"], -0.1, "result.json: accuracy.top5: expected a rate from 0 to 1, found -0.1"),
      Fault(
        ["accuracy", "top1"], 0.5, "result.json: accuracy.top1: is 0.5, but 15 of 20 images were told right"),
      Fault(
        ["accuracy", "loss"], -1.0,
        "result.json: accuracy.loss: expected a number from 0 to 1e+18, found -1.0"),
      Fault(
        ["accuracy", "images"], 0, "result.json: accuracy.images: expected a count from 1 to 2⁵³, found 0"),
      Fault(["accuracy", "task"], nil, "result.json: accuracy.task: is missing"),
      Fault(
        ["accuracy", "task"], "divination",
        "result.json: accuracy.task: expected classification, detection, found \"divination\""),
      Fault(
        ["accuracy", "metric"], "map",
        "result.json: accuracy.metric: expected top1 for classification, found \"map\""),
      Fault(
        ["accuracy", "arithmetic"], "magic",
        "result.json: accuracy.arithmetic: expected float, simulated, integer, found \"magic\""),
      Fault(["accuracy", "perClass"], [0.5], "result.json: accuracy.perClass: expected 2 entries, found 1"),
      Fault(
        ["accuracy", "perClass", 1], 2.0,
        "result.json: accuracy.perClass[1]: expected a rate from 0 to 1, found 2.0"),
      Fault(
        ["accuracy", "confusion"], [[1, 2]], "result.json: accuracy.confusion: expected 2 entries, found 1"),
      Fault(
        ["accuracy", "confusion", 1], [1], "result.json: accuracy.confusion[1]: expected 2 entries, found 1"),
      Fault(
        ["accuracy", "confusion", 0, 1], Int.max,
        "result.json: accuracy.confusion[0][1]: expected 20 images in all, none negative, found \(Int.max)"),
      Fault(
        ["accuracy", "confusion"], [[1, 0], [0, 1]],
        "result.json: accuracy.confusion: expected 20 images in all, found 2"),
      Fault(
        ["accuracy", "correct"], "*", "result.json: accuracy.correct: expected base64, found something else"),
      Fault(
        ["accuracy", "correct"], "AAAAAA==",
        "result.json: accuracy.correct: expected 3 bytes for 20 images, found 4"),
      Fault(
        ["accuracy", "correct"], "AADw",
        "result.json: accuracy.correct: has bits behind the last of 20 images"),
      Fault(
        ["accuracy", "correct"], "AAAA",
        "result.json: accuracy.correct: has 0 images told right, the confusion matrix 15"),
      Fault(
        ["targets", "uno", "low"], 1e9, "result.json: targets.uno.low: is 1000000000.0, above high, 4.0"),
      Fault(
        ["targets", "uno", "basis"], "guessed",
        "result.json: targets.uno.basis: expected measured, simulated, modelled, placed-and-routed, found \"guessed\""
      ),
      Fault(
        ["stages", 0, "epochs"], -2, "result.json: stages[0].epochs: expected a count from 0 to 2⁵³, found -2"
      ),
      Fault(
        ["layers", 0, "bytesAfter"], -2,
        "result.json: layers[0].bytesAfter: expected a count from 0 to 2⁵³, found -2"),
      Fault(
        ["mistakes", 0, "png"], "<script>",
        "result.json: mistakes[0].png: expected base64, found something else"),
    ])
  func faults(fault: Fault) throws {
    #expect(message(try file(fault.path, fault.value)).hasPrefix(fault.expected))
  }

  @Test("Numbers that no float holds, half a file, and what is no JSON are refused")
  func noJSON() throws {
    let text = String(decoding: try Self.result.json(), as: UTF8.self)
    let huge = text.replacingOccurrences(of: "\"loss\":0.25", with: "\"loss\":1e999")
    #expect(huge != text)
    #expect(message(Data(huge.utf8)).hasPrefix("result.json: "))
    #expect(
      message(Data(text.utf8.prefix(100)))
        == "result.json: cannot be read: it is no JSON, or a number in it is out of its field's range")
    #expect(
      message(Data())
        == "result.json: cannot be read: it is no JSON, or a number in it is out of its field's range")
    #expect(message(Data(repeating: UInt8(ascii: "["), count: 100_000)).hasPrefix("result.json: "))
  }

  @Test("Files that are not there, are folders, or are no files at all are refused in words")
  func unreadable() throws {
    let folder = try TemporaryFolder()
    #expect(
      errorMessage { _ = try TrialResult.read(folder.path + "/none") }
        == "\(folder.path)/none: cannot be read: no such file")
    #expect(
      errorMessage { _ = try TrialResult.read(folder.path) }.hasPrefix("\(folder.path): cannot be read: "))
    #expect(
      errorMessage { _ = try TrialResult.read("/dev/zero") }
        == "/dev/zero: cannot be read: it is no regular file")
  }

  @Test("A result that could not be read back is not written")
  func unwritten() throws {
    let folder = try TemporaryFolder()
    var result = Self.result
    var details = try #require(result.accuracy.details as? ClassificationDetails)
    details.loss = .nan
    result.accuracy.details = details
    #expect(throws: RunError.self) { try result.write(to: folder.path + "/result.json") }
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/result.json"))
  }

  @Test(
    "A file from before tasks had names is of classification, and its figures are found under their old names"
  )
  func before() throws {
    let data = try SampleResults.before(Self.result)
    #expect(try TrialResult.decoded(from: data, path: "result.json") == Self.result)
  }
}
