import Datasets
import Execution
import Graphs
import Tasks
import Tensors

/// An objective at work on the plan of one student: tells the plan what task and teacher say of a batch, and reads the
/// losses. All buffers are made once.
final class StepObjective {
  /// What a batch gave: sums, so that parts add up.
  struct Score: Equatable {
    /// The sum of the images' losses.
    var loss = 0.0
    /// The sum of what the images contributed to the metric; `nil` where it is no mean over images.
    var metric: Double?
  }

  /// What is minimized.
  let objective: Objective
  /// The student and the objective behind it.
  let graph: Graph
  /// What the student's heads say.
  let outputs: HeadOutputs

  private let task: any ImageTask
  private let teacher: (any TeacherReader)?
  private let targets: [Target]
  private let targetBuffers: [AlignedBuffer]
  private let losses: AlignedBuffer
  private var headTaps: [TapID] = []
  private var termTaps: [TapID] = []
  private var targetInputs: [(input: InputID, buffer: AlignedBuffer)] = []
  private var teacherInputs: [(input: InputID, output: TeacherOutput, count: Int)] = []

  /// Prepares the objective of a setup for parts of `partSize` images; `source` is what the student learns from. A teacher
  /// that ran beside the student before it was rewritten goes on, where the same of its values are compared.
  init(
    _ setup: Trainer.Setup, partSize: Int, source: any BatchSource, after former: StepObjective? = nil
  ) throws {
    task = setup.task
    outputs = HeadOutputs(try setup.task.heads(of: setup.graph, network: "training"), batch: partSize)
    try setup.requireTeacher(heads: outputs.heads, source)
    objective = try setup.objectiveGraph()
    graph = try objective.joined(to: setup.graph)
    teacher = try setup.teacherReader(of: objective, after: former?.teacher)
    targets = task.targets(for: outputs.heads)
    targetBuffers = targets.map { AlignedBuffer(floats: partSize * $0.shape.count) }
    losses = AlignedBuffer(floats: partSize)
  }

  /// Finds inputs, losses and heads in the plan of `graph`, and sets the weights of the losses.
  func attach(to plan: any Plan) throws {
    headTaps = try outputs.heads.map { try plan.tap($0.value) }
    let losses = losses
    for term in objective.terms {
      let tap = try plan.tap(term.value)
      termTaps.append(tap)
      losses.withMutableFloats { seed in
        for image in 0..<tap.count { seed[image] = term.weight / Float(tap.count) }
      }
      plan.writeSeed(tap, losses.floats.extracting(0..<tap.count))
    }
    for (name, place) in objective.targetInputs(among: targets) {
      targetInputs.append((try plan.input(name), targetBuffers[place]))
    }
    for case (let input, .teacher(let output)) in zip(objective.graph.inputs, objective.sources) {
      teacherInputs.append((try plan.input(input.name), output, input.shape.count))
    }
  }

  /// Gets ready what the teacher says of a batch, before its parts are run.
  func prepare(_ batch: Batch, epoch: Int, step: Int) throws {
    try teacher?.prepare(batch, epoch: epoch, step: step)
  }

  /// Tells the plan what task and teacher say of a part of the batch.
  func write(_ batch: Batch, _ range: Range<Int>, to plan: any Plan) {
    if !targetInputs.isEmpty {
      task.writeTargets(of: batch, range, for: outputs.heads, into: targetBuffers)
      for (input, buffer) in targetInputs { plan.writeInput(input, buffer.floats) }
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
    let losses = losses
    for (term, tap) in zip(objective.terms, termTaps) {
      losses.withMutableFloats { plan.readTap(tap, into: &$0) }
      let values = losses.floats
      var sum = 0.0
      for image in 0..<tap.count { sum += Double(values[image]) }
      score.loss += Double(term.weight) * sum
    }
    precondition(headTaps.count == outputs.heads.count, "an objective is scored before it is attached")
    for (tap, buffer) in zip(headTaps, outputs.buffers) {
      buffer.withMutableFloats { plan.readTap(tap, into: &$0) }
    }
    for image in 0..<range.count {
      let truth = batch.annotations[range.lowerBound + image]
      guard let part = task.contribution(outputs, image: image, truth: truth) else { break }
      score.metric = (score.metric ?? 0) + part
    }
    return score
  }
}

extension Trainer.Setup {
  /// What is minimized, for the present network.
  fileprivate func objectiveGraph() throws -> Objective {
    var builder = try ObjectiveBuilder(
      task, student: graph, teacher: teacher?.network, smoothing: settings.labelSmoothing,
      focus: settings.focus)
    try objective.build(&builder)
    return try builder.finished(seed: seed)
  }
}
