import Graphs
import Settings

/// When a training's network is rewritten, and by what.
struct RewriteSchedule {
  private let rewriter: (any GraphRewriter)?
  private let points: [Int]
  private let updates: Int

  /// Asks for the points of a training of so many updates.
  init(_ rewriter: (any GraphRewriter)?, updates: Int) throws {
    self.rewriter = rewriter
    self.updates = updates
    points = rewriter?.points(updates: updates) ?? []
    guard points.allSatisfy((0..<updates).contains), zip(points, points.dropFirst()).allSatisfy(<=) else {
      throw TrainingError.rewritePoints(points: points, updates: updates)
    }
  }

  /// Whether all is done after the first `done` points.
  func isComplete(after done: Int) -> Bool { done >= points.count }

  /// Whether the next point after `done` ones is reached.
  func isDue(after done: Int, update: Int) -> Bool { done < points.count && points[done] <= update }

  /// What the next point after `done` ones makes of a network.
  func rewrite(_ graph: Graph, after done: Int) throws -> Rewrite? {
    guard let rewriter, done < points.count else { return nil }
    let point = RewritePoint(index: done, count: points.count, update: points[done], updates: updates)
    return try located("after update \(point.update)") { try rewriter.rewrite(graph, at: point) }
  }
}
