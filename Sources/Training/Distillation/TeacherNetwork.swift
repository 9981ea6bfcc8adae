import Datasets
import Execution
import Graphs
import Tasks
import Tensors

/// A teacher that runs beside the student.
///
/// Its logits go through the same rounding as stored ones, so that both ways end with the same bits.
final class TeacherNetwork: TeacherReader {
  /// Classes of a row of logits; 0 if logits are not asked for.
  let classes: Int
  private let logits: AlignedBuffer
  private let values: [AlignedBuffer]
  /// The names of the values that are read, in the teacher.
  let compared: [String]
  /// The rows of the present batch as a file would hold them.
  private(set) var rows: [UInt8] = []

  private let plan: any Plan
  private let output: TapID?
  private let taps: [TapID]
  private let raw: AlignedBuffer
  private var codec: LogitCodec
  private let change: NormalizationChange?
  private let imageSize: Int
  private let changed: AlignedBuffer

  /// Compiles the teacher for whole batches.
  ///
  /// `head` is the head of its logits, `nil` if they are not asked for; `names` are the values that are read
  /// besides. `change` turns images of the student's normalization into the teacher's. Throws for more
  /// classes than can be stored.
  init(
    _ graph: Graph, backend: any Backend, batch: Int, precision: Precision, threads: Int,
    scores head: Head?, values names: [String] = [], change: NormalizationChange? = nil
  ) throws {
    self.change = change
    imageSize = graph.inputs.first?.shape.count ?? 0
    changed = AlignedBuffer(floats: change == nil ? 0 : batch * imageSize)
    compared = names
    classes = head?.shape.count ?? 0
    guard classes <= LogitCodec.maximumClasses else {
      throw TrainingError.tooManyClasses(network: "teacher", limit: LogitCodec.maximumClasses, found: classes)
    }
    let plan = try backend.compile(
      graph,
      PlanOptions(
        batch: batch, mode: .inference, precision: precision, threads: threads, taps: names))
    self.plan = plan
    output = try head.map { try plan.tap($0.value) }
    taps = try names.map { try plan.tap($0) }
    values = taps.map { AlignedBuffer(floats: $0.count) }
    raw = AlignedBuffer(floats: batch * classes)
    logits = AlignedBuffer(floats: batch * classes)
    codec = LogitCodec(classes: classes)
    rows.reserveCapacity(batch * codec.byteCount)
  }

  /// Runs the teacher on a batch; throws if a logit is not finite.
  func prepare(_ batch: Batch, epoch: Int, step: Int) throws {
    let images = batch.images
    forward(images.span)
    for (tap, buffer) in zip(taps, values) { buffer.withMutableFloats { plan.readTap(tap, into: &$0) } }
    guard let output else { return }
    raw.withMutableFloats { plan.readTap(output, into: &$0) }
    rows.removeAll(keepingCapacity: true)
    let raw = raw
    for image in 0..<plan.options.batch {
      guard codec.append(raw.floats, image * classes..<(image + 1) * classes, to: &rows) else {
        throw DistillationError.notFinite(epoch: epoch + 1, step: step + 1)
      }
    }
    decode()
  }

  /// The logits, or a value by name.
  func buffer(of output: TeacherOutput) -> AlignedBuffer {
    switch output {
    case .logits: return logits
    case .value(let name):
      guard let index = compared.firstIndex(of: name) else {
        preconditionFailure("the teacher was not made to say \(name)")
      }
      return values[index]
    }
  }

  /// Runs the teacher on images, with its normalization.
  private func forward(_ images: Span<Float>) {
    guard let change else { return plan.forward(images, key: 0) }
    let imageSize = imageSize
    changed.withMutableFloats { change.apply(to: images, imageSize: imageSize, into: &$0) }
    let changed = changed
    plan.forward(changed.floats, key: 0)
  }

  /// Decodes the rows, so that logits are those that a file would give.
  private func decode() {
    logits.withMutableFloats { logits in
      for image in 0..<plan.options.batch {
        codec.decode(
          rows.span, from: image * codec.byteCount, into: &logits, image * classes..<(image + 1) * classes)
      }
    }
  }
}
