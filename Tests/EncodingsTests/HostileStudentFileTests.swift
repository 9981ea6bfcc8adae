import Graphs
import Networks
import Settings
import Tensors
import TestSupport
import Testing

@testable import Encodings

@Suite("Student file, hostile")
struct HostileStudentFileTests {
  private static func small(seed: UInt64 = 1) throws -> Model {
    try Students.encoded("lenet5", seed: seed, options: NetworkOptions(input: [1, 16, 16], width: 0.1))
  }

  private func message(_ bytes: [UInt8]) -> String {
    do throws(ModelFileError) {
      _ = try StudentFile.read(bytes: bytes, file: "s")
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  /// The small student's file with one part of its header's text replaced.
  private func edited(_ old: String, _ new: String) throws -> [UInt8] {
    let bytes = try StudentFile.bytes(of: Self.small(), coded: false)
    let sections = try StudentFile.sections(of: bytes)
    var reader = BitReader(bytes, in: sections.header)
    let text = String(decoding: try TextPacking.read(from: &reader), as: UTF8.self)
    try #require(text.contains(old), "\(text) has no \(old)")
    return StudentFileMutation.file(
      header: StudentFileMutation.packed(Array(text.replacing(old, with: new).utf8)),
      parameters: Array(bytes[sections.parameters]))
  }

  @Test("Each truncation is refused, and so is what comes behind the end")
  func truncations() throws {
    let bytes = try StudentFile.bytes(of: Self.small(), coded: true)
    for count in 0..<min(bytes.count, 600) { #expect(message(Array(bytes[..<count])) != "accepted") }
    for count in stride(from: 600, to: bytes.count, by: 31) {
      #expect(message(Array(bytes[..<count])).contains("cut off: the parameters"), "cut to \(count) bytes")
    }
    #expect(message(bytes + [0]) == "s: too long: expected the end of the file, found 1 more bytes")
  }

  @Test("Each changed byte is noticed, by its section")
  func bitFlips() throws {
    let bytes = try StudentFile.bytes(of: Self.small(), coded: true)
    let sections = try StudentFile.sections(of: bytes)
    for index in stride(from: 0, to: bytes.count, by: 3) {
      var damaged = bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      let found = message(damaged)
      #expect(found != "accepted", "byte \(index)")
      if sections.header.contains(index) {
        #expect(found.contains("damaged: the header: expected the checksum"))
      }
      if sections.parameters.contains(index) {
        #expect(found.contains("the parameters: expected the checksum"))
      }
    }
  }

  @Test("Another version is named")
  func version() throws {
    var bytes = try StudentFile.bytes(of: Self.small(), coded: true)
    bytes[4] = 9
    #expect(message(bytes) == "s: student file version 9, expected 1 to 2; a newer condense wrote it")
  }

  @Test(
    "A header that lies is refused with the reason",
    arguments: [
      (
        "[\"relu1\",\"relu\"]", "[\"relu1\",\"rely\"]",
        "s: relu1: \"rely\" is not an op; did you mean \"relu\"?"
      ),
      (
        "[\"relu1\",\"relu\"]", "[\"relu1\"]",
        "s: damaged header: header:1: \"nodes\" must be [name, op, settings"
      ),
      (
        "[\"relu1\",\"relu\"]", "[\"relu1\",\"relu\",[\"conv9\"]]",
        "s: relu1: reads \"conv9\", which no earlier"
      ),
      ("[\"dense\",[]", "[\"danse\",[]", "s: \"danse\" is not an encoding; did you mean \"dense\"?"),
      (
        "[\"dense\",[]", "[\"dense\",[\"x\"]",
        "dense: the stored form: expected the one that the encoding writes"
      ),
      ("[\"values\",32,1]", "[\"values\",31,1]", "s: damaged: tensor \"conv1.weight\": "),
      (
        "[\"values\",32,1]", "[\"values\",33,1]",
        "s: damaged header: header:1: \"streams\" must be 1 to 32 bits"
      ),
      ("[\"values\",32,1]", "[\"valves\",32,1]", "is missing"),
      ("\"kind\":\"integer\"", "\"kind\":\"x\"", "\"x\" is not an encoding"),
      ("[\"größe 0\",", "[", "s: 9 class names for an output of 1x10"),
      ("\"mean\":[33.25]", "\"mean\":[]", "s: expected 1 means and deviations, found 0 and 1"),
      ("[\"gaps\",", "[\"gabs\",", "sparse: first stream: expected gaps, mask, rows or N:M, found \"gabs\""),
      ("[[{\"name\"", "[1,[{\"name\"", "s: damaged header: header:1: \"header\" must be [inputs, nodes"),
    ])
  func lies(old: String, new: String, expected: String) throws {
    let found = message(try edited(old, new))
    #expect(found.contains(expected), "\(found)")
  }

  @Test("A network that is large out of proportion to its file is refused before its memory is taken")
  func bombs() throws {
    let found = message(try edited("\"features\":50", "\"features\":5000000"))
    #expect(found.contains("stored elements, expected at most 16777216 in a file of this size"), "\(found)")
  }

  @Test("Of 2,000 seeded mutations each is refused or gives a verified model", arguments: 0..<8)
  func mutations(part: Int) throws {
    let original = try StudentFile.bytes(of: Self.small(), coded: part % 2 == 0)
    let donor = try StudentFile.bytes(of: Self.small(seed: 9), coded: true)
    var refused = 0
    for index in (part * 250)..<((part + 1) * 250) {
      let bytes = StudentFileMutation.mutated(original, splicing: donor, seed: 17, index: index)
      do throws(ModelFileError) {
        let model = try StudentFile.read(bytes: bytes, file: "s")
        #expect(throws: Never.self, "mutation \(index)") { try model.graph.verify() }
        let again = try StudentFile.read(bytes: StudentFile.bytes(of: model, coded: true), file: "s")
        #expect(again == model, "mutation \(index)")
      } catch {
        #expect(!error.description.isEmpty)
        refused += 1
      }
    }
    #expect(
      (100..<250).contains(refused), "mutations that are all refused, or none, test nothing: \(refused)")
  }
}
