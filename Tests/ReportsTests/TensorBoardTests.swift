import Foundation
import Metrics
import Runs
import Settings
import TestSupport
import Testing

@testable import Reports

@Suite("Event files of TensorBoard")
struct TensorBoardTests {
  private static let epochs = (1...5).map { number in
    EpochRecord(
      epoch: number, stage: "1 train", loss: 2 / Double(number), metric: Top1Accuracy.kind,
      value: 0.1 * Double(number), validationLoss: 1 / Double(number), validation: 0.125 * Double(number),
      weights: 1_000 * number, rate: 0.1 / Double(number))
  }

  /// A folder for event files, which is removed with the test.
  private final class Folder {
    let path = FileManager.default.temporaryDirectory.path() + "/condense-events-" + UUID().uuidString
    var file: String { path + "/run/events.out.tfevents.condense" }
    var bytes: [UInt8] { [UInt8](FileManager.default.contents(atPath: file) ?? Data()) }

    func follow(_ epochs: [EpochRecord], at seconds: Double = 1_000) throws {
      try LogFormat.tensorBoard.follow(
        epochs, named: "run", in: path, now: Date(timeIntervalSince1970: seconds))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  @Test("Records are length, masked checksum, event, masked checksum; events hold every figure of an epoch")
  func bytes() throws {
    let folder = Folder()
    var epochs = Self.epochs
    epochs[1].validation = nil
    try folder.follow(epochs)
    let events = try #require(DecodedEvents(folder.bytes))
    #expect(events.version == "brain.Event:2")
    #expect(events.times == Array(repeating: 1_000, count: 6))
    #expect(events.steps == [1, 2, 3, 4, 5])
    #expect(
      events.scalars[0] == [
        "loss/train": 2, "loss/validation": 1, "top1/train": Float(0.1), "top1/validation": 0.125,
        "training/rate": Float(0.1), "training/weights": 1_000,
      ])
    #expect(events.scalars[1]["top1/validation"] == nil && events.scalars[1].count == 5)
    #expect(events.scalars[4]["top1/validation"] == 0.625)
  }

  @Test("The checksum is that of RFC 3720's examples")
  func checksum() {
    // Appendix B.4: 32 bytes of zeros, of ones, and ascending.
    for (bytes, crc) in [
      (Array(repeating: UInt8(0), count: 32), UInt32(0x8A91_36AA)),
      (Array(repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
    ] {
      #expect(MaskedCRC32C.of(bytes) == ((crc >> 15) | (crc << 17)) &+ 0xA282_EAD8)
    }
  }

  @Test("A training that goes on adds events, and whatever a kill left no step stands twice")
  func following() throws {
    let folder = Folder()
    try folder.follow(Array(Self.epochs.prefix(3)))
    let three = folder.bytes
    try folder.follow(Self.epochs, at: 2_000)
    let whole = folder.bytes
    #expect(Array(whole.prefix(three.count)) == three)
    #expect(DecodedEvents(whole)?.times == [1_000, 1_000, 1_000, 1_000, 2_000, 2_000])
    try folder.follow(Self.epochs, at: 3_000)
    #expect(folder.bytes == whole)
    // The process was killed within a record, or after epochs that no checkpoint has.
    for count in [0, 5, three.count - 1, three.count + 17, whole.count - 1] {
      try Data(whole.prefix(count)).write(to: URL(filePath: folder.file))
      try folder.follow(Self.epochs, at: 1_000)
      #expect(DecodedEvents(folder.bytes)?.steps == [1, 2, 3, 4, 5])
    }
    try folder.follow(Array(Self.epochs.prefix(2)))
    #expect(DecodedEvents(folder.bytes)?.steps == [1, 2])
    // Another training of the same name, a damaged file, and a file of another kind.
    var others = Self.epochs
    for number in others.indices { others[number].loss = 7 }
    try folder.follow(others)
    #expect(DecodedEvents(folder.bytes)?.scalars.map { $0["loss/train"] } == Array(repeating: 7, count: 5))
    var damaged = folder.bytes
    damaged[three.count - 3] ^= 1
    for bytes in [damaged, Array(repeating: 0xFF, count: 100)] {
      try Data(bytes).write(to: URL(filePath: folder.file))
      try folder.follow(others)
      #expect(DecodedEvents(folder.bytes)?.steps == [1, 2, 3, 4, 5])
    }
  }

  @Test("A folder that cannot be made is refused by its path")
  func refusal() throws {
    let folder = Folder()
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: folder.path + "/run"))
    #expect(
      errorMessage { try folder.follow(Self.epochs) }.hasPrefix("\(folder.path)/run: cannot be written"))
  }

  private static let python = PeerPython("tensorboard==2.21.0", "setuptools<81")

  @Test(
    "TensorBoard 2.21 reads every step and figure", .enabled(if: python.mayBeAsked, "PyPI cannot be reached"))
  func peer() throws {
    let folder = Folder()
    try folder.follow(Array(Self.epochs.prefix(2)), at: 500)
    try folder.follow(Self.epochs)
    let script = """
      import json, sys
      from tensorboard.backend.event_processing import event_multiplexer, plugin_event_multiplexer
      from tensorboard.util import tensor_util
      old = event_multiplexer.EventMultiplexer().AddRunsFromDirectory(sys.argv[1]); old.Reload()
      new = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(sys.argv[1]); new.Reload()
      tags = new.PluginRunToTagToContent("scalars")
      print(json.dumps({
        "runs": sorted(old.Runs()), "plugin": {run: sorted(t) for run, t in tags.items()},
        "old": {t: [[e.step, e.wall_time, e.value] for e in old.Scalars("run", t)]
                for t in old.Runs()["run"]["scalars"]},
        "new": {t: [[e.step, e.wall_time, tensor_util.make_ndarray(e.tensor_proto).item()]
                    for e in new.Tensors("run", t)] for t in new.Runs()["run"]["tensors"]}}))
      """
    let answer = try SettingsNode(
      json: String(decoding: Self.python.run(script, [folder.path]), as: UTF8.self), source: "TensorBoard")
    #expect(try answer["runs"]?.list("runs").map { try $0.string("run") } == ["run"])
    func series(_ reader: String, _ tag: String) throws -> [[Double]] {
      try #require(answer[reader]?[tag], "\(reader) \(tag)").list(tag).map {
        try [Double](reading: $0, key: tag)
      }
    }
    for tag in [
      "loss/train", "loss/validation", "top1/train", "top1/validation", "training/rate", "training/weights",
    ] {
      let expected = Self.epochs.map { epoch -> [Double] in
        let figure: Double? =
          switch tag {
          case "loss/train": epoch.loss
          case "loss/validation": epoch.validationLoss
          case "top1/train": epoch.value
          case "top1/validation": epoch.validation
          case "training/rate": epoch.rate
          default: epoch.weights.map(Double.init)
          }
        return [Double(epoch.epoch), epoch.epoch <= 2 ? 500 : 1_000, Double(Float(figure ?? .nan))]
      }
      for reader in ["old", "new"] {
        #expect(try series(reader, tag) == expected, "\(reader) \(tag)")
      }
    }
    #expect(try answer["plugin"]?["run"]?.list("tags").count == 6)
  }
}
