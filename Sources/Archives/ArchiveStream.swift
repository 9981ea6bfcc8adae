import Synchronization

/// One pass over an archive, from which any number of threads may take blocks.
///
/// The thread that asks next inflates the next block while the others decode theirs, so no thread only reads.
/// Blocks have ordinals, so that the order of results need not depend on threads.
///
/// ```swift
/// let stream = try ArchiveStream(archive)
/// while let block = try stream.next() {      // on each thread
///   for i in block.members.indices { try block.withBytes(of: i) { bytes in … } }
/// }
/// ```
public final class ArchiveStream: Sendable {
  private struct State: ~Copyable {
    var builder: BlockBuilder
    var failure: ArchiveError?
  }

  private let state: Mutex<State>

  /// Begins a pass; a block holds up to `blockBytes` of members, or one larger member.
  public init(_ archive: Archive, blockBytes: Int = 1 << 20) throws(ArchiveError) {
    let cursor = try ArchiveCursor(path: archive.path)
    guard cursor.kind == archive.kind else {
      throw .damaged(path: archive.path, member: nil, reason: "the file was replaced by one of another kind")
    }
    let builder = BlockBuilder(cursor, blockBytes: blockBytes, memberLimit: archive.memberLimit)
    state = Mutex(State(builder: builder))
  }

  /// The next block; `nil` when the whole archive was read and is sound.
  ///
  /// **Throws** `ArchiveError`, and the same error on every later call.
  public func next() throws(ArchiveError) -> ArchiveBlock? {
    try state.withLock { (state) throws(ArchiveError) in
      if let failure = state.failure { throw failure }
      do throws(ArchiveError) {
        return try state.builder.next()
      } catch {
        state.failure = error
        throw error
      }
    }
  }

  /// The entries that were skipped so far, in stored order.
  public var refused: [RefusedMember] { state.withLock { $0.builder.refused } }
}
