import Graphs
import Tasks
import Tensors

/// Finds values of two networks that correspond: the last ones before the resolution drops.
enum ResolutionStages {
  /// The last value of every height and width, of more than one place, that both networks have.
  ///
  /// Pairs come in the student's order.
  static func pairs(student: Graph, teacher: Graph) -> [ValuePair] {
    let teachers = lastValues(of: teacher)
    return lastValues(of: student).compactMap { shape, name in
      teachers.first { hasSameExtent($0.shape, shape) }.map { ValuePair(student: name, teacher: $0.name) }
    }
  }

  /// True if heights and widths are equal.
  private static func hasSameExtent(_ a: Shape, _ b: Shape) -> Bool { a[2] == b[2] && a[3] == b[3] }

  /// The last value of every height and width, in the order of the first one.
  private static func lastValues(of graph: Graph) -> [(shape: Shape, name: String)] {
    var last: [(shape: Shape, name: String)] = []
    // The extra nodes beside a layer of Gaussian weights are no stage of the network.
    let aside = Set(graph.gaussianLayers.flatMap { [$0.square.name, $0.variance.name] })
    for node in graph.nodes where !aside.contains(node.name) {
      guard let shape = graph.shape(of: node.name), shape.rank == 4, shape[2] * shape[3] > 1 else { continue }
      if let place = last.firstIndex(where: { hasSameExtent($0.shape, shape) }) {
        last[place] = (shape, node.name)
      } else {
        last.append((shape, node.name))
      }
    }
    return last
  }
}

extension ObjectiveBuilder {
  /// The pairs that are named, or the last values of every resolution that both networks have.
  ///
  /// `objective` names the distiller in messages. Throws if there is nothing to compare, or a value has
  /// another rank than one of `ranks`.
  func pairs(_ named: [ValuePair]?, ranks: [Int], objective: String) throws(DistillationError) -> [ValuePair]
  {
    guard let teacher else { throw .valuesNeeded(objective: objective) }
    let pairs = named ?? ResolutionStages.pairs(student: student, teacher: teacher)
    guard !pairs.isEmpty else { throw .noPairs(objective: objective) }
    for pair in pairs {
      try pair.requireComparable(in: student, teacher, ranks: ranks, objective: objective)
    }
    return pairs
  }
}
