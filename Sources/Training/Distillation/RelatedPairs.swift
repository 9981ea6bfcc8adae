import Graphs
import Ops
import Tasks

/// The values that objectives on relations of images compare if a recipe names none.
enum RelatedValues {
  /// The last values of the smallest resolution that both networks have.
  case lastMaps
  /// The values from which both networks make their scores.
  case features
}

extension ObjectiveBuilder {
  /// The pairs that are named, whatever their shapes, or the standard one.
  ///
  /// `objective` names the distiller in messages. Throws if a value does not exist or there is nothing to
  /// compare.
  func relatedPairs(
    _ named: [ValuePair]?, standard: RelatedValues, objective: String
  ) throws -> [ValuePair] {
    guard let teacher else { throw DistillationError.valuesNeeded(objective: objective) }
    if let named {
      for pair in named { try pair.requirePresent(in: student, teacher, objective: objective) }
      return named
    }
    switch standard {
    case .lastMaps: return [try pairs(nil, ranks: [4], objective: objective)].compactMap(\.last)
    case .features:
      let own = try student.features(behind: heads.named(Head.scores, network: "training"))
      let its = try teacher.features(behind: task.scoreHead(of: teacher))
      guard let own else { throw DistillationError.noFeatures(objective: objective, network: "student") }
      guard let its else { throw DistillationError.noFeatures(objective: objective, network: "teacher") }
      return [ValuePair(student: own, teacher: its)]
    }
  }

  /// The student's value of a pair and the teacher's.
  mutating func values(of pair: ValuePair) throws(TaskError) -> [String] {
    [try studentValue(pair.student), try teacherValue(pair.teacher)]
  }

  /// The same pairs, in which a rectifier's input replaces its output.
  func beforeRectifiers(_ pairs: [ValuePair], objective: String) throws(DistillationError) -> [ValuePair] {
    guard let teacher else { throw .valuesNeeded(objective: objective) }
    return pairs.map {
      ValuePair(student: student.beforeRectifier($0.student), teacher: teacher.beforeRectifier($0.teacher))
    }
  }
}

extension Graph {
  /// The input of the layer that makes a head's scores; `nil` if that is the image.
  func features(behind head: Head) -> String? {
    var name = head.value
    while let node = node(named: name), let input = node.inputs.first {
      if node.op is any ProductOp { return self.node(named: input)?.name }
      name = input
    }
    return nil
  }

  /// The input of the rectifier that makes a value; the value itself if none does.
  fileprivate func beforeRectifier(_ name: String) -> String {
    guard let node = node(named: name), node.op is ReLU || node.op is ReLU6 || node.op is LeakyReLU else {
      return name
    }
    return node.inputs[0]
  }
}
