import Datasets
import Graphs
import Settings
import Tasks
import Tensors

extension Trainer.Setup {
  /// Throws if the teacher is missing, lacks outputs that the objective needs, or is of other images or
  /// classes.
  func requireTeacher(heads: [Head], _ source: any BatchSource) throws {
    let name = type(of: objective).name
    let parts = objective.teacherParts
    guard !parts.isEmpty else { return }
    switch teacher {
    case .none: throw DistillationError.noTeacher(objective: name)
    case .stored(let stored, let normalization):
      guard parts == [.logits] else { throw DistillationError.valuesNeeded(objective: name) }
      try stored.requireFit(
        classes: heads.named(Head.scores, network: "training").shape.count, epochs: settings.epochs,
        batch: settings.batch, source: source,
        normalization: normalization)
    case .network(let network, _): try requireAlike(network, heads)
    }
  }

  /// Throws if the teacher reads other images, or has heads of other extents, such as other classes.
  private func requireAlike(_ teacher: Graph, _ heads: [Head]) throws {
    let inputs = (graph.inputs.map { "\($0.shape)" }, teacher.inputs.map { "\($0.shape)" })
    guard inputs.0 == inputs.1 else {
      throw DistillationError.different(
        what: "input", student: inputs.0.joined(separator: ", "), teacher: inputs.1.joined(separator: ", "))
    }
    let others = try task.heads(of: teacher, network: "teacher")
    guard heads.map(\.name) == others.map(\.name) else {
      throw DistillationError.different(
        what: "heads", student: heads.map(\.name).joined(separator: ", "),
        teacher: others.map(\.name).joined(separator: ", "))
    }
    for (own, its) in zip(heads, others) where own.shape != its.shape {
      throw own.name == Head.scores
        ? DistillationError.different(
          what: "classes", student: "\(own.shape.count)", teacher: "\(its.shape.count)")
        : DistillationError.different(what: own.name, student: "\(own.shape)", teacher: "\(its.shape)")
    }
  }

  /// The reader of the teacher's outputs; `nil` if the objective asks for none.
  ///
  /// A teacher that runs already and gives the same values goes on.
  func teacherReader(
    of objective: Objective, after former: (any TeacherReader)?
  ) throws -> (any TeacherReader)? {
    guard objective.sources.contains(where: { if case .teacher = $0 { true } else { false } }) else {
      return nil
    }
    switch teacher {
    case .none: return nil
    case .stored(let stored, _): return StoredTeacher(stored)
    case .network(let network, let change):
      let values = objective.teacherValues
      if let running = former as? TeacherNetwork, running.compared == values { return running }
      return try TeacherNetwork(
        network, backend: backend, batch: settings.batch, precision: precision, threads: threads,
        scores: objective.sources.contains(.teacher(.logits)) ? try task.scoreHead(of: network) : nil,
        values: values, change: change)
    }
  }
}

extension ImageTask {
  /// The head of a teacher with one score a class; throws if the task has none.
  func scoreHead(of teacher: Graph) throws(TaskError) -> Head {
    try heads(of: teacher, network: "teacher").named(Head.scores, network: "teacher")
  }
}
