import Foundation

@testable import Training

// SAFETY: `message` and `isClosed` are read and written only while `condition` is locked.

/// The way from one rank to the next, on which a sender waits until its message is taken.
private final class Link: @unchecked Sendable {
  private let condition = NSCondition()
  private var message: [UInt8]?
  private var isClosed = false

  func send(_ bytes: [UInt8], from rank: Int) throws {
    condition.lock()
    defer { condition.unlock() }
    message = bytes
    condition.broadcast()
    while message != nil, !isClosed { condition.wait() }
    if isClosed { throw TrainingError.rankLost(rank: rank, reason: "closed") }
  }

  func receive(at rank: Int) throws -> [UInt8] {
    condition.lock()
    defer { condition.unlock() }
    while message == nil, !isClosed { condition.wait() }
    guard let bytes = message else { throw TrainingError.rankLost(rank: rank, reason: "closed") }
    message = nil
    condition.broadcast()
    return bytes
  }

  func close() {
    condition.lock()
    isClosed = true
    condition.broadcast()
    condition.unlock()
  }
}

/// Ranks as threads of one process, whose messages wait for their receivers as large ones of MPI do.
final class ThreadRing: Ranks {
  let rank: Int
  let count: Int
  private let links: [Link]
  /// Messages that this rank sent, and their bytes.
  private(set) var sent = (messages: 0, bytes: 0)

  private init(_ rank: Int, _ links: [Link]) {
    self.rank = rank
    count = links.count
    self.links = links
  }

  func send(_ bytes: RawSpan) throws {
    sent = (sent.messages + 1, sent.bytes + bytes.byteCount)
    let copy = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
    try links[(rank + 1) % count].send(copy, from: rank)
  }

  func receive(_ bytes: inout MutableRawSpan) throws {
    let message = try links[rank].receive(at: rank)
    precondition(message.count == bytes.byteCount, "\(message.count) bytes where \(bytes.byteCount) are due")
    unsafe bytes.withUnsafeMutableBytes { unsafe $0.copyBytes(from: message) }
  }

  /// Runs `body` on every rank; when one fails, the links of all are closed.
  static func run<R: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (ThreadRing) throws -> R
  ) -> [Result<R, any Error>] {
    let links = (0..<count).map { _ in Link() }
    let results = Results<R>(count)
    for rank in 0..<count {
      let thread = Thread {
        let result = Result { try body(ThreadRing(rank, links)) }
        if case .failure = result { for link in links { link.close() } }
        results.set(result, at: rank)
      }
      // Reference kernels recurse little, but the default of a thread is small.
      thread.stackSize = 8 << 20
      thread.start()
    }
    return results.wait()
  }
}

// SAFETY: `results` is read and written only while `condition` is locked.

/// The results of all ranks.
private final class Results<R: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private var results: [Result<R, any Error>?]

  init(_ count: Int) { results = Array(repeating: nil, count: count) }

  func set(_ result: Result<R, any Error>, at rank: Int) {
    condition.lock()
    results[rank] = result
    condition.broadcast()
    condition.unlock()
  }

  func wait() -> [Result<R, any Error>] {
    condition.lock()
    defer { condition.unlock() }
    while results.contains(where: { $0 == nil }) { condition.wait() }
    return results.compactMap { $0 }
  }
}
