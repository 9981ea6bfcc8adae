import Datasets
import Tasks
import Tensors

/// A teacher whose logits are those that the largest network has just computed for the same batch.
final class InPlaceTeacher: TeacherReader {
  private let logits: AlignedBuffer
  private let classes: Int

  /// Makes a teacher of `batch` images and `classes` scores each.
  init(batch: Int, classes: Int) {
    self.classes = classes
    logits = AlignedBuffer(floats: batch * classes)
  }

  /// Takes over rows of scores, each minus its largest, as stored logits are.
  func take(_ scores: AlignedBuffer, images: Int) {
    let classes = classes
    logits.withMutableFloats { logits in
      let scores = scores.floats
      for image in 0..<images {
        let row = image * classes..<(image + 1) * classes
        var largest = -Float.infinity
        for place in row { largest = max(largest, scores[place]) }
        for place in row { logits[place] = scores[place] - largest }
      }
    }
  }

  /// Nothing: the logits are taken over in the step itself.
  func prepare(_ batch: Batch, epoch: Int, step: Int) throws {}

  /// The logits of the present batch.
  func buffer(of output: TeacherOutput) -> AlignedBuffer {
    precondition(output == .logits, "sub-networks learn from logits alone")
    return logits
  }
}
