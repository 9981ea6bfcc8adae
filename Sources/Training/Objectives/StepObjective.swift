import Datasets
import Execution
import Graphs
import Settings
import Tasks
import Tensors

/// An objective on the plan of one student.
///
/// It writes targets and the teacher's outputs into the plan, and reads the losses. All buffers are made
/// once.
final class StepObjective {
  /// The scores of a batch, as sums, so that parts add up.
  struct Score: Equatable {
    /// The sum of the images' losses.
    var loss = 0.0
    /// The sum of the images' contributions to the metric; `nil` if it is no mean over images.
    var metric: Double?
  }

  /// Factors of the losses of an objective.
  private struct Factors: Equatable {
    /// That of the task's losses.
    var task: Float = 1
    /// That of the losses beside them.
    var beside: Float = 1
  }

  /// The losses whose gradients a backward pass computes.
  enum Part {
    /// All of them.
    case all
    /// The task's alone.
    case task
    /// Those beside the task's.
    case beside
  }

  /// The objective that is minimized.
  let objective: Objective
  /// The student with the objective behind it.
  let graph: Graph
  /// The outputs of the student's heads.
  let outputs: HeadOutputs

  private let task: any ImageTask
  private let teacher: (any TeacherReader)?
  private let targets: [Target]
  private let targetBuffers: [AlignedBuffer]
  private let losses: AlignedBuffer
  private let memories: [VectorMemory]
  private let vectors: [AlignedBuffer]
  private var headTaps: [TapID] = []
  private var termTaps: [TapID] = []
  /// The factors of the task's losses and of those beside them, as the plan has them.
  private var factors = Factors()
  /// The factor of the losses beside the task's, by which they are scored.
  private var besideFactor: Float = 1
  private var targetInputs: [(input: InputID, buffer: AlignedBuffer)] = []
  private var teacherInputs: [(input: InputID, output: TeacherOutput, count: Int)] = []
  private var memoryInputs: [InputID] = []
  private var memoryTaps: [TapID] = []

  /// Prepares the objective of a setup for parts of `partSize` images.
  ///
  /// `source` is the student's training data. A teacher that ran beside `former` goes on if the same of its
  /// values are compared, and so do memories of the same values. `reader` stands in for the setup's teacher.
  init(
    _ setup: Trainer.Setup, partSize: Int, source: any BatchSource, after former: StepObjective? = nil,
    reader: (any TeacherReader)? = nil
  ) throws {
    task = setup.task
    outputs = HeadOutputs(try setup.task.heads(of: setup.graph, network: "training"), batch: partSize)
    if reader == nil { try setup.requireTeacher(heads: outputs.heads, source) }
    objective = try setup.objectiveGraph()
    try setup.requireParts(of: objective)
    let joined = try objective.joined(to: setup.graph)
    graph = setup.settings.momentumGap == nil ? joined : try joined.runTwice()
    teacher = try reader ?? setup.teacherReader(of: objective, after: former?.teacher)
    targets = task.targets(for: outputs.heads)
    targetBuffers = targets.map { AlignedBuffer(floats: partSize * $0.shape.count) }
    losses = AlignedBuffer(floats: partSize)
    memories = objective.memories.map { memory in
      former?.memories.first { $0.memory == memory }
        ?? VectorMemory(memory, images: source.count, batch: setup.settings.batch, seed: setup.seed)
    }
    vectors = memories.map { AlignedBuffer(floats: partSize * $0.memory.features) }
  }

  /// Finds inputs, losses and heads in the plan of `graph`, and sets the weights of the losses.
  func attach(to plan: any Plan) throws {
    headTaps = try outputs.heads.map { try plan.tap($0.value) }
    termTaps = try objective.terms.map { try plan.tap($0.value) }
    writeSeeds(to: plan)
    for (name, place) in objective.targetInputs(among: targets) {
      targetInputs.append((try plan.input(name), targetBuffers[place]))
    }
    for case (let input, .teacher(let output)) in zip(objective.graph.inputs, objective.sources) {
      teacherInputs.append((try plan.input(input.name), output, input.shape.count))
    }
    for case (let input, .remembered) in zip(objective.graph.inputs, objective.sources) {
      memoryInputs.append(try plan.input(input.name))
    }
    memoryTaps = try memories.map { try plan.tap($0.memory.value) }
  }

  /// Weighs the losses of the objective beside the task's by a factor, and has backward passes compute a part.
  func weigh(beside factor: Float, _ part: Part, in plan: any Plan) {
    besideFactor = factor
    let wanted = Factors(task: part == .beside ? 0 : 1, beside: part == .task ? 0 : factor)
    guard wanted != factors else { return }
    factors = wanted
    writeSeeds(to: plan)
  }

  /// Writes the gradient of each term's weight times the mean over the part's images.
  private func writeSeeds(to plan: any Plan) {
    let losses = losses
    for (term, tap) in zip(objective.terms, termTaps) {
      let weight = term.weight * (term.isTask ? factors.task : factors.beside)
      losses.withMutableFloats { seed in
        for image in 0..<tap.count { seed[image] = weight / Float(tap.count) }
      }
      plan.writeSeed(tap, losses.floats.extracting(0..<tap.count))
    }
  }

  /// The values that are read from the plan besides the losses.
  var taps: [String] { outputs.heads.map(\.value) + memories.map(\.memory.value) }

  /// The remembered vectors by the names of their values.
  var remembered: [String: Tensor] {
    Dictionary(memories.map { ($0.memory.value, $0.tensor) }, uniquingKeysWith: { first, _ in first })
  }

  /// Takes remembered vectors; throws if they are not those of this objective.
  func load(_ remembered: [String: Tensor]) throws {
    for memory in memories where !memory.load(remembered[memory.memory.value]) {
      throw DistillationError.memory(value: memory.memory.value, places: memory.count)
    }
  }

  /// Prepares the teacher's outputs and the remembered vectors for a batch, before its parts are run.
  func prepare(_ batch: Batch, epoch: Int, step: Int) throws {
    for memory in memories { memory.draw(epoch: epoch, step: step) }
    try teacher?.prepare(batch, epoch: epoch, step: step)
  }

  /// Writes targets and the teacher's outputs for a part of the batch into the plan.
  func write(_ batch: Batch, _ range: Range<Int>, to plan: any Plan) {
    if !targetInputs.isEmpty {
      task.writeTargets(of: batch, range, for: outputs.heads, into: targetBuffers)
      for (input, buffer) in targetInputs { plan.writeInput(input, buffer.floats) }
    }
    for (input, memory) in zip(memoryInputs, memories) {
      let (drawn, count) = (memory.present, memory.drawnPerImage)
      plan.writeInput(input, drawn.floats.extracting(range.lowerBound * count..<range.upperBound * count))
    }
    guard let teacher else { return }
    for (input, output, count) in teacherInputs {
      let said = teacher.buffer(of: output)
      plan.writeInput(input, said.floats.extracting(range.lowerBound * count..<range.upperBound * count))
    }
  }

  /// Keeps the vectors of a part of the batch that the plan has just computed.
  func keep(_ range: Range<Int>, from plan: any Plan) {
    for ((memory, tap), buffer) in zip(zip(memories, memoryTaps), vectors) {
      buffer.withMutableFloats { plan.readTap(tap, into: &$0) }
      memory.keep(buffer.floats, from: range.lowerBound)
    }
  }

  /// Remembers the kept vectors of a batch, after all its parts are run.
  func remember(_ batch: Batch) {
    for memory in memories { memory.remember(batch.indices) }
  }

  /// The scores of a part of the batch that the plan has just computed.
  func score(_ batch: Batch, _ range: Range<Int>, from plan: any Plan) -> Score {
    var score = Score()
    let losses = losses
    for (term, tap) in zip(objective.terms, termTaps) {
      losses.withMutableFloats { plan.readTap(tap, into: &$0) }
      let values = losses.floats
      var sum = 0.0
      for image in 0..<tap.count { sum += Double(values[image]) }
      score.loss += Double(term.isTask ? term.weight : term.weight * besideFactor) * sum
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
  /// Throws if settings are of losses that the objective lacks.
  fileprivate func requireParts(of graph: Objective) throws {
    guard settings.weighsDistillation else { return }
    let name = type(of: objective).name
    guard graph.terms.contains(where: { !$0.isTask }) else {
      throw TrainingError.notBeside(objective: name, missing: "beside the task's")
    }
    guard settings.momentumGap == nil || graph.terms.contains(where: \.isTask) else {
      throw TrainingError.notBeside(objective: name, missing: "of the task")
    }
  }

  /// The objective of the present network.
  fileprivate func objectiveGraph() throws -> Objective {
    var builder = try ObjectiveBuilder(
      task, student: graph, teacher: teacher?.network, smoothing: settings.labelSmoothing,
      focus: settings.focus)
    try objective.build(&builder)
    return try builder.finished(seed: seed)
  }
}
