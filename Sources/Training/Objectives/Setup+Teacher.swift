import Datasets
import Graphs

extension Trainer.Setup {
  /// Refuses a teacher that is missing, cannot say what the objective needs, or is one of other images or classes.
  func requireTeacher(classes: Int, _ source: any BatchSource) throws(TrainingError) {
    let name = type(of: objective).name
    let parts = objective.teacherParts
    guard !parts.isEmpty else { return }
    switch teacher {
    case .none: throw .distillation(.noTeacher(objective: name))
    case .stored(let stored, let normalization):
      guard parts == [.logits] else { throw .distillation(.valuesNeeded(objective: name)) }
      do throws(DistillationError) {
        try stored.requireFit(
          classes: classes, epochs: settings.epochs, batch: settings.batch, source: source,
          normalization: normalization)
      } catch {
        throw .distillation(error)
      }
    case .network(let network, _): try requireAlike(network, classes: classes)
    }
  }

  /// Refuses a teacher of other images or of other classes.
  private func requireAlike(_ teacher: Graph, classes own: Int) throws(TrainingError) {
    let inputs = (graph.inputs.map { "\($0.shape)" }, teacher.inputs.map { "\($0.shape)" })
    guard inputs.0 == inputs.1 else {
      throw .distillation(
        .different(
          what: "input", student: inputs.0.joined(separator: ", "), teacher: inputs.1.joined(separator: ", "))
      )
    }
    let classes = (own, try teacher.scores(network: "teacher").classes)
    guard classes.0 == classes.1 else {
      throw .distillation(
        .different(what: "classes", student: "\(classes.0)", teacher: "\(classes.1)"))
    }
  }

  /// What reads what the teacher says; `nil` where the objective asks for nothing. A teacher that runs already and says as much
  /// goes on.
  func teacherReader(
    of objective: Objective, after former: (any TeacherReader)?
  ) throws(TrainingError) -> (any TeacherReader)? {
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
        values: values, change: change)
    }
  }
}
