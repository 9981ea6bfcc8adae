import Foundation
import Graphs
import Tensors

/// A batch in memory: normal pixels and labels, equal for equal seeds.
struct SyntheticBatch {
  let images: [Float]
  let labels: [Int]

  init(_ shape: Shape, batch: Int, classes: Int) {
    var pixels = SeededRandom(seed: 0, purpose: "bench pixels")
    images = (0..<batch * shape.count).map { _ in pixels.normal() }
    var random = SeededRandom(seed: 0, purpose: "bench labels")
    labels = (0..<batch).map { _ in random.below(classes) }
  }

  /// The mean cross-entropy of the softmax of `logits`; its gradient goes to `gradient`.
  func crossEntropy(_ logits: borrowing [Float], _ gradient: inout [Float]) -> Double {
    let classes = logits.count / labels.count
    let scale = 1 / Float(labels.count)
    var loss = 0.0
    for row in labels.indices {
      let start = row * classes
      var highest = logits[start]
      for i in start..<start + classes { highest = max(highest, logits[i]) }
      var sum: Float = 0
      for i in start..<start + classes {
        let power = exp(logits[i] - highest)
        gradient[i] = power
        sum += power
      }
      loss += Double(log(sum) - (logits[start + labels[row]] - highest))
      let factor = scale / sum
      for i in start..<start + classes { gradient[i] *= factor }
      gradient[start + labels[row]] -= scale
    }
    return loss / Double(labels.count)
  }
}
