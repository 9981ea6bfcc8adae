import Crypto
import Datasets
import Foundation
public import Settings
import Tensors

/// A teacher's logits for every image that a training will see, computed once and read from a file.
///
///     try TeacherLogits.record(
///       teacher, task: task, to: "teacher.logits", backend: backend, source: loader, epochs: 30, batch: 128)
///     setup.teacher = .stored(try TeacherLogits(contentsOf: "teacher.logits"))
///
/// Augmented views derive from (seed, epoch, index), so every student of a seed sees the same views.
/// Distilling from the file therefore ends with the same bits as distilling from the teacher alongside, for
/// equal batch, threads and precision. A training of fewer epochs uses the first ones.
///
/// The file consists of `condlogt`, the length of the header in 64 bits, the header as JSON, the rows of
/// `LogitCodec` by epoch, step and image, and the SHA-256 of everything before it. It is mapped, not read
/// into memory.
public final class TeacherLogits: Sendable {
  /// The most bytes that are stored, 2 GiB; if there are more, the teacher runs alongside.
  public static let maximumBytes = 2 << 30
  /// The first bytes of a file.
  static let magic = Array("condlogt".utf8)
  /// The bytes of the checksum.
  static let digestBytes = 32

  /// The conditions for which a file was made.
  public struct Header: Sendable, Equatable {
    /// The SHA-256 of the teacher: structure and parameters.
    public var teacher: String
    /// Classes of a row.
    public var classes: Int
    /// Epochs that are stored.
    public var epochs: Int
    /// Steps of an epoch.
    public var stepsPerEpoch: Int
    /// Images of a step.
    public var batch: Int
    /// The arithmetic of the teacher: precision, threads and backend, for information.
    public var arithmetic: SettingsNode
    /// The description of the batches: `BatchSource.stream`.
    public var stream: SettingsNode
  }

  /// The path of the file.
  public let path: String
  /// The conditions for which the file was made.
  public let header: Header
  private let data: Data
  private let start: Int
  private let codec: LogitCodec

  /// Opens a file and checks its form, size and checksum.
  public init(contentsOf path: String) throws(DistillationError) {
    let data = try Self.mapped(path)
    let (header, start) = try Self.header(of: data, path: path)
    let payload = Self.payloadBytes(header)
    guard let payload, data.count == start + payload + Self.digestBytes else {
      throw .file(
        path: path,
        reason:
          "cut off or damaged: expected \(payload.map { "\(start + $0 + Self.digestBytes)" } ?? "fewer") "
          + "bytes by its header, found \(data.count)")
    }
    let digest = SHA256.hash(data: data.prefix(start + payload))
    guard Array(digest) == Array(data.suffix(Self.digestBytes)) else {
      throw .file(path: path, reason: "damaged: its content does not have the checksum that it gives")
    }
    (self.path, self.header, self.data, self.start) = (path, header, data, start)
    codec = LogitCodec(classes: header.classes)
  }

  /// The bytes of the rows of so many images; `nil` if they are more than are stored.
  static func payloadBytes(classes: Int, images: Int) -> Int? {
    let (bytes, overflow) = LogitCodec(classes: classes).byteCount.multipliedReportingOverflow(by: images)
    return overflow || bytes > maximumBytes ? nil : bytes
  }

  /// The bytes of all rows of a header; `nil` if they are more than are stored.
  static func payloadBytes(_ header: Header) -> Int? {
    let (steps, overflow) = header.stepsPerEpoch.multipliedReportingOverflow(by: header.epochs)
    let (images, overflowing) = steps.multipliedReportingOverflow(by: header.batch)
    return overflow || overflowing ? nil : payloadBytes(classes: header.classes, images: images)
  }

  /// True if the logits of so many images may be stored.
  public static func isStorable(classes: Int, images: Int) -> Bool {
    payloadBytes(classes: classes, images: images) != nil
  }

  /// Maps a file into memory; throws for folders and unreadable files.
  private static func mapped(_ path: String) throws(DistillationError) -> Data {
    do {
      // Only a folder has the entry ".".
      guard !FileManager.default.fileExists(atPath: path + "/.") else {
        throw DistillationError.file(
          path: path, reason: FileFailure.reason(CocoaError(.fileReadUnknown), path: path))
      }
      return try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
    } catch let error as DistillationError {
      throw error
    } catch {
      throw .file(path: path, reason: "cannot be read: \(FileFailure.reason(error, path: path))")
    }
  }

  /// The header, and the place at which the rows begin.
  private static func header(of data: Data, path: String) throws(DistillationError) -> (Header, Int) {
    let prefix = magic.count + 8
    guard data.count >= prefix, Array(data.prefix(magic.count)) == magic else {
      throw .file(path: path, reason: "not a file of a teacher's logits")
    }
    let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(data[magic.count + $1]) << UInt64(8 * $1) }
    guard length <= UInt64(data.count - prefix) else {
      throw .file(path: path, reason: "cut off: its header should have \(length) bytes")
    }
    let end = prefix + Int(length)
    do throws(SettingsError) {
      return (try Header(from: SettingsNode(json: Array(data[prefix..<end]), source: path)), end)
    } catch {
      throw .file(path: path, reason: "damaged header: \(error)")
    }
  }

  /// Writes the logits of a step, `[batch, classes]`; allocates nothing.
  func read(epoch: Int, step: Int, into logits: inout MutableSpan<Float>) {
    let rowBytes = codec.byteCount
    let classes = header.classes
    var place = start + (epoch * header.stepsPerEpoch + step) * header.batch * rowBytes
    let bytes = data.span
    for image in 0..<header.batch {
      codec.decode(bytes, from: place, into: &logits, image * classes..<(image + 1) * classes)
      place += rowBytes
    }
  }

  /// Throws if the file was not made for a training.
  ///
  /// `normalization` is the one with which the teacher must have seen the images, if it is not the student's.
  func requireFit(
    classes: Int, epochs: Int, batch: Int, source: any BatchSource, normalization: Normalization? = nil
  ) throws(DistillationError) {
    let pairs = [
      ("classes", header.classes, classes), ("steps an epoch", header.stepsPerEpoch, source.stepsPerEpoch),
      ("images a step", header.batch, batch), ("epochs", min(header.epochs, epochs), epochs),
    ]
    try requireSameStream(as: source.stream, normalization)
    for (what, stored, found) in pairs where stored != found {
      throw .stream(path: path, what: what, stored: "\(stored)", found: "\(found)")
    }
  }

  /// Throws at the first difference between the stream of the file and that of the training.
  private func requireSameStream(
    as stream: SettingsNode, _ normalization: Normalization?
  ) throws(DistillationError) {
    let seen = normalization.map { ["mean": $0.mean.node, "deviation": $0.deviation.node] } ?? [:]
    let entries = { (node: SettingsNode) in (try? node.mapping("stream")) ?? [] }
    for key in (entries(stream) + entries(header.stream)).map(\.key) {
      let (stored, found) = (header.stream[key]?.canonicalJSON, (seen[key] ?? stream[key])?.canonicalJSON)
      guard stored != found else { continue }
      throw .stream(path: path, what: key, stored: stored ?? "nothing", found: found ?? "nothing")
    }
  }
}

extension TeacherLogits.Header {
  /// The version of the header.
  static let schema = 1

  /// The header as a mapping.
  var node: SettingsNode {
    SettingsNode(mapping: [
      "schema": Self.schema.node, "teacher": teacher.node, "classes": classes.node, "epochs": epochs.node,
      "stepsPerEpoch": stepsPerEpoch.node, "batch": batch.node, "arithmetic": arithmetic, "stream": stream,
    ])
  }

  /// Reads a header; throws for numbers that are out of range.
  init(from node: SettingsNode) throws(SettingsError) {
    let owner = "a file of a teacher's logits"
    func count(_ key: String, upTo limit: Int) throws(SettingsError) -> Int {
      let node = try node.required(key, of: owner)
      let value = try node.integer(key)
      guard (1...limit).contains(value) else {
        throw .outOfRange(node.mark, key: key, expected: "an integer in 1...\(limit)", found: "\(value)")
      }
      return value
    }
    _ = try count("schema", upTo: Self.schema)
    teacher = try node.required("teacher", of: owner).string("teacher")
    classes = try count("classes", upTo: LogitCodec.maximumClasses)
    epochs = try count("epochs", upTo: 100_000)
    stepsPerEpoch = try count("stepsPerEpoch", upTo: Int(Int32.max))
    batch = try count("batch", upTo: 65_536)
    arithmetic = try node.required("arithmetic", of: owner)
    stream = try node.required("stream", of: owner)
  }
}
