import Foundation
import Metrics
import Runs
import Settings

extension LogFormat {
  /// The event files of TensorBoard.
  public static let tensorBoard = LogFormat(name: "tensorboard") {
    (epochs, folder, now) throws(ReportError) in
    try TensorBoardEvents(path: folder + "/events.out.tfevents.condense").follow(epochs, now: now)
  }
}

/// An event file that follows a training: the version, then an event for each epoch with a scalar for each
/// figure.
///
/// A record is the payload's length (8 bytes, little-endian), the masked CRC32C of these bytes, the payload,
/// and its masked CRC32C; a payload is a protobuf `Event`. While the log only grows, the file only grows, and
/// TensorBoard continues to read where it stopped.
struct TensorBoardEvents {
  let path: String

  /// Updates the file to the epochs.
  ///
  /// Existing events stay, with their times. From the first one that differs, and from an incomplete event of
  /// a killed process, everything is written again.
  func follow(_ epochs: [EpochRecord], now: Date) throws(ReportError) {
    let payloads =
      [Self.version(at: now)]
      + epochs.enumerated().map { Self.event(step: $0 + 1, $1, at: now) }
    let present = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
    var (kept, end) = (0, 0)
    while kept < payloads.count, let found = Self.payload(at: end, in: present),
      // The time is the first field, and stays that of the first writing.
      found.dropFirst(Self.timeBytes).elementsEqual(payloads[kept].dropFirst(Self.timeBytes))
    {
      kept += 1
      end += Self.frameBytes + found.count
    }
    guard kept < payloads.count || end < present.count else { return }
    do {
      if !FileManager.default.fileExists(atPath: path) {
        try Data().write(to: URL(filePath: path))
      }
      let handle = try FileHandle(forWritingTo: URL(filePath: path))
      defer { try? handle.close() }
      try handle.truncate(atOffset: UInt64(end))
      try handle.seekToEnd()
      try handle.write(contentsOf: Data(payloads[kept...].flatMap(Self.record)))
    } catch {
      throw .unwritable(path: path, reason: FileFailure.reason(error, path: path))
    }
  }

  // MARK: Records

  /// The bytes of a record besides its payload.
  private static let frameBytes = 16
  /// The bytes of an event's time with its tag.
  private static let timeBytes = 9

  private static func record(_ payload: [UInt8]) -> [UInt8] {
    let length = UInt64(payload.count).littleEndianBytes
    return length + MaskedCRC32C.of(length).littleEndianBytes + payload
      + MaskedCRC32C.of(payload).littleEndianBytes
  }

  /// The payload of the record at an offset; `nil` where there is no complete one.
  private static func payload(at start: Int, in bytes: [UInt8]) -> ArraySlice<UInt8>? {
    guard bytes.count - start >= frameBytes else { return nil }
    let length = bytes[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(bytes.count - start - frameBytes) else { return nil }
    let payload = bytes[start + 12..<start + 12 + Int(length)]
    return record(Array(payload)).elementsEqual(bytes[start..<start + frameBytes + Int(length)])
      ? payload : nil
  }

  // MARK: Events

  private static func version(at time: Date) -> [UInt8] {
    var event = ProtobufWriter()
    event.add(1, time.timeIntervalSince1970)
    event.add(3, Array("brain.Event:2".utf8))
    return event.bytes
  }

  private static func event(step: Int, _ epoch: EpochRecord, at time: Date) -> [UInt8] {
    var summary = ProtobufWriter()
    for scalar in epoch.scalars {
      var value = ProtobufWriter()
      value.add(1, Array(scalar.tag.utf8))
      value.add(2, Float(scalar.value))
      summary.add(1, value.bytes)
    }
    var event = ProtobufWriter()
    event.add(1, time.timeIntervalSince1970)
    event.add(2, UInt64(step))
    event.add(5, summary.bytes)
    return event.bytes
  }
}

extension EpochRecord {
  /// The figures with their tags; TensorBoard draws tags with the same beginning side by side.
  fileprivate var scalars: [(tag: String, value: Double)] {
    let metric = self.metric?.key ?? "metric"
    let figures = [
      ("loss/train", loss), ("loss/validation", validationLoss), (metric + "/train", value),
      (metric + "/validation", validation), ("training/rate", rate),
      ("training/weights", weights.map(Double.init)),
    ]
    return figures.compactMap { tag, value in value.map { (tag, $0) } }
  }
}

/// A protobuf message, written field by field.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  /// Appends an integer of variable length.
  mutating func add(_ field: Int, _ value: UInt64) {
    tag(field, wire: 0)
    varint(value)
  }

  /// Appends a 64-bit float.
  mutating func add(_ field: Int, _ value: Double) {
    tag(field, wire: 1)
    bytes += value.bitPattern.littleEndianBytes
  }

  /// Appends a 32-bit float.
  mutating func add(_ field: Int, _ value: Float) {
    tag(field, wire: 5)
    bytes += value.bitPattern.littleEndianBytes
  }

  /// Appends a text or a nested message.
  mutating func add(_ field: Int, _ value: [UInt8]) {
    tag(field, wire: 2)
    varint(UInt64(value.count))
    bytes += value
  }

  private mutating func tag(_ field: Int, wire: UInt64) { varint(UInt64(field) << 3 | wire) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// The checksum of records: CRC32C (Castagnoli, reflected), rotated by 15 bits, plus a constant.
///
/// Without the mask, the checksum of bytes that contain checksums would be weak.
enum MaskedCRC32C {
  static func of(_ bytes: [UInt8]) -> UInt32 {
    let crc = ~bytes.reduce(~UInt32(0)) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
  }
}

extension FixedWidthInteger {
  /// The bytes, little-endian.
  fileprivate var littleEndianBytes: [UInt8] {
    (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) }
  }
}
