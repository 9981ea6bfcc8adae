public import Graphs
import Tensors

/// What a training minimizes, as a graph: losses of the student's values, the labels and what a teacher says.
///
/// A training joins it to the student's graph and minimizes, over the images of a batch,
///
/// **Formula** `1/N · Σ_n Σ_terms weight · loss[n]`.
///
/// Its graph may have layers with weights of their own (adapters), which are trained with the student and left behind with
/// the objective: no file, size or cost ever holds them.
public struct Objective: Sendable, Equatable {
  /// How the names of all begin that only the objective has; networks have no such names.
  public static let prefix = "objective/"

  /// What an input of the objective's graph is.
  public enum Source: Sendable, Hashable {
    /// A value of the student, under the student's name.
    case student(String)
    /// What is known about each image.
    case target(Target)
    /// What the teacher says of the same images.
    case teacher(TeacherOutput)
  }

  /// A loss with its weight in the sum.
  public struct Term: Sendable, Equatable {
    /// The value, one loss an item.
    public let value: String
    /// The factor.
    public let weight: Float
  }

  /// The losses, and layers before them; its inputs are named by `sources`.
  public let graph: Graph
  /// What each input is, in the order of the graph's inputs.
  public let sources: [Source]
  /// The summands.
  public let terms: [Term]

  /// The teacher's values that it compares, in the order of the inputs.
  public var teacherValues: [String] {
    sources.compactMap { if case .teacher(.value(let name)) = $0 { name } else { nil } }
  }

  /// A training's graph: the student with the objective behind it; the losses are its outputs.
  ///
  /// The student's part computes what it does alone, and the parameters of both keep their names.
  public func joined(to student: Graph) throws(GraphError) -> Graph {
    let own = zip(graph.inputs, sources).compactMap { input, source in
      if case .student = source { nil as GraphInput? } else { input }
    }
    var joined = Graph(inputs: student.inputs + own)
    for node in student.nodes + graph.nodes {
      try joined.append(node.op, name: node.name, inputs: node.inputs)
    }
    joined.parameters = student.parameters.merging(graph.parameters) { student, _ in student }
    joined.values = student.values
    joined.outputs = terms.map(\.value)
    return joined
  }
}

/// Something that a teacher says of an image.
public enum TeacherOutput: Sendable, Hashable {
  /// Its logits, each row less its largest.
  case logits
  /// A value within it.
  case value(String)
}
