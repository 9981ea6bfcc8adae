import Datasets
import Execution
import Graphs
import Tensors

/// An objective at work on the plans of one student: reads what the student and the teacher say of a batch, and writes
/// the gradients. All buffers are made once.
final class ObjectiveLoss {
  /// A pair of values with room for the student's part of it.
  private struct PairWork {
    let pair: ValuePair
    let values: AlignedBuffer
    let gradient: AlignedBuffer
    let scratch: AlignedBuffer
    let teacherCount: Int
    var tap: TapID?
  }

  private let objective: any Distiller
  private let loss: SoftmaxCrossEntropy
  private let teacher: (any TeacherReader)?
  private let classes: Int
  private let logits: AlignedBuffer
  private let gradient: AlignedBuffer
  private var output: TapID?
  private var work: [PairWork]

  /// The student's values that are read and take a gradient besides the logits.
  var taps: [String] { work.map(\.pair.student) }

  /// Prepares the objective of a setup for parts of `partSize` images; `source` is what the student learns from. A teacher
  /// that ran beside the student before it was rewritten goes on, where the same of its values are compared.
  init(
    _ setup: Trainer.Setup, partSize: Int, source: any BatchSource, after former: ObjectiveLoss? = nil
  ) throws(TrainingError) {
    objective = setup.objective
    loss = SoftmaxCrossEntropy(smoothing: setup.settings.smoothing)
    classes = try setup.graph.classCount(network: "training")
    let (teacher, pairs) = try Self.teacher(setup, classes: classes, source, former?.teacher)
    self.teacher = teacher
    work = pairs.map { pair in
      PairWork(
        pair: pair, values: AlignedBuffer(floats: partSize * pair.studentShape.count),
        gradient: AlignedBuffer(floats: partSize * pair.studentShape.count),
        scratch: AlignedBuffer(floats: setup.objective.scratchCount(pair)),
        teacherCount: pair.teacherShape.count)
    }
    logits = AlignedBuffer(floats: partSize * classes)
    gradient = AlignedBuffer(floats: partSize * classes)
  }

  /// The teacher that the objective needs, if any, after checking that it suits the student.
  private static func teacher(
    _ setup: Trainer.Setup, classes: Int, _ source: any BatchSource, _ former: (any TeacherReader)?
  ) throws(TrainingError) -> (reader: (any TeacherReader)?, pairs: [ValuePair]) {
    let name = type(of: setup.objective).name
    guard setup.objective.need > .nothing else { return (nil, []) }
    switch setup.teacher {
    case .none:
      throw .distillation(.noTeacher(objective: name))
    case .stored(let stored, let normalization):
      guard setup.objective.need < .values else { throw .distillation(.valuesNeeded(objective: name)) }
      do throws(DistillationError) {
        try stored.requireFit(
          classes: classes, epochs: setup.settings.epochs, batch: setup.settings.batch, source: source,
          normalization: normalization)
      } catch {
        throw .distillation(error)
      }
      return (StoredTeacher(stored), [])
    case .network(let graph, let change):
      try requireAlike(setup.graph, graph)
      let pairs = try setup.objective.pairs(student: setup.graph, teacher: graph)
      if let network = former as? TeacherNetwork, network.compared == pairs.map(\.teacher) {
        return (network, pairs)
      }
      let reader = try TeacherNetwork(
        graph, backend: setup.backend, batch: setup.settings.batch, precision: setup.precision,
        threads: setup.threads, pairs: pairs, change: change)
      return (reader, pairs)
    }
  }

  /// Refuses a teacher of other images or of other classes.
  private static func requireAlike(_ student: Graph, _ teacher: Graph) throws(TrainingError) {
    let inputs = (student.inputs.map { "\($0.shape)" }, teacher.inputs.map { "\($0.shape)" })
    guard inputs.0 == inputs.1 else {
      throw .distillation(
        .different(
          what: "input", student: inputs.0.joined(separator: ", "), teacher: inputs.1.joined(separator: ", "))
      )
    }
    let classes = try (student.classCount(network: "student"), teacher.classCount(network: "teacher"))
    guard classes.0 == classes.1 else {
      throw .distillation(
        .different(what: "classes", student: "\(classes.0)", teacher: "\(classes.1)"))
    }
  }

  /// Finds the student's values in its plan.
  func attach(to plan: any Plan, output name: String) throws(ExecutionError) {
    output = try plan.tap(name)
    for index in work.indices { work[index].tap = try plan.tap(work[index].pair.student) }
  }

  /// Gets ready what the teacher says of a batch, before its parts are evaluated.
  func prepare(_ batch: Batch, epoch: Int, step: Int) throws(TrainingError) {
    try teacher?.prepare(batch, epoch: epoch, step: step)
  }

  /// The loss of the part of a batch that a plan has just run; writes its gradients to the plan.
  func evaluate(_ plan: any Plan, _ batch: Batch, _ range: Range<Int>) -> SoftmaxCrossEntropy.Score {
    guard let output else { preconditionFailure("an objective is evaluated before it is attached") }
    let (logits, gradient) = (logits, gradient)
    logits.withMutableFloats { plan.readTap(output, into: &$0) }
    var score = gradient.withMutableFloats { evaluateLogits(logits, batch, range, &$0) }
    plan.writeSeed(output, gradient.floats)
    for index in work.indices { score.loss += evaluateValue(index, plan, range) }
    return score
  }

  private func evaluateLogits(
    _ logits: AlignedBuffer, _ batch: Batch, _ range: Range<Int>, _ gradient: inout MutableSpan<Float>
  ) -> SoftmaxCrossEntropy.Score {
    guard let said = teacher?.logits else {
      return objective.evaluateLogits(
        logits.floats, teacher: Span(), of: batch, range: range, loss, gradient: &gradient)
    }
    let rows = range.lowerBound * classes..<range.upperBound * classes
    return objective.evaluateLogits(
      logits.floats, teacher: said.floats.extracting(rows), of: batch, range: range, loss, gradient: &gradient
    )
  }

  private func evaluateValue(_ index: Int, _ plan: any Plan, _ range: Range<Int>) -> Double {
    let item = work[index]
    guard let tap = item.tap, let said = teacher?.values[index] else { return 0 }
    let (values, gradient) = (item.values, item.gradient)
    values.withMutableFloats { plan.readTap(tap, into: &$0) }
    let part = range.lowerBound * item.teacherCount..<range.upperBound * item.teacherCount
    let loss = item.scratch.withMutableFloats { scratch in
      gradient.withMutableFloats { gradient in
        objective.evaluateValue(
          values.floats, teacher: said.floats.extracting(part), item.pair, images: range.count,
          scratch: &scratch, gradient: &gradient)
      }
    }
    plan.writeSeed(tap, gradient.floats)
    return loss
  }
}
