import Tensors

/// The processes that train one network together, each a rank of a ring.
///
/// Every rank holds the whole network and computes some of the micro-batches of a step. A rank sends to the
/// one after it and receives from the one before it; after the last comes rank 0. Messages arrive whole, in
/// the order in which they were sent. Nothing else is asked of the transport: sums are made here, so that
/// their order is known.
public protocol Ranks: AnyObject {
  /// The number of this rank, from 0.
  var rank: Int { get }
  /// The number of ranks.
  var count: Int { get }
  /// Sends bytes to the next rank; it may wait until that one receives them.
  ///
  /// Throws if that rank is gone.
  func send(_ bytes: RawSpan) throws
  /// Receives a message of just as many bytes from the rank before this one.
  ///
  /// Throws if that rank is gone.
  func receive(_ bytes: inout MutableRawSpan) throws
}

/// The only rank of a training in one process.
public final class SingleRank: Ranks {
  /// Makes the rank.
  public init() {}
  /// 0.
  public var rank: Int { 0 }
  /// 1.
  public var count: Int { 1 }
  /// Throws: there is no other rank.
  public func send(_ bytes: RawSpan) throws { throw alone }
  /// Throws: there is no other rank.
  public func receive(_ bytes: inout MutableRawSpan) throws { throw alone }

  private var alone: TrainingError { .rankLost(rank: 0, reason: "it is the only one") }
}

extension Ranks {
  /// True for the rank that writes files and prints.
  public var isFirst: Bool { rank == 0 }
  /// True for the last rank of the ring.
  var isLast: Bool { rank == count - 1 }
  /// The most bytes of a message: small enough that a chain of ranks is soon at work, large enough for links.
  static var messageBytes: Int { 1 << 18 }

  /// Rank 0's bytes, on every rank.
  public func broadcast(_ bytes: [UInt8]) throws -> [UInt8] {
    guard count > 1 else { return bytes }
    var length = [Int64(bytes.count)]
    try pass(&length)
    var whole = isFirst ? bytes : [UInt8](repeating: 0, count: Int(length[0]))
    for start in stride(from: 0, to: whole.count, by: Self.messageBytes) {
      let range = start..<min(start + Self.messageBytes, whole.count)
      var part = Array(whole[range])
      try pass(&part)
      whole.replaceSubrange(range, with: part)
    }
    return whole
  }

  /// True on every rank if it is true on one.
  public func any(_ flag: Bool) throws -> Bool {
    guard count > 1 else { return flag }
    var sum = OrderedSum<Double>(count: 1, terms: 1)
    sum.terms[0][0] = flag ? 1 : 0
    try sum.collect(over: self)
    try sum.spread(over: self)
    return sum.total[0] > 0
  }

  /// Throws on a rank whose entries differ from rank 0's, with the first difference.
  ///
  /// `entries` are names and values in the same order on all ranks.
  public func requireSame(_ entries: [(what: String, value: String)]) throws {
    for (what, value) in entries {
      let first = String(decoding: try broadcast(Array(value.utf8)), as: UTF8.self)
      guard first == value else {
        throw TrainingError.ranksDiffer(rank: rank, what: what, first: first, found: value)
      }
    }
  }

  /// Passes rank 0's values round the ring.
  private func pass<Number: PlainNumber>(_ values: inout [Number]) throws {
    if !isFirst { try receive(into: &values) }
    if !isLast { try values.span.withPlainBytes { try send($0) } }
  }

  /// Receives values from the rank before.
  func receive<Number: PlainNumber>(into values: inout [Number]) throws {
    try values.withMutablePlainBytes { try receive(&$0) }
  }
}
