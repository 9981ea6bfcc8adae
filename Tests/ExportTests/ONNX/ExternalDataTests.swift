import Foundation
import Graphs
import TestSupport
import Testing

@testable import Export

@Suite("ONNX tensors in files of their own")
struct ExternalDataTests {
  let root = NSTemporaryDirectory() + "condense-external-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: root + "/model/below", withIntermediateDirectories: true)
    let data = Data((0..<64).map { UInt8($0) })
    for path in ["outside.bin", "model/w.bin", "model/below/w.bin"] {
      try data.write(to: URL(filePath: "\(root)/\(path)"))
    }
    try FileManager.default.createSymbolicLink(
      atPath: root + "/model/link.bin", withDestinationPath: root + "/outside.bin")
    try FileManager.default.createSymbolicLink(
      atPath: root + "/model/inner.bin", withDestinationPath: root + "/model/w.bin")
    try FileManager.default.createSymbolicLink(atPath: root + "/model/up", withDestinationPath: root)
  }

  private func message(_ entries: KeyValuePairs<String, String>, raw: Bool = false) throws -> String {
    defer { try? FileManager.default.removeItem(atPath: root) }
    var sample = ONNXSample()
    sample.floats("w", [3, 3, 1, 1])
    sample.proto.graph.initializer[0].clearRawData()
    sample.proto.graph.initializer[0].dataLocation = .external
    sample.proto.graph.initializer[0].externalData = entries.map { key, value in
      var entry = ONNXStringStringEntryProto()
      entry.key = key
      entry.value = value
      return entry
    }
    sample.add("Conv", ["image", "w"], ["c"])
    sample.addEnd(from: "c")
    let path = root + "/model/m.onnx"
    try Data(sample.bytes).write(to: URL(filePath: path))
    return errorMessage { _ = try ONNXFile.read(path, ImportOptions(needsNormalization: false)) }
  }

  @Test(
    "Files in the folder and below it are read, through links within it too",
    arguments: ["w.bin", "below/w.bin", "inner.bin", "./w.bin"])
  func inside(location: String) throws {
    #expect(
      try message(["location": location, "offset": "28", "length": "36"]) == "nothing thrown")
  }

  @Test(
    "Paths that leave the folder are refused",
    arguments: ["../outside.bin", "/etc/hostname", "below/../../outside.bin", "", "a//b", "w.bin\0"])
  func outside(location: String) throws {
    #expect(try message(["location": location]).contains("is not a path below the model's folder"))
  }

  @Test("Links that leave the folder are refused", arguments: ["link.bin", "up/outside.bin"])
  func links(location: String) throws {
    #expect(try message(["location": location]).contains("leads out of the model's folder"))
  }

  @Test("Places beyond the file's end and lengths that do not fit are refused")
  func ranges() throws {
    #expect(
      try message(["location": "w.bin", "offset": "29"])
        .contains("36 bytes from byte 29 of w.bin, which has 64"))
  }

  @Test(
    "Numbers of bytes that are none are refused",
    arguments: [("offset", "-1"), ("offset", "1e3"), ("length", "99999999999999999999")])
  func numbers(key: String, value: String) throws {
    #expect(try message(["location": "w.bin", key: value]).contains("expected a number of bytes"))
  }

  @Test("A length that is not the tensor's, a missing file, and what is no plain file are refused")
  func otherFiles() throws {
    #expect(try message(["location": "w.bin", "length": "35"]).contains("its length is 35, expected 36"))
  }

  @Test("A missing file is told")
  func missing() throws {
    #expect(try message(["location": "none.bin"]).contains("none.bin: no such file"))
  }

  @Test("A folder is no file of data")
  func folder() throws {
    #expect(try message(["location": "below"]).contains("below is not a plain file"))
  }
}
