import Tasks
import Tensors

/// Vectors of earlier images that an objective compares with those of a batch: one for each place.
///
/// An image's place is its index modulo the number of places. After every update the place of each image of
/// the batch takes `m·old + (1 - m)·new`, with the new vector of length 1, and the sum brought to length 1.
final class VectorMemory {
  /// What is remembered, and how much.
  let memory: ObjectiveMemory
  /// The number of places, at most that of the training images.
  let count: Int

  private var rows: [Float]
  /// The drawn vectors of the present batch, `[batch, draws, features]`.
  private let drawn: AlignedBuffer
  /// The new vectors of the present batch, `[batch, features]`.
  private let found: AlignedBuffer
  private let random: SeededRandom

  /// Makes a memory of random vectors, whose numbers are uniform in ±√(3/features).
  ///
  /// Their length is about 1. `images` is the number of training images, `batch` that of an update's.
  init(_ memory: ObjectiveMemory, images: Int, batch: Int, seed: UInt64) {
    self.memory = memory
    count = max(1, min(memory.places, images))
    drawn = AlignedBuffer(floats: batch * memory.draws * memory.features)
    found = AlignedBuffer(floats: batch * memory.features)
    random = SeededRandom(seed: seed, purpose: "remembered")
    let bound = (3 / Float(memory.features)).squareRoot()
    let start = SeededRandom(seed: seed, purpose: "first remembered " + memory.value)
    rows = (0..<count * memory.features).map { bound * (2 * start.uniform(at: $0) - 1) }
  }

  /// The vectors, `[places, features]`.
  var tensor: Tensor { Tensor(rows, shape: [count, memory.features]) }

  /// Takes vectors that were stored; false if there are more or fewer, or of another length.
  func load(_ tensor: Tensor?) -> Bool {
    guard let tensor, tensor.shape == [count, memory.features] else { return false }
    rows = tensor.values
    return true
  }

  /// Draws the vectors for a batch, the same places for all memories of as many.
  func draw(epoch: Int, step: Int) {
    var random = random.refined(by: epoch).refined(by: step)
    let (rows, width, count) = (rows, memory.features, count)
    drawn.withMutableFloats { drawn in
      for start in stride(from: 0, to: drawn.count, by: width) {
        let row = random.below(count) * width
        for k in 0..<width { drawn[start + k] = rows[row + k] }
      }
    }
  }

  /// The numbers that are drawn for an image.
  var drawnPerImage: Int { memory.draws * memory.features }
  /// The drawn vectors of the present batch.
  var present: AlignedBuffer { drawn }

  /// Keeps the vectors of a part of the batch until `remember`.
  func keep(_ values: Span<Float>, from image: Int) {
    let start = image * memory.features
    found.withMutableFloats { found in for i in values.indices { found[start + i] = values[i] } }
  }

  /// Puts the kept vectors of the batch's images into their places; one of zeros is passed over.
  func remember(_ indices: [Int]) {
    let (width, found) = (memory.features, found)
    let values = found.floats
    for (image, index) in indices.enumerated() {
      let (start, row) = (image * width, index % count * width)
      let length = SpanSums.dot(values, start, values, start, width).squareRoot()
      guard length > 0, length.isFinite else { continue }
      for k in 0..<width {
        rows[row + k] =
          memory.momentum * rows[row + k] + (1 - memory.momentum) * values[start + k] / length
      }
      let sum = SpanSums.dot(rows.span, row, rows.span, row, width).squareRoot()
      // Opposite vectors may cancel out.
      for k in 0..<width { rows[row + k] = sum > 0 ? rows[row + k] / sum : values[start + k] / length }
    }
  }
}
