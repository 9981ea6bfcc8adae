import Graphs
import Settings

/// The points at which a training's network is rewritten, and the rewriter.
struct RewriteSchedule {
  private let rewriter: (any GraphRewriter)?
  private let points: [Int]
  private let updates: Int

  /// Asks the rewriter for the points of a training; throws if they do not ascend or lie outside it.
  init(_ rewriter: (any GraphRewriter)?, updates: Int) throws {
    self.rewriter = rewriter
    self.updates = updates
    points = rewriter?.points(updates: updates) ?? []
    guard points.allSatisfy((0..<updates).contains), zip(points, points.dropFirst()).allSatisfy(<=) else {
      throw TrainingError.rewritePoints(points: points, updates: updates)
    }
  }

  /// True if no point is left after the first `done` ones.
  func isComplete(after done: Int) -> Bool { done >= points.count }

  /// True if the next point after `done` ones is reached.
  func isDue(after done: Int, update: Int) -> Bool { done < points.count && points[done] <= update }

  /// The rewrite of a network at the next point after `done` ones; `nil` if there is none.
  func rewrite(_ graph: Graph, after done: Int) throws -> Rewrite? {
    guard let rewriter, done < points.count else { return nil }
    let point = RewritePoint(index: done, count: points.count, update: points[done], updates: updates)
    return try located("after update \(point.update)") { try rewriter.rewrite(graph, at: point) }
  }
}
