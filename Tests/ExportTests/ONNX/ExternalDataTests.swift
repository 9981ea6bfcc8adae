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

  @Test("However many tensors lie at one place, they are given no more memory than its file is worth")
  func overlapping() throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    // Small weights: the bytes of equal floats near 0.01.
    let data = Data((0..<4 * 192 * 192).map { $0 % 4 == 3 ? 0x3C : 0x20 })
    try data.write(to: URL(filePath: root + "/model/w.bin"))
    func message(tensors count: Int) throws -> String {
      var sample = ONNXSample()
      sample.add("Flatten", ["image"], ["v0"])
      for index in 0..<count {
        var tensor = ONNXTensorProto()
        tensor.name = "w\(index)"
        tensor.dataType = 1
        tensor.dims = [192, 192]
        tensor.dataLocation = .external
        var entry = ONNXStringStringEntryProto()
        entry.key = "location"
        entry.value = "w.bin"
        tensor.externalData = [entry]
        sample.proto.graph.initializer.append(tensor)
        sample.add("Gemm", ["v\(index)", "w\(index)"], [index == count - 1 ? "y" : "v\(index + 1)"])
      }
      let path = root + "/model/m.onnx"
      try Data(sample.bytes).write(to: URL(filePath: path))
      return errorMessage { _ = try ONNXFile.read(path, ImportOptions(needsNormalization: false)) }
    }
    #expect(try message(tensors: 8) == "nothing thrown")
    #expect(try message(tensors: 9).contains("out of proportion to the size of their files"))
  }
}
