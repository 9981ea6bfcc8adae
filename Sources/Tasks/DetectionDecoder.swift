import Datasets
import Foundation
import Tensors

/// A decoder that turns a detector's outputs into boxes and removes overlapping ones.
///
/// Each class is treated separately (non-maximum suppression), in the order of scores, then of anchors.
struct DetectionDecoder {
  /// The smallest probability of a detection.
  var leastScore: Float = 0.01
  /// The overlap above which the less probable of two boxes of a class is dropped.
  var mostOverlap: Float = 0.45
  /// The most boxes per class that are considered, and the most of all classes that are kept.
  var (candidates, limit) = (400, 200)

  /// Returns the detections in an image, the most probable first.
  func detections(_ outputs: HeadOutputs, image: Int) -> [Detection] {
    guard let anchors = outputs.heads[0].anchors else { return [] }
    let numbers = outputs.heads[0].numbersPerAnchor
    let (scores, offsets) = (outputs.buffers[0], outputs.buffers[1])
    let first = outputs.row(of: image).lowerBound
    let firstOffset = outputs.row(of: image, head: 1).lowerBound
    var byClass = Array(repeating: [(score: Float, anchor: Int)](), count: numbers - 1)
    for anchor in 0..<anchors.count {
      let row = scores.floats.extracting(first + anchor * numbers..<first + (anchor + 1) * numbers)
      Self.forEachLikely(row, leastScore) { byClass[$0 - 1].append(($1, anchor)) }
    }
    var found: [Detection] = []
    for (label, candidates) in byClass.enumerated() {
      var kept: [Detection] = []
      for (score, anchor) in Self.surest(candidates, self.candidates) {
        let box = anchors.decoded(anchor, offsets.floats, at: firstOffset + 4 * anchor)
        guard !kept.contains(where: { $0.box.overlap(with: box) > mostOverlap }) else { continue }
        kept.append(Detection(label: label, box: box, score: score))
      }
      found += kept
    }
    return found.indices.sorted { (found[$1].score, $0) < (found[$0].score, $1) }.prefix(limit).map {
      found[$0]
    }
  }

  /// Calls `body` with every class except the background whose softmax probability is at least `least`.
  ///
  /// Class `c` has index `c + 1`; index 0 is the background.
  private static func forEachLikely(_ scores: Span<Float>, _ least: Float, _ body: (Int, Float) -> Void) {
    var highest = scores[0]
    for i in scores.indices where scores[i] > highest { highest = scores[i] }
    var sum: Float = 0
    for i in scores.indices { sum += exp(scores[i] - highest) }
    for i in 1..<scores.count {
      let share = exp(scores[i] - highest) / sum
      if share >= least { body(i, share) }
    }
  }

  private static func surest(
    _ candidates: [(score: Float, anchor: Int)], _ count: Int
  ) -> ArraySlice<(score: Float, anchor: Int)> {
    candidates.sorted { ($1.score, $0.anchor) < ($0.score, $1.anchor) }.prefix(count)
  }
}
