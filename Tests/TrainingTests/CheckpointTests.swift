import Execution
import Foundation
import Metrics
import Graphs
import Settings
import Tensors
import Testing

@testable import Training

@Suite("Checkpoints")
struct CheckpointTests {
  private static func checkpoint(epoch: Int = 3, step: Int = 5) -> Checkpoint {
    var progress = TrainingProgress()
    progress.epoch = epoch
    progress.step = step
    progress.updates = 35
    progress.best = TrainingProgress.Best(epoch: 2, value: 1.0 / 3, loss: 0.1 + 0.2)
    progress.sums = TrainingProgress.Sums(
      loss: 1e-17 + 1.0 / 7, metric: 11, images: 40, seconds: 0.5, rate: 0.1)
    let tensor = Tensor([1, -0.0, .leastNonzeroMagnitude, 3.4e38], shape: [2, 2])
    return Checkpoint(
      progress: progress,
      state: TrainingState(
        parameters: ["a.weight": tensor], firstMoments: ["a.weight": tensor], averages: ["a.weight": tensor]),
      best: ["a.weight": tensor], identity: SettingsNode(mapping: ["rate": Float(0.1).node, "seed": 7.node]))
  }

  @Test("What is read is what was written, bit for bit")
  func roundTrip() throws {
    let checkpoint = Self.checkpoint()
    let again = try Checkpoint(bytes: checkpoint.bytes, file: "test")
    #expect(again == checkpoint)
    #expect(again.bytes == checkpoint.bytes)
  }

  @Test("A file cut or changed anywhere is refused")
  func damage() throws {
    let bytes = Self.checkpoint().bytes
    for length in stride(from: 0, to: bytes.count, by: 7) {
      #expect { try Checkpoint(bytes: Array(bytes[..<length]), file: "test") } throws: {
        $0 is TrainingError || $0 is ModelFileError
      }
    }
    for position in stride(from: 8, to: bytes.count, by: 3) where bytes[position] != UInt8(ascii: " ") {
      var changed = bytes
      changed[position] ^= 1
      #expect { try Checkpoint(bytes: changed, file: "test") } throws: {
        $0 is TrainingError || $0 is ModelFileError
      }
    }
  }

  @Test("Two checkpoints are kept, and a damaged newest one falls back to the one before")
  func fallBack() throws {
    let folder = try TemporaryFolder()
    let store = CheckpointStore(directory: folder.path)
    for epoch in [9, 10, 11] { try store.save(Self.checkpoint(epoch: epoch, step: 0)) }
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(files.count == 2)
    #expect(try store.latest()?.progress.epoch == 11)
    let newest = try #require(files.last)
    try Data([1, 2, 3]).write(to: URL(filePath: folder.path + "/" + newest))
    #expect(try store.latest()?.progress.epoch == 10)
    #expect(store.damaged.count == 1)
    try Data().write(to: URL(filePath: folder.path + "/" + files[0]))
    #expect(throws: TrainingError.self) { try store.latest() }
  }

  @Test("A folder without checkpoints holds none, and one that is held cannot be held again")
  func lock() throws {
    let folder = try TemporaryFolder()
    let store = CheckpointStore(directory: folder.path + "/checkpoint")
    #expect(try store.latest() == nil)
    try store.acquire()
    #expect(throws: TrainingError.self) {
      try CheckpointStore(directory: folder.path + "/checkpoint").acquire()
    }
    store.remove()
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/checkpoint"))
  }

  @Test("Metrics behind the checkpoint, and half a line, are dropped")
  func metricsLog() throws {
    let folder = try TemporaryFolder()
    let log = MetricsLog(path: folder.path + "/metrics.jsonl")
    for epoch in 1...3 {
      try log.append(
        EpochMetrics(
          epoch: epoch, loss: 0.5, metric: Top1Accuracy.kind, value: 0.25, rate: 0.1, weights: 12,
          imagesPerSecond: 10, seconds: 1))
    }
    let whole = try Data(contentsOf: URL(filePath: log.path))
    try (whole + Data("{\"epoch\":4,\"lo".utf8)).write(to: URL(filePath: log.path))
    try log.keep(epochs: 3)
    #expect(try Data(contentsOf: URL(filePath: log.path)) == whole)
    try log.keep(epochs: 1)
    let expected =
      "{\"epoch\":1,\"loss\":0.5,\"top1\":0.25,\"validationLoss\":null,\"validationTop1\":null,\"rate\":0.1,\"weights\":12,"
      + "\"imagesPerSecond\":10.0,\"seconds\":1.0}\n"
    #expect(try String(contentsOfFile: log.path, encoding: .utf8) == expected)
  }
}
