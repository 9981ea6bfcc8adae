public import Graphs
package import Tensors

/// What a training minimizes, as a graph: losses of the student's values, the task's targets and what a teacher says.
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

  /// What it takes of a task: each target's place among `targets`, which the task writes, with the input's name.
  public func targetInputs(among targets: [Target]) -> [(name: String, place: Int)] {
    zip(graph.inputs, sources).compactMap { input, source in
      guard case .target(let target) = source else { return nil }
      guard let place = targets.firstIndex(of: target) else {
        preconditionFailure("the task writes no target \(target.name)")
      }
      return (input.name, place)
    }
  }

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

/// Puts an objective together for one student and its teacher.
///
///     var objective = try ObjectiveBuilder(Classification(), student: student, teacher: teacher, smoothing: 0.1)
///     try objective.minimizeTaskLoss(weight: 0.1)
///     let values = [try objective.head(Head.scores), try objective.teacherLogits()]
///     let divergence = objective.append(KullbackLeibler(temperature: 4), name: "soft-targets", inputs: values)
///     objective.minimize(divergence, weight: 0.9)
public struct ObjectiveBuilder {
  /// The network that is trained.
  public let student: Graph
  /// The network that it learns from; `nil` where there is none, or only what it said was stored.
  public let teacher: Graph?
  /// The share of a class's target that is spread over all classes.
  public let smoothing: Float
  /// The exponent of the focal loss of a detector; `nil` counts the worst of the background.
  public let focus: Float?
  /// What the student is asked.
  public let task: any ImageTask
  /// The student's heads.
  public let heads: [Head]

  private var inputs: [(input: GraphInput, source: Objective.Source)] = []
  private var nodes: [Node] = []
  private var terms: [Objective.Term] = []

  /// Begins an objective without terms.
  public init(
    _ task: any ImageTask, student: Graph, teacher: Graph? = nil, smoothing: Float = 0, focus: Float? = nil
  ) throws(TaskError) {
    self.task = task
    self.student = student
    self.teacher = teacher
    self.smoothing = smoothing
    self.focus = focus
    heads = try task.heads(of: student, network: "training")
    let names = student.inputs.map(\.name) + student.nodes.map(\.name)
    if let name = names.first(where: { $0.hasPrefix(Objective.prefix) }) { throw .reservedName(name) }
  }

  // MARK: Inputs

  /// A head of the student.
  public mutating func head(_ name: String) throws(TaskError) -> String {
    let head = try heads.named(name, network: "training")
    return input(head.value, head.shape, .student(head.value))
  }

  /// A value of the student.
  public mutating func studentValue(_ name: String) throws(TaskError) -> String {
    guard let shape = student.shape(of: name) else { throw .unknownValue(network: "student", name) }
    return input(name, shape.item, .student(name))
  }

  /// What is known about each image.
  public mutating func target(_ target: Target) -> String {
    input(Objective.prefix + target.name, target.shape, .target(target))
  }

  /// The distribution over classes that each image should be given, `[N, C]`; refused where the task has none.
  public mutating func labels() throws(TaskError) -> String {
    guard let labels = task.targets(for: heads).first(where: { $0.name == Target.labels }) else {
      throw .noTarget(name: Target.labels, known: task.targets(for: heads).map(\.name))
    }
    return target(labels)
  }

  /// The teacher's logits, `[N, C]`, of as many classes as the student's.
  public mutating func teacherLogits() throws(TaskError) -> String {
    input(
      Objective.prefix + "teacher/logits", try heads.named(Head.scores, network: "training").shape,
      .teacher(.logits))
  }

  /// A value within the teacher, which then runs beside the student.
  public mutating func teacherValue(_ name: String) throws(TaskError) -> String {
    guard let shape = teacher?.shape(of: name) else { throw .unknownValue(network: "teacher", name) }
    return input(Objective.prefix + "teacher/value/" + name, shape.item, .teacher(.value(name)))
  }

  private mutating func input(_ name: String, _ shape: Shape, _ source: Objective.Source) -> String {
    if !inputs.contains(where: { $0.source == source }) {
      inputs.append((GraphInput(name: name, shape: shape), source))
    }
    return name
  }

  // MARK: Nodes

  /// Appends a loss or an adapter under the objective's prefix; gives back the value's name.
  public mutating func append(_ op: any Op, name: String, inputs: [String]) -> String {
    let name = Objective.prefix + name
    nodes.append(Node(name: name, op: op, inputs: inputs))
    return name
  }

  /// Adds a loss to what is minimized; one of no weight is left out.
  public mutating func minimize(_ value: String, weight: Float) {
    if weight != 0 { terms.append(Objective.Term(value: value, weight: weight)) }
  }

  /// Adds what the task minimizes by itself; nothing where it has no weight.
  public mutating func minimizeTaskLoss(weight: Float = 1) throws(TaskError) {
    if weight != 0 { try task.minimizeLoss(in: &self, weight: weight) }
  }

  /// The objective, its layers with their first weights.
  public func finished(seed: UInt64) throws(TaskError) -> Objective {
    guard !terms.isEmpty else { throw .nothingMinimized }
    do throws(GraphError) {
      var graph = Graph(inputs: inputs.map(\.input))
      for node in nodes { try graph.append(node.op, name: node.name, inputs: node.inputs) }
      graph.outputs = terms.map(\.value)
      graph.initializeParameters(seed: seed)
      try graph.verify()
      return Objective(graph: graph, sources: inputs.map(\.source), terms: terms)
    } catch {
      throw .graph(error)
    }
  }
}

extension Shape {
  /// The extents of one item of a batch.
  package var item: Shape { Shape(Array(dimensions.dropFirst())) }
}
