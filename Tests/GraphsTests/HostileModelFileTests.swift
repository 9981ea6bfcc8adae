import Foundation
import Graphs
import Ops
import Settings
import Tensors
import Testing

@Suite("Model file, hostile")
struct HostileModelFileTests {
  private func message(_ bytes: [UInt8]) -> String {
    do throws(ModelFileError) {
      _ = try ModelFile.read(bytes: bytes, file: "m", catalogue: .standard)
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  /// The small model's file with one part of its header's text replaced.
  private func edited(_ old: String, _ new: String, data edit: (inout [UInt8]) -> Void = { _ in }) throws
    -> [UInt8]
  {
    let bytes = try ModelFile.bytes(of: smallModel())
    let length = Int(bytes[0]) | Int(bytes[1]) << 8
    let header = String(decoding: bytes[8..<(8 + length)], as: UTF8.self)
    try #require(header.contains(old), "the header has no \(old)")
    var data = Array(bytes[(8 + length)...])
    edit(&data)
    return file(header: header.replacingOccurrences(of: old, with: new), data: data)
  }

  @Test(
    "What is no safetensors is told by its kind",
    arguments: [
      ([], "an empty file"), ([1, 2, 3], "3 bytes"),
      ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0], "a PNG image"),
      ([0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0, 0, 0, 0], "a JPEG image"),
      ([0x50, 0x4B, 0x03, 0x04, 0, 0, 0, 0, 0, 0], "a zip archive (PyTorch's .pt files are such)"),
      (Array("{\"a\": 1, \"b\": 2}".utf8), "JSON text"), (Array("name: lenet5\n".utf8), "text"),
      ([0x08, 0x07] + Array(repeating: 0x12, count: 20), "an ONNX model or other protobuf data"),
      (Array(repeating: 0xEE, count: 40), "unknown data"),
    ] as [([UInt8], String)])
  func foreignKinds(bytes: [UInt8], kind: String) {
    #expect(
      message(bytes)
        == "m: not a model: expected safetensors, found \(kind); models come from `condense train`")
  }

  @Test("What does not begin like a model is refused without being read to its end, which it may not have")
  func endless() {
    #expect(
      throws: ModelFileError.notModel(file: "/dev/zero", expected: "safetensors", looksLike: "unknown data")
    ) {
      try ModelFile.read("/dev/zero", catalogue: .standard)
    }
    #expect(throws: ModelFileError.unreadable(file: "/none/m", reason: "no such file")) {
      try ModelFile.read("/none/m", catalogue: .standard)
    }
    #expect(throws: ModelFileError.self) { try ModelFile.read("/dev", catalogue: .standard) }
  }

  @Test("A header longer than the limit or the file is refused before it is read")
  func headerLengths() {
    #expect(
      message(headerLength(.max) + Array("{}".utf8))
        == "m: damaged: the header is said to have 18446744073709551615 bytes, at most 16777216 are accepted")
    #expect(
      message(headerLength(100) + Array("{}".utf8))
        == "m: cut off: the header is said to have 100 bytes, 2 follow")
  }

  @Test("Another program's safetensors are called that")
  func otherPrograms() {
    let header = #"{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    #expect(
      message(file(header: header, data: [0, 0, 0, 0])).hasPrefix("m: safetensors, but no model of Condense"))
  }

  @Test("Each truncation of a model is refused")
  func truncations() throws {
    let bytes = try ModelFile.bytes(of: smallModel())
    for count in stride(from: 0, to: bytes.count, by: 7) {
      #expect(message(Array(bytes[..<count])) != "accepted", "cut to \(count) bytes")
    }
    #expect(message(bytes + [0]).contains("too long: the tensors take"))
    #expect(message(bytes.dropLast()).contains("cut off: the tensors take"))
  }

  @Test(
    "A header that lies is refused with the reason",
    arguments: [
      (
        #""dtype":"F32","shape":[3,1,3,3]"#, #""dtype":"F16","shape":[3,1,3,3]"#,
        "m: tensor \"conv1.weight\": expected element type F32, found F16"
      ),
      (
        "[0,108]", "[4,112]",
        "m: tensor \"conv1.weight\": expected to begin at byte 0 of the data, found 4; "
          + "tensors must neither overlap nor leave holes"
      ),
      ("[0,108]", "[0,112]", "m: tensor \"conv1.weight\": 3x1x3x3 takes 108 bytes, its offsets give 112"),
      (
        "[0,108]", "[108,0]",
        "m: damaged header: header:1: \"data_offsets\" must be a begin and an end not before it, "
          + "found [108, 0]"
      ),
      (
        "[0,108]", "[-4,104]",
        "m: damaged header: header:1: \"data_offsets\" must be a begin and an end not before it, "
          + "found [-4, 104]"
      ),
      (
        "\"shape\":[3,1,3,3]", "\"shape\":[4611686018427387904,4,3,3]",
        "m: tensor \"conv1.weight\": expected at most 8 axes and 1073741824 elements"
      ),
      (
        "\"shape\":[3,1,3,3]", "\"shape\":[3,-1,-3,3]",
        "m: tensor \"conv1.weight\": expected at most 8 axes and 1073741824 elements"
      ),
      ("\"shape\":[3,1,3,3]", "\"shape\":[3,1,9]", "m: conv1.weight: expected 3x1x3x3, found 3x1x9"),
      ("\"conv1.weight\":", "\"conv1.wait\":", "m: conv1.weight: missing, expected 3x1x3x3"),
      (
        "\"logits.bias\":", "\"conv1.weight\":",
        "m: damaged header: header:1: \"conv1.weight\" is given twice; keep one"
      ),
      (#""schema":"1""#, #""schema":"2""#, "m: model schema 2, expected 1; a newer condense wrote it"),
      (#"\"op\":\"relu\""#, #"\"op\":\"rely\""#, "m: relu1: \"rely\" is not an op; did you mean \"relu\"?"),
      (
        #"\"filters\":3"#, #"\"filtres\":3"#,
        "m: graph:1: \"filtres\" is not a setting of conv2d; did you mean "
      ),
      (
        #"\"inputs\":[\"conv1\"]"#, #"\"inputs\":[\"conv2\"]"#,
        "m: norm1: reads \"conv2\", which no earlier node makes; did you mean \"conv1\"?"
      ),
      (#"\"outputs\":[\"logits\"]"#, #"\"outputs\":[]"#, "m: the graph has no outputs"),
      (
        #"\"name\":\"image\",\"shape\":[1,6,6]"#,
        #"\"name\":\"image\",\"shape\":[1073741824,1073741824,1073741824]"#,
        "m: graph:1: \"shape\" must be at most 8 extents of at least 1 and of 1073741824 elements in all, "
          + "found 1073741824x1073741824x1073741824"
      ),
      (
        #"\"name\":\"image\",\"shape\":[1,6,6]"#, #"\"name\":\"image\",\"shape\":[1,0,6]"#,
        "m: graph:1: \"shape\" must be at most 8 extents of at least 1"
      ),
      (#"[\"zero\","#, #"["#, "m: 3 class names for an output of 1x4"),
      (
        #"\"deviation\":[78.1]"#, #"\"deviation\":[0.0]"#,
        "m: means must be finite and deviations positive, found [33.25] and [0.0]"
      ),
      (#"\"mean\":[33.25]"#, #"\"mean\":[]"#, "m: expected 1 means and deviations, found 0 and 1"),
      (
        #"\"deviation\":"#, #"\"deviance\":"#,
        "m: damaged metadata \"input\": input:1: \"deviance\" is not a setting of the input; "
          + "(shape, mean, deviation)"
      ),
      ("\"split\":", "\"spilt\":", "m: damaged metadata \"split\": metadata: a model needs \"split\""),
    ])
  func lies(old: String, new: String, expected: String) throws {
    let found = message(try edited(old, new))
    #expect(found.hasPrefix(expected), "\(found)")
  }

  @Test("A weight that is not finite is named", arguments: [Float.nan, .infinity, -.infinity])
  func notFinite(value: Float) throws {
    let bytes = try edited("{", "{") { data in
      var bytes: [UInt8] = []
      LittleEndian.append([value], to: &bytes)
      data.replaceSubrange(0..<4, with: bytes)
    }
    #expect(message(bytes) == "m: conv1.weight: holds a value that is not finite")
  }

  @Test("A stray tensor is named")
  func stray() throws {
    let bytes = try ModelFile.bytes(of: smallModel())
    let end = bytes.count - 8 - (Int(bytes[0]) | Int(bytes[1]) << 8)
    let entry =
      "\"stray\":{\"data_offsets\":[\(end),\(end + 4)],\"dtype\":\"F32\",\"shape\":[1]},\"__metadata__\":"
    let edited = try edited("\"__metadata__\":", entry) { $0 += [0, 0, 0, 0] }
    #expect(message(edited) == "m: stray: belongs to no node of the graph")
  }

  @Test("Nesting, counts and names without bound are refused")
  func bounds() throws {
    #expect(
      message(file(header: "{\"a\":" + String(repeating: "[", count: 500_000))).contains(
        "nested deeper than 64"))
    let ones = String(repeating: "1,", count: 1_100_000)
    #expect(message(file(header: "{\"a\":[\(ones)1]}")).contains("more than 1000000 values"))
    let long = String(repeating: "x", count: 300)
    #expect(
      message(try edited(#"\"op\":\"relu\""#, "\\\"op\\\":\\\"\(long)\\\"")).contains(
        "1 to 256 bytes of text"))
  }

  @Test("Of 2,000 seeded mutations each is refused or gives a verified model", arguments: 0..<8)
  func mutations(part: Int) throws {
    let original = try ModelFile.bytes(of: smallModel())
    let donor = try ModelFile.bytes(of: smallModel(seed: 9))
    var refused = 0
    for index in (part * 250)..<((part + 1) * 250) {
      let bytes = FileMutation.mutated(original, splicing: donor, seed: 17, index: index)
      do throws(ModelFileError) {
        let model = try ModelFile.read(bytes: bytes, file: "m", catalogue: .standard)
        #expect(throws: Never.self, "mutation \(index)") { try model.graph.verify() }
      } catch {
        #expect(!error.description.isEmpty)
        refused += 1
      }
    }
    #expect(refused > 100, "mutations that change nothing test nothing")
  }
}
