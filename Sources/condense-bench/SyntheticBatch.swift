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

  /// The distribution that each image should be given: 1 for its class, `[N, C]`.
  func targets(classes: Int) -> [Float] {
    labels.flatMap { label in (0..<classes).map { $0 == label ? 1 : 0 } }
  }
}
