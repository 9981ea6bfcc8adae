import Graphs
import Settings
import Tensors

/// Which values of two networks correspond: the last ones before the resolution drops.
enum ResolutionStages {
  /// The last value of every height and width, of more than one place, that both networks have; in the student's order.
  static func pairs(student: Graph, teacher: Graph) throws(DistillationError) -> [ValuePair] {
    let teachers = lastValues(of: teacher)
    var pairs: [ValuePair] = []
    for (shape, name) in lastValues(of: student) {
      guard let match = teachers.first(where: { hasSameExtent($0.shape, shape) }) else { continue }
      pairs.append(
        ValuePair(student: name, teacher: match.name, studentShape: shape, teacherShape: match.shape))
    }
    guard !pairs.isEmpty else { throw .noPairs }
    return pairs
  }

  /// Two named values, which must be images of one height and width.
  static func pair(
    _ student: String, of graph: Graph, _ teacher: String, of other: Graph
  ) throws(DistillationError) -> ValuePair {
    let own = try shape(of: student, in: graph, network: "student")
    let its = try shape(of: teacher, in: other, network: "teacher")
    guard hasSameExtent(own, its) else {
      throw .extents(student: student, own, teacher: teacher, its)
    }
    return ValuePair(student: student, teacher: teacher, studentShape: own, teacherShape: its)
  }

  private static func shape(
    of value: String, in graph: Graph, network: String
  ) throws(DistillationError) -> Shape {
    let known = graph.nodes.map(\.name)
    guard known.contains(value), let shape = graph.shape(of: value) else {
      throw .unknownValue(
        network: network, value: value, suggestion: Spelling.nearest(to: value, among: known))
    }
    guard shape.rank == 4 else { throw .notImages(network: network, value: value, shape: shape) }
    return Shape(Array(shape.dimensions.dropFirst()))
  }

  private static func hasSameExtent(_ a: Shape, _ b: Shape) -> Bool { a[1] == b[1] && a[2] == b[2] }

  /// The last value of every height and width, in the order of the first one.
  private static func lastValues(of graph: Graph) -> [(shape: Shape, name: String)] {
    var last: [(shape: Shape, name: String)] = []
    for node in graph.nodes {
      guard let full = graph.shape(of: node.name), full.rank == 4, full[2] * full[3] > 1 else { continue }
      let shape = Shape(Array(full.dimensions.dropFirst()))
      if let place = last.firstIndex(where: { hasSameExtent($0.shape, shape) }) {
        last[place] = (shape, node.name)
      } else {
        last.append((shape, node.name))
      }
    }
    return last
  }
}
