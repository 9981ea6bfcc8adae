public import Graphs
package import Tensors

/// The objective of a training, as a graph: losses of the student's values, the targets and the teacher's
/// outputs.
///
/// Training joins this graph to the student's and minimizes, over the images of a batch,
///
/// **Formula** `1/N · Σ_n Σ_terms weight · loss[n]`.
///
/// The graph may have layers with weights (adapters). They are trained with the student and dropped with the
/// objective: no file, size or cost contains them.
public struct Objective: Sendable, Equatable {
  /// The prefix of the names that only the objective has; networks must not use it.
  public static let prefix = "objective/"

  /// The source of an input of the objective's graph.
  public enum Source: Sendable, Hashable {
    /// A value of the student, under the student's name for it.
    case student(String)
    /// A target that the task writes for each image.
    case target(Target)
    /// An output of the teacher for the same images.
    case teacher(TeacherOutput)
    /// Vectors of earlier images, drawn for each image of a batch.
    case remembered(ObjectiveMemory)
  }

  /// A loss with its weight in the sum.
  public struct Term: Sendable, Equatable {
    /// The name of the value, one loss per image or item.
    public let value: String
    /// The factor.
    public let weight: Float
    /// True for the task's own loss, false for what an objective adds to it.
    public let isTask: Bool
  }

  /// The losses, with the layers before them.
  public let graph: Graph
  /// The source of each input, in the order of the graph's inputs.
  public let sources: [Source]
  /// The summands.
  public let terms: [Term]

  /// Returns the inputs that are targets, with each one's index among `targets`, which the task writes.
  public func targetInputs(among targets: [Target]) -> [(name: String, place: Int)] {
    zip(graph.inputs, sources).compactMap { input, source in
      guard case .target(let target) = source else { return nil }
      guard let place = targets.firstIndex(of: target) else {
        preconditionFailure("the task writes no target \(target.name)")
      }
      return (input.name, place)
    }
  }

  /// The names of the teacher's inner values that are inputs, in the order of the inputs.
  public var teacherValues: [String] {
    sources.compactMap { if case .teacher(.value(let name)) = $0 { name } else { nil } }
  }

  /// The memories of earlier images' vectors, in the order of the inputs.
  public var memories: [ObjectiveMemory] {
    sources.compactMap { if case .remembered(let memory) = $0 { memory } else { nil } }
  }

  /// Returns the graph to train: the student, with the objective after it and the losses as outputs.
  ///
  /// The student computes the same values as alone, and the parameters of both keep their names.
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

/// An output of a teacher for an image.
public enum TeacherOutput: Sendable, Hashable {
  /// The logits, each row minus its largest.
  case logits
  /// An inner value, by its name.
  case value(String)
}

/// A memory of an objective's vectors, from which it draws those of earlier images.
public struct ObjectiveMemory: Sendable, Hashable {
  /// The value of the objective whose vectors `[batch, features]` are remembered, each at length 1.
  public let value: String
  /// The numbers of a vector.
  public let features: Int
  /// The most vectors that are remembered.
  public let places: Int
  /// The vectors that are drawn for each image of a batch.
  public let draws: Int
  /// The share of an old vector that stays when its image is seen again, 0...1.
  public let momentum: Float

  /// Makes a memory.
  public init(value: String, features: Int, places: Int, draws: Int, momentum: Float) {
    (self.value, self.features, self.places) = (value, features, places)
    (self.draws, self.momentum) = (draws, momentum)
  }
}

/// A builder of an objective for one student and its teacher.
///
///     var objective = try ObjectiveBuilder(Classification(), student: student, teacher: teacher, smoothing: 0.1)
///     try objective.minimizeTaskLoss(weight: 0.1)
///     let values = [try objective.head(Head.scores), try objective.teacherLogits()]
///     let divergence = objective.append(KullbackLeibler(temperature: 4), name: "soft-targets", inputs: values)
///     objective.minimize(divergence, weight: 0.9)
public struct ObjectiveBuilder {
  /// The network that is trained.
  public let student: Graph
  /// The network that the student learns from; `nil` if there is none, or if its outputs are stored.
  public let teacher: Graph?
  /// The share of the label that is spread over all classes, 0...1.
  public let smoothing: Float
  /// The exponent of a detector's focal loss; `nil` counts only the hardest background anchors instead.
  public let focus: Float?
  /// The task.
  public let task: any ImageTask
  /// The student's heads.
  public let heads: [Head]

  private var inputs: [(input: GraphInput, source: Objective.Source)] = []
  private var nodes: [Node] = []
  private var terms: [Objective.Term] = []
  private var isTask = false

  /// Makes an objective without terms.
  ///
  /// Throws if the student does not fit the task or uses the objective's prefix.
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

  /// Adds a head of the student as an input; returns the value's name.
  public mutating func head(_ name: String) throws(TaskError) -> String {
    let head = try heads.named(name, network: "training")
    return input(head.value, head.shape, .student(head.value))
  }

  /// Adds a value of the student as an input; returns its name.
  public mutating func studentValue(_ name: String) throws(TaskError) -> String {
    guard let shape = student.shape(of: name) else { throw .unknownValue(network: "student", name) }
    return input(name, shape.item, .student(name))
  }

  /// Adds a target as an input; returns the value's name.
  public mutating func target(_ target: Target) -> String {
    input(Objective.prefix + target.name, target.shape, .target(target))
  }

  /// Adds the target distribution over classes, `[batch, classes]`; throws if the task has none.
  public mutating func labels() throws(TaskError) -> String {
    guard let labels = task.targets(for: heads).first(where: { $0.name == Target.labels }) else {
      throw .noTarget(name: Target.labels, known: task.targets(for: heads).map(\.name))
    }
    return target(labels)
  }

  /// Adds the teacher's logits, `[batch, classes]`, with as many classes as the student's.
  public mutating func teacherLogits() throws(TaskError) -> String {
    input(
      Objective.prefix + "teacher/logits", try heads.named(Head.scores, network: "training").shape,
      .teacher(.logits))
  }

  /// Adds an inner value of the teacher, which then runs during the training.
  public mutating func teacherValue(_ name: String) throws(TaskError) -> String {
    guard let shape = teacher?.shape(of: name) else { throw .unknownValue(network: "teacher", name) }
    return input(Objective.prefix + "teacher/value/" + name, shape.item, .teacher(.value(name)))
  }

  /// Adds drawn vectors of a memory, `[batch, draws·features]`; returns the value's name.
  public mutating func remembered(_ memory: ObjectiveMemory) -> String {
    input(
      Objective.prefix + "remembered/" + memory.value.dropFirst(Objective.prefix.count),
      [memory.draws * memory.features], .remembered(memory))
  }

  private mutating func input(_ name: String, _ shape: Shape, _ source: Objective.Source) -> String {
    if !inputs.contains(where: { $0.source == source }) {
      inputs.append((GraphInput(name: name, shape: shape), source))
    }
    return name
  }

  // MARK: Nodes

  /// Appends a loss or an adapter under the objective's prefix; returns the value's name.
  public mutating func append(_ op: any Op, name: String, inputs: [String]) -> String {
    let name = Objective.prefix + name
    nodes.append(Node(name: name, op: op, inputs: inputs))
    return name
  }

  /// Adds a loss to the sum; one with weight 0 is left out.
  public mutating func minimize(_ value: String, weight: Float) {
    if weight != 0 { terms.append(Objective.Term(value: value, weight: weight, isTask: isTask)) }
  }

  /// Adds the task's loss; with weight 0 nothing is added.
  public mutating func minimizeTaskLoss(weight: Float = 1) throws(TaskError) {
    guard weight != 0 else { return }
    isTask = true
    defer { isTask = false }
    try task.minimizeLoss(in: &self, weight: weight)
  }

  /// Returns the objective, its layers initialized from the seed; throws if it has no terms.
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
  /// The shape of one item of a batch: the extents without the first.
  package var item: Shape { Shape(Array(dimensions.dropFirst())) }
}
