public import Datasets
public import Graphs
import Tensors

/// Where a training learns what its teacher says.
public enum TeacherOutputs: Sendable {
  /// From a file that was written before: logits alone. `normalization` is that of the teacher where it is not the student's.
  case stored(TeacherLogits, normalization: Normalization? = nil)
  /// From the teacher, which runs in inference on every batch; `change` makes its images of the student's.
  case network(Graph, change: NormalizationChange? = nil)
}

/// What a teacher says of the present batch.
protocol TeacherReader: AnyObject {
  /// Gets ready what is said of a batch.
  func prepare(_ batch: Batch, epoch: Int, step: Int) throws(TrainingError)
  /// The logits of the batch, `[batch, C]`, each row less its largest.
  var logits: AlignedBuffer { get }
  /// The teacher's value of each pair for the batch, in the order of the pairs.
  var values: [AlignedBuffer] { get }
}

/// Reads from a file.
final class StoredTeacher: TeacherReader {
  private let stored: TeacherLogits
  let logits: AlignedBuffer
  var values: [AlignedBuffer] { [] }

  init(_ stored: TeacherLogits) {
    self.stored = stored
    logits = AlignedBuffer(floats: stored.header.batch * stored.header.classes)
  }

  func prepare(_ batch: Batch, epoch: Int, step: Int) throws(TrainingError) {
    logits.withMutableFloats { stored.read(epoch: epoch, step: step, into: &$0) }
  }
}
