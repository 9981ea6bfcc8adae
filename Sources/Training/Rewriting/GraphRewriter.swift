public import Graphs

/// Compresses a network while it trains.
///
/// At some updates it gets the network with its present weights, and training goes on with the network that
/// it returns. It must be a pure function of network and point, so that a training that was killed ends with
/// the same bits.
public protocol GraphRewriter {
  /// The numbers of updates after which it acts, ascending, each below `updates`.
  ///
  /// 0 is before the first update. A number that stands twice acts twice.
  func points(updates: Int) -> [Int]
  /// The changed network.
  ///
  /// Values that survive keep their names; parameters without an origin are new.
  func rewrite(_ graph: Graph, at point: RewritePoint) throws -> Rewrite
}

/// One of the times at which a network is rewritten.
public struct RewritePoint: Sendable, Equatable {
  /// The number of this point, from 0.
  public let index: Int
  /// Points in the training.
  public let count: Int
  /// Updates done before it.
  public let update: Int
  /// Updates of the whole training.
  public let updates: Int

  /// Makes a point.
  public init(index: Int, count: Int, update: Int, updates: Int) {
    self.index = index
    self.count = count
    self.update = update
    self.updates = updates
  }

  /// The progress of the compression after this point: 1 after the last one.
  public var progress: Double { Double(index + 1) / Double(count) }

  /// The numbers of updates of `times` equal steps over the first `share` (0...1) of a training.
  ///
  /// The first step is before the training.
  public static func gradual(times: Int, share: Double, updates: Int) -> [Int] {
    guard times > 0, updates > 0 else { return [] }
    return (0..<times).map { min(updates - 1, Int(Double($0) * share * Double(updates) / Double(times))) }
  }
}
