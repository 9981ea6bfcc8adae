/// Some members of an archive in one buffer, for any thread.
public struct ArchiveBlock: Sendable {
  /// The position of the block in the archive, from 0.
  public let ordinal: Int
  /// The members, in stored order.
  public let members: [ArchiveMember]
  /// The bytes of all members, one after another.
  public let bytes: [UInt8]
  /// The start of each member in `bytes`, and the end as a last entry.
  public let bounds: [Int]

  /// Lends the bytes of member `index` of the block.
  public func withBytes<Result, Failure: Error>(
    of index: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(bytes.span.extracting(bounds[index]..<bounds[index + 1]))
  }
}
