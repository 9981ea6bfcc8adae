import Graphs
import Settings
import Tasks
import Tensors

/// A value of the student and the teacher's value with which it is compared, by name.
public struct ValuePair: Sendable, Equatable {
  /// The student's value.
  public let student: String
  /// The teacher's value.
  public let teacher: String

  /// Makes a pair.
  public init(student: String, teacher: String) {
    self.student = student
    self.teacher = teacher
  }

  /// A setting of pairs: a mapping of student values to teacher values, or null.
  ///
  /// `standard` describes the pairs that null stands for.
  static func setting<D: Distiller>(
    _ path: any WritableKeyPath<D, [ValuePair]?> & Sendable, standard: String
  ) -> Setting<D> {
    Setting(
      "pairs", expected: "a mapping of student values to teacher values, or null",
      "values that are compared; null pairs \(standard)",
      read: { (objective, node) throws(SettingsError) in objective[keyPath: path] = try read(node) },
      write: { write($0[keyPath: path]) })
  }

  /// Reads the setting; throws for an empty mapping.
  private static func read(_ node: SettingsNode) throws(SettingsError) -> [ValuePair]? {
    if node.content == .null { return nil }
    var pairs: [ValuePair] = []
    for entry in try node.mapping("pairs") {
      pairs.append(ValuePair(student: entry.key, teacher: try entry.value.string(entry.key)))
    }
    guard !pairs.isEmpty else {
      throw .outOfRange(node.mark, key: "pairs", expected: "at least one pair, or null", found: "none")
    }
    return pairs
  }

  /// Writes the setting.
  private static func write(_ pairs: [ValuePair]?) -> SettingsNode {
    guard let pairs else { return SettingsNode(.null) }
    let mark = SettingsMark(source: "built-in")
    return SettingsNode(
      .mapping(pairs.map { SettingsNode.Entry(key: $0.student, mark: mark, value: $0.teacher.node) }))
  }

  /// Throws for a value that does not exist, of a wrong rank, or with another height or width than its
  /// partner.
  ///
  /// `ranks` are those that the objective can compare: 4 is images, 2 is features.
  func requireComparable(
    in student: Graph, _ teacher: Graph, ranks: [Int], objective: String
  ) throws(DistillationError) {
    let own = try Self.shape(of: self.student, in: student, network: "student", ranks, objective)
    let its = try Self.shape(of: self.teacher, in: teacher, network: "teacher", ranks, objective)
    let isAlike = own.rank == its.rank && (own.rank == 2 || (own[2] == its[2] && own[3] == its[3]))
    guard isAlike else {
      throw .extents(
        objective: objective, student: self.student, own.item, teacher: self.teacher, its.item)
    }
  }

  /// Throws for a value that does not exist.
  func requirePresent(in student: Graph, _ teacher: Graph, objective: String) throws(DistillationError) {
    _ = try Self.shape(of: self.student, in: student, network: "student", nil, objective)
    _ = try Self.shape(of: self.teacher, in: teacher, network: "teacher", nil, objective)
  }

  /// Throws for values with different numbers of channels.
  func requireEqualChannels(
    _ student: Graph, _ teacher: Graph?, objective: String
  ) throws(DistillationError) {
    let (own, its) = (student.shape(of: self.student) ?? [], teacher?.shape(of: self.teacher) ?? [])
    guard own.rank > 1, its.rank > 1, own[1] == its[1] else {
      throw .channels(
        objective: objective, student: self.student, own.item, teacher: self.teacher, its.item)
    }
  }

  /// The shape of a value; throws if it does not exist, or has another rank than one of `ranks`.
  private static func shape(
    of value: String, in graph: Graph, network: String, _ ranks: [Int]?, _ objective: String
  ) throws(DistillationError) -> Shape {
    let known = graph.nodes.map(\.name)
    guard known.contains(value), let shape = graph.shape(of: value) else {
      throw .unknownValue(
        objective: objective, network: network, value: value,
        suggestion: Spelling.nearest(to: value, among: known))
    }
    if let ranks, !ranks.contains(shape.rank) {
      throw .notComparable(
        objective: objective, network: network, value: value, shape: shape.item,
        takesFeatures: ranks.contains(2))
    }
    return shape
  }
}
