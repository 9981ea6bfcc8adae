import Tensors

/// The sum of vectors, one a micro-batch, in the order of micro-batches over all ranks.
///
/// **Formula** `total[i] = ((t₀[i] + t₁[i]) + t₂[i]) + …`, rounded after each term, so the number of ranks does
/// not change a bit. Rank r holds the terms that follow those of rank r - 1.
///
/// The partial sum goes along the ring, in messages of `Ranks.messageBytes`, so that all ranks but the first
/// and the last receive, add and send at the same time; the last one's total then goes round the ring. Each
/// rank sends and receives two vectors, like the sums of message-passing libraries, whose order is not known.
struct OrderedSum<Number: FloatingPoint & PlainNumber> {
  /// The terms of this rank, in order.
  var terms: [[Number]]
  /// The sum, once it is spread.
  private(set) var total: [Number]
  private var message: [Number]
  private var rest: [Number]

  /// Makes room for `terms` vectors of `count` numbers.
  init(count: Int, terms: Int) {
    self.terms = Array(repeating: Array(repeating: 0, count: count), count: terms)
    total = Array(repeating: 0, count: count)
    message = Array(repeating: 0, count: min(count, SingleRank.messageBytes / MemoryLayout<Number>.stride))
    rest = Array(repeating: 0, count: message.isEmpty ? 0 : count % message.count)
  }

  /// Adds this rank's terms to the partial sum of the ranks before it, and sends it on.
  mutating func collect(over ranks: any Ranks) throws {
    for range in messages {
      if ranks.isFirst {
        Self.add(terms[0], range, to: &total, isFirst: true)
      } else {
        try receive(range, from: ranks)
        Self.add(terms[0], range, to: &total, isFirst: false)
      }
      for term in terms.dropFirst() { Self.add(term, range, to: &total, isFirst: false) }
      if !ranks.isLast { try total.span.extracting(range).withPlainBytes { try ranks.send($0) } }
    }
  }

  /// Brings the last rank's total to all.
  mutating func spread(over ranks: any Ranks) throws {
    guard ranks.count > 1 else { return }
    for range in messages {
      if !ranks.isLast { try receive(range, from: ranks) }
      // The rank before the last one ends the way.
      if ranks.rank != ranks.count - 2 {
        try total.span.extracting(range).withPlainBytes { try ranks.send($0) }
      }
    }
  }

  /// The ranges of messages.
  private var messages: [Range<Int>] {
    guard !message.isEmpty else { return [] }
    return stride(from: 0, to: total.count, by: message.count).map {
      $0..<min($0 + message.count, total.count)
    }
  }

  /// Receives a part of the sum.
  private mutating func receive(_ range: Range<Int>, from ranks: any Ranks) throws {
    if range.count == message.count {
      try ranks.receive(into: &message)
      Self.copy(message, to: &total, range)
    } else {
      try ranks.receive(into: &rest)
      Self.copy(rest, to: &total, range)
    }
  }

  private static func copy(_ values: [Number], to total: inout [Number], _ range: Range<Int>) {
    let source = values.span
    var target = total.mutableSpan
    for i in source.indices { target[range.lowerBound + i] = source[i] }
  }

  private static func add(
    _ term: [Number], _ range: Range<Int>, to total: inout [Number], isFirst: Bool
  ) {
    let source = term.span
    var target = total.mutableSpan
    if isFirst {
      for i in range { target[i] = source[i] }
    } else {
      for i in range { target[i] += source[i] }
    }
  }
}
