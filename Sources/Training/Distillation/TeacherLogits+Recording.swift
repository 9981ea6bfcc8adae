import Crypto
import Datasets
public import Execution
import Foundation
public import Graphs
import Settings
public import Tasks
import Tensors

extension TeacherLogits {
  /// Runs a teacher over the training batches of some epochs and writes its logits; `nil` if asked to stop.
  ///
  /// The file is put in place when it is whole; nothing is left of a stopped recording. `batch` is the number
  /// of images of every batch of `source`. Batch norms use their running statistics. Throws for incomplete
  /// batches, for logits that are not finite, and for more bytes than are stored.
  public static func record(
    _ teacher: Graph, task: any ImageTask, to path: String, backend: any Backend, source: any BatchSource,
    epochs: Int, batch: Int,
    precision: Precision = .f32, threads: Int = 1, shouldStop: () -> Bool = { false }
  ) throws -> TeacherLogits? {
    let outputs = try TeacherNetwork(
      teacher, backend: backend, batch: batch, precision: precision, threads: threads,
      scores: task.scoreHead(of: teacher))
    let header = Header(
      teacher: digest(of: teacher), classes: outputs.classes, epochs: epochs,
      stepsPerEpoch: source.stepsPerEpoch, batch: batch,
      arithmetic: SettingsNode(mapping: [
        "precision": precision.node, "threads": threads.node, "backend": backend.name.node,
        "instructionSet": backend.instructionSet.node,
      ]), stream: source.stream)
    guard payloadBytes(header) != nil else {
      throw DistillationError.tooLarge(bytes: unboundedBytes(header), limit: maximumBytes)
    }
    do {
      try WholeFile.publish(path) { part in
        let file = try RecordFile(path, part: part, header: header)
        guard try write(file, outputs, source, header, shouldStop) else { throw CancellationError() }
        try file.finish()
      }
    } catch is CancellationError {
      return nil
    } catch let error as SystemError {
      throw TrainingError.unwritable(path: path, reason: "\(error)")
    }
    return try TeacherLogits(contentsOf: path)
  }

  /// Writes all rows; false if asked to stop.
  private static func write(
    _ file: RecordFile, _ outputs: TeacherNetwork, _ source: any BatchSource, _ header: Header,
    _ shouldStop: () -> Bool
  ) throws -> Bool {
    for epoch in 0..<header.epochs {
      source.startEpoch(epoch, fromStep: 0)
      for step in 0..<header.stepsPerEpoch {
        let images = try source.next()
        guard let images, images.count == header.batch else {
          throw DistillationError.partialBatch(
            epoch: epoch + 1, step: step + 1, images: images?.count ?? 0, batch: header.batch)
        }
        try outputs.prepare(images, epoch: epoch, step: step)
        try file.append(outputs.rows)
        if shouldStop() { return false }
      }
    }
    return true
  }

  /// The bytes that the rows of a header would take, for messages.
  private static func unboundedBytes(_ header: Header) -> Int {
    let images = Double(header.stepsPerEpoch) * Double(header.epochs) * Double(header.batch)
    return Int(exactly: (images * Double(LogitCodec(classes: header.classes).byteCount)).rounded()) ?? .max
  }

  /// The SHA-256 of a network: its structure and the bits of its parameters.
  public static func digest(of teacher: Graph) -> String {
    var hash = SHA256()
    hash.update(data: Array(teacher.structureNode.canonicalJSON.utf8))
    // Sorted, because a dictionary has another order in each run.
    for (name, parameter) in teacher.parameters.sorted(by: { $0.key < $1.key }) {
      var bytes = Array(name.utf8)
      LittleEndian.append(parameter.projected.values, to: &bytes)
      hash.update(data: bytes)
    }
    return hash.finalize().hexadecimal
  }
}

/// A file of logits while it is written.
private final class RecordFile {
  private let path: String
  private let handle: FileHandle
  private var hash = SHA256()

  /// Begins a file at `part`; errors name `path`, where the file will lie.
  init(_ path: String, part: String, header: TeacherLogits.Header) throws(TrainingError) {
    self.path = path
    handle = try Self.writing(path) {
      try Data().write(to: URL(filePath: part))
      return try FileHandle(forWritingTo: URL(filePath: part))
    }
    let text = Array(header.node.canonicalJSON.utf8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    try append(TeacherLogits.magic + length + text)
  }

  deinit { try? handle.close() }

  /// Appends bytes and counts them in the checksum.
  func append(_ bytes: [UInt8]) throws(TrainingError) {
    hash.update(data: bytes)
    try Self.writing(path) { try handle.write(contentsOf: Data(bytes)) }
  }

  /// Writes the checksum and flushes everything to the disk.
  func finish() throws(TrainingError) {
    try Self.writing(path) {
      try handle.write(contentsOf: Data(hash.finalize()))
      try handle.synchronize()
      try handle.close()
    }
  }

  /// Runs a write and throws its failure with the path.
  private static func writing<R>(_ path: String, _ body: () throws -> R) throws(TrainingError) -> R {
    do { return try body() } catch {
      throw .unwritable(path: path, reason: FileFailure.reason(error, path: path))
    }
  }
}
