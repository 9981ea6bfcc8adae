public import Graphs
import Ops
public import Settings
public import Tasks
import Tensors

/// Gives the student the teacher's classifier, and teaches it the features that this classifier reads (SimKD).
///
/// What is trained and shipped is the student up to its last features, a projector, and the teacher's
/// classifier, whose weights stay as they are. So all bytes and multiply-adds of the three are the student's.
///
/// **Formula** `loss = base + weight·mean_i (r(F_S)[i] - F_T[i])²` an image. F are the last features: maps
/// `[C, H, W]` whose means both classifiers read, else vectors `[C]`. The projector r has a layer from F_S to
/// `C_T / reduction` channels, one of as many, and one to C_T, with rectifiers between them, and behind them if
/// F_T is that of a rectifier. For maps they are convolutions of 1x1, 3x3 and 1x1 with batch norms, for vectors
/// linear layers with biases. The larger maps are averaged down to the smaller.
///
/// **Paper** Chen, Mei, Zhang, Wang, Feng, Chen, "Knowledge distillation with the reused teacher classifier",
/// CVPR 2022, arXiv:2203.14001; the weight, the reduction and the projector are those of the authors' code, which
/// knows no labels either. The layers for vectors are our own.
public struct ReusedClassifier: Distiller {
  /// The name in recipes: `reused-classifier`.
  public static let name = "reused-classifier"
  /// One line for `condense list`.
  public static let summary =
    "end the student with the teacher's classifier, and match the features that it reads through a projector that ships with the student (SimKD)"

  /// The factor of the mean squared difference.
  public var weight: Float = 1
  /// The number by which the teacher's channels are divided within the projector.
  public var reduction = 2
  /// The objective to which it is added: `supervised`, one on logits, or none.
  public var base: (any Distiller)?

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `reduction`, `base`.
  public static var settings: [Setting<ReusedClassifier>] {
    [
      Setting("weight", \.weight, in: 1e-6...1e6, "factor of the mean squared difference"),
      Setting(
        "reduction", \.reduction, in: 1...64,
        "number by which the teacher's channels are divided within the projector"),
      DistillerCatalogue.optionalBaseSetting(\.base),
    ]
  }

  /// Values, and the parts that the base learns from.
  public var teacherParts: Set<TeacherPart> { (base?.teacherParts ?? []).union([.values]) }
  /// The temperature of the base.
  public var temperatureOfTargets: Float? { base?.temperatureOfTargets }

  /// The student's last value that is taught; its name tells that a student has a projector.
  static let features = "reused.features"
  /// The prefix of the layers that are the teacher's.
  static let classifier = "reused.classifier."

  /// The student with a projector and the teacher's classifier in place of its own; as it is if it has them.
  ///
  /// Throws without a teacher, and unless both networks make their scores from maps, or both from vectors.
  public func trained(
    _ student: Graph, teacher: Graph?, task: any ImageTask, seed: UInt64
  ) throws -> Graph {
    guard student.node(named: Self.features) == nil else { return student }
    guard let teacher else { throw DistillationError.noTeacher(objective: Self.name) }
    let head = try task.scoreHead(of: student)
    let ends = (student.scoreEnds(of: head), teacher.scoreEnds(of: try task.scoreHead(of: teacher)))
    if let own = ends.0.maps, let its = ends.1.maps {
      return try joined(student, head, own, teacher, its, seed, projector: convolutions)
    }
    if let own = ends.0.vector, let its = ends.1.vector {
      return try joined(student, head, own, teacher, its, seed, projector: linearLayers)
    }
    throw DistillationError.noSharedFeatures(objective: Self.name)
  }

  /// The layers of the teacher.
  public func frozenLayers(of student: Graph) -> [LayerPattern] {
    student.nodes.filter { $0.name.hasPrefix(Self.classifier) && !student.slots(of: $0).isEmpty }
      .map { LayerPattern($0.name) }
  }

  /// Adds the base, and the squared difference of the features; throws for a student without a projector.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base?.build(&objective)
    guard let teacher = objective.teacher else {
      throw DistillationError.valuesNeeded(objective: Self.name)
    }
    let ends = teacher.scoreEnds(of: try objective.task.scoreHead(of: teacher))
    guard let own = objective.student.shape(of: Self.features),
      let its = own.rank == 4 ? ends.maps?.features : ends.vector?.features,
      let shape = teacher.shape(of: its)
    else {
      throw DistillationError.unknownValue(
        objective: Self.name, network: "student", value: Self.features, suggestion: nil)
    }
    try ValuePair(student: Self.features, teacher: its)
      .requireEqualChannels(objective.student, teacher, objective: Self.name)
    let found = try objective.studentValue(Self.features)
    var wanted = try objective.teacherValue(its)
    if let factor = try Self.factor(from: its, shape, to: Self.features, own), factor > 1 {
      wanted = objective.append(
        AveragePool(kernel: factor), name: Self.name + "/averaged", inputs: [wanted])
    }
    let loss = objective.append(MeanSquaredError(), name: Self.name, inputs: [found, wanted])
    objective.minimize(loss, weight: weight)
  }

  /// A layer of the projector: its name and op.
  private typealias Layer = (name: String, op: any Op)

  /// The layers from maps to maps of `count` channels.
  private func convolutions(to count: Int) -> [Layer] {
    let inner = max(1, count / reduction)
    return [
      ("reduce", Conv2D(filters: inner, kernel: 1, bias: false)), ("reduce-norm", BatchNorm()),
      ("reduce-relu", ReLU()),
      ("core", Conv2D(filters: inner, kernel: 3, padding: 1, bias: false)), ("core-norm", BatchNorm()),
      ("core-relu", ReLU()),
      ("expand", Conv2D(filters: count, kernel: 1, bias: false)), ("expand-norm", BatchNorm()),
    ]
  }

  /// The layers from vectors to vectors of `count` numbers.
  private func linearLayers(to count: Int) -> [Layer] {
    let inner = max(1, count / reduction)
    return [
      ("reduce", Linear(features: inner)), ("reduce-relu", ReLU()),
      ("core", Linear(features: inner)), ("core-relu", ReLU()),
      ("expand", Linear(features: count)),
    ]
  }

  /// The student up to its features, the projector and the teacher's classifier.
  private func joined(
    _ student: Graph, _ head: Head, _ own: ScoreEnd, _ teacher: Graph, _ its: ScoreEnd, _ seed: UInt64,
    projector: (Int) -> [Layer]
  ) throws -> Graph {
    let (shape, wanted) = (student.shape(of: own.features) ?? [], teacher.shape(of: its.features) ?? [])
    let others = student.outputs.filter { $0 != head.value }
    var graph = try student.keeping(student.nodes(before: [own.features] + others))
    var layers = projector(wanted[1])
    if let factor = try Self.factor(from: own.features, shape, to: its.features, wanted), factor > 1 {
      layers.insert(("averaged", AveragePool(kernel: factor)), at: 0)
    }
    if teacher.isRectified(its.features) { layers.append(("expand-relu", ReLU())) }
    layers[layers.count - 1].name = "features"
    var value = own.features
    for layer in layers {
      value = try graph.append(layer.op, name: "reused." + layer.name, inputs: [value])
      guard let node = graph.nodes.last else { continue }
      for (name, slot) in graph.slots(of: node) {
        var random = SeededRandom(seed: seed, purpose: "initialize " + name)
        graph.parameters[name] = Parameter(slot.initializer.tensor(slot.shape, &random))
      }
    }
    for node in its.nodes {
      // The student's maps may be smaller than the window of the teacher's pooling.
      let op: any Op = node.op is AveragePool ? GlobalAveragePool() : node.op
      value = try graph.append(op, name: Self.classifier + node.name, inputs: [value])
      for (name, slot) in teacher.slots(of: node) {
        graph.parameters[slot.role.name(of: value)] = teacher.parameters[name].map { Parameter($0.projected) }
      }
    }
    graph.outputs = student.outputs.map { $0 == head.value ? value : $0 }
    return graph
  }

  /// The number of times that maps are larger than others; `nil` for smaller ones, 1 for vectors.
  ///
  /// Throws unless heights and widths are the same multiple.
  private static func factor(
    from first: String, _ a: Shape, to second: String, _ b: Shape
  ) throws(DistillationError) -> Int? {
    guard a.rank == 4, b.rank == 4 else { return 1 }
    let (large, small) = a[2] >= b[2] ? (a, b) : (b, a)
    guard large[2].isMultiple(of: small[2]), large[3].isMultiple(of: small[3]),
      large[2] / small[2] == large[3] / small[3]
    else {
      throw .noMultiple(objective: name, first, a.item, second, b.item)
    }
    return a[2] >= b[2] ? large[2] / small[2] : nil
  }
}
