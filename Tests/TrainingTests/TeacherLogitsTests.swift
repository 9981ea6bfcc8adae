import DNNL
import Execution
import Foundation
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Datasets
@testable import Training

@Suite("Stored teacher's logits")
struct TeacherLogitsTests {
  private static let steps = 5

  private static func record(
    _ folder: TemporaryFolder, _ teacher: Graph, epochs: Int = 3, source: SyntheticSource? = nil,
    backend: any Backend = ReferenceBackend()
  ) throws -> TeacherLogits {
    let stored = try TeacherLogits.record(
      teacher, task: Classification(), to: folder.path + "/teacher.logits", backend: backend,
      source: source ?? SyntheticSource(steps: steps, batch: 8), epochs: epochs, batch: 8)
    return try #require(stored)
  }

  private static func train(
    _ teacher: TeacherOutputs, epochs: Int = 3, yaml: String = "{}",
    backend: any Backend = ReferenceBackend(),
    source: SyntheticSource? = nil
  ) throws -> Graph {
    var settings = TrainingSettings()
    settings.epochs = epochs
    settings.batch = 8
    try settings.update(from: SettingsNode(yaml: yaml, source: "test"), owner: "training")
    let trainer = try Trainer(
      Trainer.Setup(
        task: Classification(), graph: TinyNetwork.normalized(), backend: backend, settings: settings,
        seed: 7,
        objective: SoftTargets(), teacher: teacher),
      training: source ?? SyntheticSource(steps: steps, batch: 8))
    guard case .finished(let result) = try trainer.run() else {
      throw TrainingError.patienceWithoutValidation
    }
    return result.graph
  }

  @Test("What is stored is what the teacher says of the augmented images, rounded to half precision")
  func values() throws {
    let folder = try TemporaryFolder()
    let teacher = try TinyNetwork.plain(seed: 4)
    let stored = try Self.record(folder, teacher)
    let source = SyntheticSource(steps: Self.steps, batch: 8)
    let plan = try ReferenceBackend().compile(teacher, PlanOptions(batch: 8, mode: .inference))
    let tap = try plan.tap("logits")
    for epoch in 0..<3 {
      source.startEpoch(epoch, fromStep: 2)
      let images = try #require(try source.next()).images
      plan.forward(images.span, key: 0)
      var expected = [Float](repeating: 0, count: 24)
      var found = [Float](repeating: .nan, count: 24)
      var span = expected.mutableSpan
      plan.readTap(tap, into: &span)
      var other = found.mutableSpan
      stored.read(epoch: epoch, step: 2, into: &other)
      for row in 0..<8 {
        let highest = expected[row * 3..<row * 3 + 3].max() ?? 0
        for i in row * 3..<row * 3 + 3 { #expect(found[i] == Float(Float16(expected[i] - highest))) }
      }
    }
  }

  @Test(
    "Training on the file ends with the bits of training beside the teacher; fewer epochs use a prefix",
    arguments: ["{}", "{accumulationSteps: 2, labelSmoothing: 0.1, emaDecay: 0.9}"])
  func storedEqualsLive(yaml: String) throws {
    for backend in [ReferenceBackend(), DNNLBackend()] as [any Backend] {
      let folder = try TemporaryFolder()
      let teacher = try TinyNetwork.normalized(seed: 9)
      let stored = try Self.record(folder, teacher, backend: backend)
      for epochs in [3, 2] {
        let live = try Self.train(.network(teacher), epochs: epochs, yaml: yaml, backend: backend)
        #expect(try Self.train(.stored(stored), epochs: epochs, yaml: yaml, backend: backend) == live)
      }
      let other = try Self.train(.network(TinyNetwork.normalized(seed: 10)), yaml: yaml, backend: backend)
      #expect(try Self.train(.stored(stored), yaml: yaml, backend: backend) != other)
    }
  }

  @Test("A file for other images, seeds, batches or fewer epochs is refused with both values")
  func mismatches() throws {
    let folder = try TemporaryFolder()
    let stored = try Self.record(folder, TinyNetwork.plain(), epochs: 2)
    let cases: [(words: String, epochs: Int, yaml: String, source: SyntheticSource)] = [
      ("for synthetic 0, the training has 3", 2, "{}", SyntheticSource(steps: 5, batch: 8, seed: 3)),
      ("for epochs 2, the training has 3", 3, "{}", SyntheticSource(steps: 5, batch: 8)),
      ("for images a step 8, the training has 4", 2, "{batch: 4}", SyntheticSource(steps: 5, batch: 4)),
      ("for steps an epoch 5, the training has 6", 2, "{}", SyntheticSource(steps: 6, batch: 8)),
    ]
    for item in cases {
      let message = errorMessage {
        _ = try Self.train(.stored(stored), epochs: item.epochs, yaml: item.yaml, source: item.source)
      }
      #expect(message.contains(item.words) && message.contains(stored.path), "\(message)")
    }
  }

  @Test("A file cut or changed anywhere is refused")
  func damage() throws {
    let folder = try TemporaryFolder()
    let path = try Self.record(folder, TinyNetwork.plain(), epochs: 1).path
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
    let damaged = folder.path + "/damaged.logits"
    func isRefused(_ bytes: [UInt8]) throws -> Bool {
      try Data(bytes).write(to: URL(filePath: damaged))
      return errorMessage { _ = try TeacherLogits(contentsOf: damaged) }.hasPrefix(damaged + ": ")
    }
    for length in stride(from: 0, to: bytes.count, by: 13) { #expect(try isRefused(Array(bytes[..<length]))) }
    for position in stride(from: 0, to: bytes.count, by: 7) {
      var changed = bytes
      changed[position] ^= 4
      #expect(try isRefused(changed), "byte \(position)")
    }
    #expect(try isRefused(bytes + [0]))
    #expect(try !isRefused(bytes))
    #expect(errorMessage { _ = try TeacherLogits(contentsOf: folder.path) }.contains("folder"))
    #expect(errorMessage { _ = try TeacherLogits(contentsOf: path + "x") }.contains("no such file"))
  }

  @Test("Recording that is stopped leaves nothing behind; recorded twice, the bytes are equal")
  func stopping() throws {
    let folder = try TemporaryFolder()
    let source = SyntheticSource(steps: Self.steps, batch: 8)
    let stopped = try TeacherLogits.record(
      TinyNetwork.plain(), task: Classification(), to: folder.path + "/t", backend: ReferenceBackend(),
      source: source, epochs: 1,
      batch: 8, shouldStop: { true })
    #expect(stopped == nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    let first = try Data(contentsOf: URL(filePath: Self.record(folder, TinyNetwork.plain()).path))
    #expect(try Data(contentsOf: URL(filePath: Self.record(folder, TinyNetwork.plain()).path)) == first)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["teacher.logits"])
  }

  @Test(
    "An image that cannot be read while recording is told as such, and a place that cannot be written as itself"
  )
  func failures() throws {
    let folder = try TemporaryFolder()
    let teacher = try TinyNetwork.plain()
    let source = SyntheticSource(steps: Self.steps, batch: 8)
    let message = errorMessage {
      _ = try TeacherLogits.record(
        teacher, task: Classification(), to: folder.path + "/none/teacher.logits",
        backend: ReferenceBackend(), source: source,
        epochs: 1,
        batch: 8)
    }
    #expect(message.contains("none/teacher.logits: cannot be written: no such file"), "\(message)")
    source.failure = .unreadable(path: "a.png", reason: "cut off")
    #expect(throws: DatasetError.self) { try Self.record(folder, teacher, source: source) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test("Images that are not finite, and files beyond the limit, are refused")
  func refusals() throws {
    let folder = try TemporaryFolder()
    let source = SyntheticSource(steps: Self.steps, batch: 8)
    source.damage = (0, 1)
    let message = errorMessage { _ = try Self.record(folder, TinyNetwork.plain(), source: source) }
    #expect(message == "teacher: epoch 1, step 2: its logits are not finite; train the teacher anew")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    // 2 GiB are 357,913,941 rows of 3 classes with 2 bytes each.
    #expect(TeacherLogits.isStorable(classes: 3, images: 357_913_941))
    #expect(!TeacherLogits.isStorable(classes: 3, images: 357_913_942))
    #expect(!TeacherLogits.isStorable(classes: 3, images: .max))
  }
}

@Suite("Half-precision rows")
struct LogitCodecTests {
  private static func decoded(_ logits: [Float]) throws -> (bytes: Int, values: [Float]) {
    var codec = LogitCodec(classes: logits.count)
    var bytes: [UInt8] = []
    #expect(codec.append(logits.span, 0..<logits.count, to: &bytes))
    #expect(bytes.count == codec.byteCount)
    var values = [Float](repeating: .nan, count: logits.count)
    var span = values.mutableSpan
    codec.decode(bytes.span, from: 0, into: &span, 0..<logits.count)
    return (bytes.count, values)
  }

  @Test("Up to 100 classes all are kept, less the largest")
  func whole() throws {
    let (bytes, values) = try Self.decoded((0..<100).map { Float($0) / 4 - 7 })
    #expect(bytes == 200)
    #expect(values == (0..<100).map { Float($0 - 99) / 4 })
    #expect(try Self.decoded([1e30, -1e30, 1e30]).values == [0, -65504, 0])
  }

  @Test("Above 100 classes the 16 largest are kept, and the others' probabilities in sum")
  func best() throws {
    var random = SeededRandom(seed: 2, purpose: "logits")
    let logits = (0..<250).map { _ in 2 * random.normal() }
    let (bytes, values) = try Self.decoded(logits)
    #expect(bytes == 66)
    let order = logits.indices.sorted { logits[$0] > logits[$1] }
    let highest = logits[order[0]]
    for i in order[..<16] { #expect(values[i] == Float(Float16(logits[i] - highest))) }
    #expect(Set(order[16...].map { values[$0] }).count == 1)
    let sums = [logits.map { $0 - highest }, values].map { list in
      order[16...].reduce(0.0) { $0 + exp(Double(list[$1])) }
    }
    #expect(abs(sums[0] / sums[1] - 1) < 4e-3)
  }

  @Test("What is not finite is told, and a class that does not exist is passed over")
  func hostile() {
    var codec = LogitCodec(classes: 2)
    var bytes: [UInt8] = []
    for bad in [Float.nan, .infinity, -.infinity] {
      let logits = [bad, 0]
      let isStored = codec.append(logits.span, 0..<2, to: &bytes)
      #expect(!isStored && bytes.isEmpty)
    }
    let wide = LogitCodec(classes: 101)
    let hostile = [UInt8](repeating: 0xFF, count: wide.byteCount)
    var values = [Float](repeating: 0, count: 101)
    var span = values.mutableSpan
    wide.decode(hostile.span, from: 0, into: &span, 0..<101)
    #expect(values.allSatisfy { $0.isNaN })
  }
}
