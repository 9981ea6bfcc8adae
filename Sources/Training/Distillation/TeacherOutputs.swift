public import Datasets
public import Graphs
import Tasks
import Tensors

/// Where a training learns what its teacher says.
public enum TeacherOutputs: Sendable {
  /// From a file that was written before: logits alone. `normalization` is that of the teacher where it is not the student's.
  case stored(TeacherLogits, normalization: Normalization? = nil)
  /// From the teacher, which runs in inference on every batch; `change` makes its images of the student's.
  case network(Graph, change: NormalizationChange? = nil)

  /// The teacher's network, where it runs.
  var network: Graph? { if case .network(let graph, _) = self { graph } else { nil } }
}

/// What a teacher says of the present batch.
protocol TeacherReader: AnyObject {
  /// Gets ready what is said of a batch.
  func prepare(_ batch: Batch, epoch: Int, step: Int) throws
  /// One of the things that it was made to say, for the whole batch.
  func buffer(of output: TeacherOutput) -> AlignedBuffer
}

/// Reads from a file.
final class StoredTeacher: TeacherReader {
  private let stored: TeacherLogits
  private let logits: AlignedBuffer

  init(_ stored: TeacherLogits) {
    self.stored = stored
    logits = AlignedBuffer(floats: stored.header.batch * stored.header.classes)
  }

  func prepare(_ batch: Batch, epoch: Int, step: Int) throws {
    logits.withMutableFloats { stored.read(epoch: epoch, step: step, into: &$0) }
  }

  func buffer(of output: TeacherOutput) -> AlignedBuffer {
    precondition(output == .logits, "stored logits hold no values")
    return logits
  }
}
