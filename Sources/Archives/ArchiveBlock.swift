/// Some members of an archive, side by side in one buffer, to be handed to any thread.
public struct ArchiveBlock: Sendable {
  /// The block's place in the archive, from 0.
  public let ordinal: Int
  /// The members, in stored order.
  public let members: [ArchiveMember]
  /// All members' bytes, one after the other.
  public let bytes: [UInt8]
  /// Where each member starts in `bytes`; one more than members, the last is the end.
  public let bounds: [Int]

  /// Lends the bytes of member `index` of the block.
  public func withBytes<Result, Failure: Error>(
    of index: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(bytes.span.extracting(bounds[index]..<bounds[index + 1]))
  }
}
