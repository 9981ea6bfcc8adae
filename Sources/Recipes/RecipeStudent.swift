import Foundation
import Methods
import Training
public import Settings
public import Trials

/// One student: its start and its stages.
public struct RecipeStudent: Sendable {
  /// The student's name in tables; expanded lists add suffixes.
  public var name: String
  /// A network that is trained from scratch; `nil` starts from the teacher.
  public var network: String?
  /// The factor on the filters and features of `network`.
  public var width: Double
  /// The values of the network's variables, by name.
  public var variables: [String: SettingsNode] = [:]
  /// The student that teaches it; `nil` for the recipe's teacher.
  public var teacher: String?
  /// The stages, in order.
  public var stages: [RecipeStage]
  /// The name of its search's candidates: the student's name without the suffix of the row.
  public var searchName: String
  /// The goal of a search over settings; `nil` for fixed settings.
  public var goal: RecipeGoal?
  /// The place of the student in the file.
  public var mark: SettingsMark

  private static let keys = [
    "name", "network", "width", "variables", "teacher", "pipeline", "keep", "fit", "front", "search", "over",
  ]

  /// Reads a list of students and expands lists in them.
  static func expanded(_ node: SettingsNode) throws(SettingsError) -> [RecipeStudent] {
    var students: [RecipeStudent] = []
    for item in try node.list("students") {
      let base = try item.required("name", of: "a student").string("name")
      for variant in try variants(of: item) {
        students += try RecipeStudent(from: variant.node, name: base + variant.suffix).rows
        guard students.count <= Recipe.maximumStudents else {
          throw .outOfRange(
            node.mark, key: "students",
            expected: "at most \(Recipe.maximumStudents) after lists are expanded",
            found: "more")
        }
      }
    }
    guard !students.isEmpty else {
      throw .invalid(node.mark, key: "students", reason: "the list is empty; a comparison needs students")
    }
    return students
  }

  /// The student, or of a search for a front one for each rule by which a candidate is taken.
  private var rows: [RecipeStudent] {
    guard let goal, !goal.picks.isEmpty else { return [self] }
    return goal.picks.map { pick in
      var row = self
      row.name += goal.picks.count == 1 ? "" : pick.suffix
      row.goal?.front?.pick = pick
      return row
    }
  }

  private init(from node: SettingsNode, name: String) throws(SettingsError) {
    try node.requireKeys(Self.keys, of: "a student")
    mark = node.mark
    self.name = name
    searchName = name
    guard !name.isEmpty, name.utf8.count <= 60, !name.contains("/"), !name.hasPrefix("."), name != "teacher"
    else {
      throw .outOfRange(
        node.mark, key: "name", expected: "1 to 60 bytes without /, not \"teacher\"", found: "\"\(name)\"")
    }
    network = try node["network"].map { value throws(SettingsError) in try value.string("network") }
    width = try Self.width(node["width"])
    guard network != nil || node["width"] == nil else {
      throw .invalid(
        node.mark, key: "width", reason: "needs a \"network\"; to narrow the teacher use the method \"width\""
      )
    }
    if let given = node["variables"] {
      guard network != nil else {
        throw .invalid(given.mark, key: "variables", reason: "need a \"network\"; name one")
      }
      for entry in try given.mapping("variables") { variables[entry.key] = entry.value }
    }
    stages = []
    for item in try node.required("pipeline", of: "a student").list("pipeline") {
      for stage in try LayerSets.stages(of: item) { stages.append(try RecipeStage(from: stage)) }
    }
    guard !stages.isEmpty else {
      throw .invalid(
        node.mark, key: "pipeline", reason: "has no stage; a student needs at least one")
    }
    goal = try RecipeGoal(student: node, stages: stages)
    if let goal, network == nil, goal.space.variables.contains(where: { $0.stage == nil }) {
      throw .invalid(
        goal.mark, key: "over", reason: "needs a network whose variables it searches; name a \"network\"")
    }
    if let goal, goal.strategy.inherits, network == nil {
      throw .invalid(
        goal.mark, key: "search",
        reason:
          "\(type(of: goal.strategy).name) lets networks start from one another's weights; give the student a \"network\" of its own"
      )
    }
    try readTeacher(node)
  }

  /// Reads the student that teaches this one, which must learn from it and have its own network.
  private mutating func readTeacher(_ node: SettingsNode) throws(SettingsError) {
    guard let value = node["teacher"] else { return }
    teacher = try value.string("teacher")
    guard network != nil, stages.contains(where: { !$0.teacherParts.isEmpty }) else {
      throw .invalid(
        value.mark, key: "teacher",
        reason: "needs a student with a \"network\" and an \"objective\" that learns from the teacher")
    }
  }

  /// True if it is the teacher in another shape, which is compared with that shape trained from scratch.
  var isShapeOfTeacher: Bool { network == nil && stages.contains { $0.choice?.order == .structure } }

  static func width(_ node: SettingsNode?) throws(SettingsError) -> Double {
    guard let node else { return 1 }
    let width = try node.number("width")
    guard (0.001...64).contains(width) else {
      throw .outOfRange(
        node.mark, key: "width", expected: "a number in 0.001...64", found: node.kindDescription)
    }
    return width
  }

  /// Throws for a later stage that would undo an earlier one; the message names a better order.
  func checkOrder() throws {
    let methods = stages.compactMap(\.choice)
    for (earlier, later) in zip(methods, methods.dropFirst()) where later.order < earlier.order {
      let better = methods.sorted { $0.order < $1.order }.map(\.name).joined(separator: ", ")
      throw RecipeError.invalid(
        mark,
        "\(name): \(later.name) after \(earlier.name) would undo it; put them in the order \(better)")
    }
    for order in [PipelineOrder.sharing, .values] {
      let values = methods.filter { $0.order == order }
      guard values.count > 1 else { continue }
      throw RecipeError.invalid(
        mark,
        "\(name): \(values.map(\.name).joined(separator: " and ")) both set the values that weights can take; keep one"
      )
    }
    if methods.contains(where: { $0.name == ChannelGates.name }),
      let later = methods.first(where: { $0.order == .values })
    {
      throw RecipeError.invalid(
        mark,
        "\(name): \(later.name) after \(ChannelGates.name): integers have no form for gates that choose channels image by image; "
          + "keep one")
    }
    if network == nil, let first = stages.first, first.choice == nil, stages.count == 1 {
      throw RecipeError.invalid(
        first.mark,
        "\(name): it would only train the teacher further; name a method, or a \"network\" that learns from the teacher"
      )
    }
  }
}

/// One stage of a pipeline: a method, a training, or both.
public struct RecipeStage: Sendable {
  /// The method; `nil` for a stage that only trains.
  public var choice: MethodChoice?
  /// The passes over the training images; 0 for no training.
  public var epochs: Int
  /// The objective as the recipe gives it; `nil` for the plain loss.
  public var objective: SettingsNode?
  /// Training settings on top of the recipe's.
  public var training: SettingsNode
  /// The place of the stage in the file.
  public var mark: SettingsMark

  private static let keys = ["epochs", "objective", "training", "overrides", "train"]

  /// The parts of a teacher that the objective learns from.
  var teacherParts: Set<TeacherPart> { DistillerCatalogue.teacherParts(of: objective) }

  /// The method's name, or `train`.
  public var name: String { choice?.name ?? "train" }

  init(from node: SettingsNode) throws(SettingsError) {
    mark = node.mark
    let entries = try node.mapping("a stage")
    let methods = entries.filter { !Self.keys.contains($0.key) }
    for entry in methods where !MethodCatalogue.names.contains(entry.key) {
      throw .unknownKey(
        entry.mark, key: entry.key, owner: "a stage",
        suggestion: Spelling.nearest(
          to: entry.key, among: Self.keys + [LayerSets.key] + MethodCatalogue.names),
        known: Self.keys + [LayerSets.key] + MethodCatalogue.names)
    }
    guard methods.count <= 1 else {
      throw .invalid(
        methods[1].mark, key: methods[1].key,
        reason: "a stage has one method; \"\(methods[0].key)\" is given already")
    }
    if let entry = methods.first {
      guard node["train"] == nil else {
        throw .invalid(
          entry.mark, key: "train", reason: "is for stages without a method; give \"epochs\" alone")
      }
      let settings = SettingsNode(
        entry.value.content == .null ? .mapping([]) : entry.value.content, mark: entry.value.mark)
      choice = try MethodChoice(name: entry.key, settings: settings, overrides: node["overrides"])
    } else if let overrides = node["overrides"] {
      throw .invalid(overrides.mark, key: "overrides", reason: "is for stages with a method")
    }
    epochs = try node["epochs"].map { value throws(SettingsError) in try value.integer("epochs") } ?? 0
    guard (0...100_000).contains(epochs) else {
      throw .outOfRange(
        node["epochs"]?.mark ?? mark, key: "epochs", expected: "an integer in 0...100000", found: "\(epochs)")
    }
    if choice == nil, epochs == 0 {
      throw .invalid(mark, key: "epochs", reason: "a stage without a method only trains; give at least 1")
    }
    objective = node["objective"]
    training = node["training"] ?? SettingsNode(.mapping([]), mark: mark)
    if case .gradual = choice?.method.pacing, epochs == 0 {
      throw .invalid(mark, key: "epochs", reason: "\(name) acts while the network trains; give at least 1")
    }
    if let objective, epochs == 0 {
      throw .invalid(objective.mark, key: "objective", reason: "needs training; give \"epochs\"")
    }
    // The objective is read here, so that errors name the recipe's line before anything is trained.
    //
    // A trial's address covers all of its settings, also those that the recipe leaves out.
    if let given = objective {
      let resolved = DistillerCatalogue.write(try DistillerCatalogue.read(given))
      objective = SettingsNode(resolved.content, mark: given.mark)
    }
  }
}
