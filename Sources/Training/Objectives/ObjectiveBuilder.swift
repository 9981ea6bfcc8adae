public import Graphs
import Tensors
import Ops

/// Puts an objective together for one student and its teacher.
///
///     var objective = try ObjectiveBuilder(student: student, teacher: teacher, smoothing: 0.1)
///     objective.minimizeLabelLoss(weight: 0.1)
///     let said = objective.teacherLogits()
///     let divergence = objective.append(
///       KullbackLeibler(temperature: 4), name: "soft-targets", inputs: [objective.logits(), said])
///     objective.minimize(divergence, weight: 0.9)
public struct ObjectiveBuilder {
  /// The network that is trained.
  public let student: Graph
  /// The network that it learns from; `nil` where there is none, or only what it said was stored.
  public let teacher: Graph?
  /// The share of the labels' target that is spread over all classes.
  public let smoothing: Float
  /// Classes that the student tells apart.
  public let classes: Int

  private let head: String
  private var inputs: [(input: GraphInput, source: Objective.Source)] = []
  private var nodes: [Node] = []
  private var terms: [Objective.Term] = []

  /// Begins an objective without terms.
  public init(student: Graph, teacher: Graph? = nil, smoothing: Float = 0) throws(TrainingError) {
    self.student = student
    self.teacher = teacher
    self.smoothing = smoothing
    (head, classes) = try student.scores(network: "training")
    let names = student.inputs.map(\.name) + student.nodes.map(\.name)
    if let name = names.first(where: { $0.hasPrefix(Objective.prefix) }) { throw .reservedName(name) }
  }

  // MARK: Inputs

  /// The student's logits, `[N, C]`.
  public mutating func logits() -> String { input(head, [classes], .student(head)) }

  /// A value of the student.
  public mutating func studentValue(_ name: String) throws(TrainingError) -> String {
    guard let shape = student.shape(of: name) else { throw .unknownValue(network: "student", name) }
    return input(name, shape.item, .student(name))
  }

  /// The target distribution of each image, `[N, C]`.
  public mutating func labels() -> String { input(Objective.prefix + "labels", [classes], .labels) }

  /// The teacher's logits, `[N, C]`.
  public mutating func teacherLogits() -> String {
    input(Objective.prefix + "teacher/logits", [classes], .teacher(.logits))
  }

  /// A value within the teacher, which then runs beside the student.
  public mutating func teacherValue(_ name: String) throws(TrainingError) -> String {
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

  /// Adds the cross-entropy with the labels, smoothed as the training says.
  public mutating func minimizeLabelLoss(weight: Float = 1) {
    guard weight != 0 else { return }
    let loss = append(
      SoftmaxCrossEntropy(smoothing: smoothing), name: "label-loss", inputs: [logits(), labels()])
    minimize(loss, weight: weight)
  }

  /// The objective, its layers with their first weights.
  public func finished(seed: UInt64) throws(TrainingError) -> Objective {
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
  var item: Shape { Shape(Array(dimensions.dropFirst())) }
}
