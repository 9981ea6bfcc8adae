public import Datasets
public import Graphs
import Tasks
import Tensors

/// The source of a teacher's outputs in a training.
public enum TeacherOutputs: Sendable {
  /// A file that was written before, with logits alone.
  ///
  /// `normalization` is the teacher's if it is not the student's.
  case stored(TeacherLogits, normalization: Normalization? = nil)
  /// The teacher, which runs in inference on every batch.
  ///
  /// `change` turns the student's images into the teacher's.
  case network(Graph, change: NormalizationChange? = nil)

  /// The network of a teacher that runs alongside.
  var network: Graph? { if case .network(let graph, _) = self { graph } else { nil } }
}

/// Reads the outputs of a teacher for the present batch.
protocol TeacherReader: AnyObject {
  /// Prepares the outputs for a batch.
  func prepare(_ batch: Batch, epoch: Int, step: Int) throws
  /// One of the outputs that it was made for, for the whole batch.
  func buffer(of output: TeacherOutput) -> AlignedBuffer
}

/// Reads logits from a file.
final class StoredTeacher: TeacherReader {
  private let stored: TeacherLogits
  private let logits: AlignedBuffer

  init(_ stored: TeacherLogits) {
    self.stored = stored
    logits = AlignedBuffer(floats: stored.header.batch * stored.header.classes)
  }

  /// Reads the logits of a step.
  func prepare(_ batch: Batch, epoch: Int, step: Int) throws {
    logits.withMutableFloats { stored.read(epoch: epoch, step: step, into: &$0) }
  }

  /// The logits of the present batch.
  func buffer(of output: TeacherOutput) -> AlignedBuffer {
    precondition(output == .logits, "stored logits hold no values")
    return logits
  }
}
