public import Datasets
import Execution
import Graphs
import Tensors

/// An objective at work on the plan of one student: tells the plan what labels and teacher say of a batch, and reads the
/// losses. All buffers are made once.
final class StepObjective {
  /// What a batch gave: sums, so that parts add up.
  struct Score: Equatable {
    /// The sum of the images' losses.
    var loss = 0.0
    /// Images whose largest logit is that of their own class.
    var correct = 0
  }

  /// What is minimized.
  let objective: Objective
  /// The student and the objective behind it.
  let graph: Graph
  /// The student's logits.
  let head: String

  private let teacher: (any TeacherReader)?
  private let classes: Int
  private let logits: AlignedBuffer
  private let labels: AlignedBuffer
  private let losses: AlignedBuffer
  private var headTap: TapID?
  private var termTaps: [TapID] = []
  private var labelInput: InputID?
  private var teacherInputs: [(input: InputID, output: TeacherOutput, count: Int)] = []

  /// Prepares the objective of a setup for parts of `partSize` images; `source` is what the student learns from. A teacher
  /// that ran beside the student before it was rewritten goes on, where the same of its values are compared.
  init(
    _ setup: Trainer.Setup, partSize: Int, source: any BatchSource, after former: StepObjective? = nil
  ) throws(TrainingError) {
    (head, classes) = try setup.graph.scores(network: "training")
    try setup.requireTeacher(classes: classes, source)
    var builder = try ObjectiveBuilder(
      student: setup.graph, teacher: setup.teacher?.network, smoothing: setup.settings.labelSmoothing)
    try setup.objective.build(&builder)
    objective = try builder.finished(seed: setup.seed)
    do throws(GraphError) { graph = try objective.joined(to: setup.graph) } catch { throw .graph(error) }
    teacher = try setup.teacherReader(of: objective, after: former?.teacher)
    logits = AlignedBuffer(floats: partSize * classes)
    labels = AlignedBuffer(floats: partSize * classes)
    losses = AlignedBuffer(floats: partSize)
  }

  /// Finds inputs, losses and logits in the plan of `graph`, and sets the weights of the losses.
  func attach(to plan: any Plan) throws(ExecutionError) {
    headTap = try plan.tap(head)
    let losses = losses
    for term in objective.terms {
      let tap = try plan.tap(term.value)
      termTaps.append(tap)
      losses.withMutableFloats { seed in
        for image in 0..<tap.count { seed[image] = term.weight / Float(tap.count) }
      }
      plan.writeSeed(tap, losses.floats.extracting(0..<tap.count))
    }
    for (input, source) in zip(objective.graph.inputs, objective.sources) {
      switch source {
      case .student: break
      case .labels: labelInput = try plan.input(input.name)
      case .teacher(let output):
        teacherInputs.append((try plan.input(input.name), output, input.shape.count))
      }
    }
  }

  /// Gets ready what the teacher says of a batch, before its parts are run.
  func prepare(_ batch: Batch, epoch: Int, step: Int) throws(TrainingError) {
    try teacher?.prepare(batch, epoch: epoch, step: step)
  }

  /// Tells the plan what labels and teacher say of a part of the batch.
  func write(_ batch: Batch, _ range: Range<Int>, to plan: any Plan) {
    if let labelInput {
      let (labels, classes) = (labels, classes)
      labels.withMutableFloats { batch.writeTargets(of: range, classes: classes, into: &$0) }
      plan.writeInput(labelInput, labels.floats)
    }
    guard let teacher else { return }
    for (input, output, count) in teacherInputs {
      let said = teacher.buffer(of: output)
      plan.writeInput(input, said.floats.extracting(range.lowerBound * count..<range.upperBound * count))
    }
  }

  /// What the plan has just computed of a part of the batch.
  func score(_ batch: Batch, _ range: Range<Int>, from plan: any Plan) -> Score {
    var score = Score()
    let (losses, logits) = (losses, logits)
    for (term, tap) in zip(objective.terms, termTaps) {
      losses.withMutableFloats { plan.readTap(tap, into: &$0) }
      let values = losses.floats
      var sum = 0.0
      for image in 0..<tap.count { sum += Double(values[image]) }
      score.loss += Double(term.weight) * sum
    }
    guard let headTap else { preconditionFailure("an objective is scored before it is attached") }
    logits.withMutableFloats { plan.readTap(headTap, into: &$0) }
    let values = logits.floats
    for image in 0..<range.count {
      let row = image * classes..<(image + 1) * classes
      let label = Int(batch.labels[range.lowerBound + image])
      if LogitRow.argmax(values, row) == label { score.correct += 1 }
    }
    return score
  }
}

extension Batch {
  /// Writes what each image of a range should be called: 1 for its class, or the shares of the two of a blended one; `[n, C]`.
  public func writeTargets(of range: Range<Int>, classes: Int, into targets: inout MutableSpan<Float>) {
    for i in 0..<range.count * classes { targets[i] = 0 }
    for (row, image) in range.enumerated() {
      targets[row * classes + Int(labels[image])] += shares[image]
      targets[row * classes + Int(partnerLabels[image])] += 1 - shares[image]
    }
  }
}
