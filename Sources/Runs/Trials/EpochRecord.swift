import Foundation

/// What one epoch of a trial showed: a line of its `metrics.jsonl`.
public struct EpochRecord: Sendable, Equatable, Codable {
  /// The file's name in a trial's directory.
  public static let fileName = "metrics.jsonl"

  /// The number of the epoch in its stage, from 1.
  public var epoch: Int
  public var loss: Double?
  public var top1: Double?
  public var validationLoss: Double?
  public var validationTop1: Double?

  /// The epochs of a log. A line that is no epoch, such as half a line of a killed process, is passed over; a log that is
  /// missing has none.
  static func read(_ path: String) -> [EpochRecord] {
    guard let data = try? RunFile.read(path) else { return [] }
    let decoder = JSONDecoder()
    return data.split(separator: UInt8(ascii: "\n")).compactMap {
      try? decoder.decode(EpochRecord.self, from: $0)
    }
  }
}
