public import Datasets
import Export
import Methods
import Runs
public import Settings
import Training

/// A comparison as a YAML file describes it: data, a teacher, and the students that are made from it.
///
///     let recipe = try Recipe(contentsOf: "Recipes/quickstart.yaml")
///     for student in recipe.students { print(student.name, student.stages.map(\.name)) }
///
/// Every key is checked. A list where a method takes one number expands to one student for each item.
public struct Recipe: Sendable {
  /// The version of the format that is read.
  public static let version = 1
  /// The largest number of students that lists may expand to.
  static let maximumStudents = 1_000

  /// The name of the run; the file's name by default.
  public var name: String
  /// One line for people.
  public var title: String
  /// The name of a manifest, or the path of a manifest, a folder or an archive.
  public var data: String
  /// The share of images for validation where the data has no such split.
  public var validationFraction: Double
  /// The use of a folder of validation images where the data has no test images; `nil` takes the manifest's.
  public var valFolder: ValFolder?
  /// The seeds; each has its own teacher.
  public var seeds: [UInt64]
  /// The largest loss of accuracy of a chosen student, as a fraction; percentage points in the file.
  public var margin: Double
  /// The number of compute threads of a trial.
  public var threads: Int
  /// The precision of training: `auto`, `f32` or `bf16`.
  public var precision: String
  /// The names of the hardware profiles; the first is the most important one.
  public var targets: [String]
  /// True if controls are added.
  public var controls: Bool
  /// Training settings on top of the network's own, for all trainings of the run.
  public var training: SettingsNode
  /// The teacher.
  public var teacher: RecipeTeacher
  /// The students, with lists expanded.
  public var students: [RecipeStudent]
  /// The place of the recipe.
  public var mark: SettingsMark
  /// The recipe as it was read, for its copy in the run.
  public let node: SettingsNode

  private static let keys = [
    "recipe", "name", "title", "data", "validation", "val-folder", "seeds", "margin", "threads", "precision",
    "targets",
    "controls",
    "training", "teacher", "students",
  ]

  /// Reads a recipe from a file.
  public init(contentsOf path: String) throws {
    let node = try SettingsNode(contentsOf: path)
    try self.init(node, defaultName: NamedFiles.name(ofPath: path))
  }

  /// Reads a recipe from a mapping.
  public init(_ node: SettingsNode, defaultName: String) throws {
    try self.init(reading: node, defaultName: defaultName)
    try checkNames()
    _ = try taughtByStudents()
    for student in students { try student.checkOrder() }
  }

  private init(reading node: SettingsNode, defaultName: String) throws(SettingsError) {
    let owner = "a recipe"
    try node.requireKeys(Self.keys, of: owner)
    self.node = node
    mark = node.mark
    let version = try node.required("recipe", of: owner)
    guard try version.integer("recipe") == Self.version else {
      throw .outOfRange(
        version.mark, key: "recipe", expected: "the format's version, \(Self.version)",
        found: version.kindDescription)
    }
    func read<V: SettingValue>(_ key: String, default value: V) throws(SettingsError) -> V {
      try node[key].map { found throws(SettingsError) in try V(reading: found, key: key) } ?? value
    }
    name = try read("name", default: defaultName)
    title = try read("title", default: "")
    data = try node.required("data", of: owner).string("data")
    validationFraction = try read("validation", default: 0.1)
    valFolder = try read("val-folder", default: nil)
    margin = try read("margin", default: 100 * Ranking.defaultMargin) / 100
    threads = try read("threads", default: 1)
    precision = try read("precision", default: "f32")
    targets = try read("targets", default: ["cortex-m4"])
    controls = try read("controls", default: true)
    seeds = try Self.seeds(node["seeds"])
    training = node["training"] ?? SettingsNode(.mapping([]), mark: node.mark)
    teacher = try RecipeTeacher(from: node.required("teacher", of: owner))
    students = try RecipeStudent.expanded(node.required("students", of: owner))
    try checkRanges()
    try checkTraining()
  }

  private func checkRanges() throws(SettingsError) {
    func require(_ condition: Bool, _ key: String, _ expected: String) throws(SettingsError) {
      guard !condition else { return }
      let found = node[key] ?? node
      throw .outOfRange(found.mark, key: key, expected: expected, found: found.kindDescription)
    }
    try require((0...0.9).contains(validationFraction), "validation", "a share in 0...0.9")
    try require(Ranking.margins.contains(margin), "margin", "percentage points in 0...100")
    try require((1...1024).contains(threads), "threads", "an integer in 1...1024")
    try require(["auto", "f32", "bf16"].contains(precision), "precision", "one of auto, f32, bf16")
    let isName = name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
        || "-_.".utf8.contains(byte)
    }
    let isUsable = isName && !name.isEmpty && !name.hasPrefix(".")
    guard isUsable || node["name"] != nil else {
      throw .invalid(
        mark, key: "name",
        reason:
          "comes from the file's name, \"\(name)\", which may have only letters, digits, - and _; rename the file, or give a \"name\""
      )
    }
    try require(isUsable, "name", "letters, digits, - and _")
  }

  /// Reads all training settings once, so that a misspelt one is found before anything runs.
  private func checkTraining() throws(SettingsError) {
    for node in trainings where node.content != .null {
      var settings = TrainingSettings()
      try settings.update(from: node, owner: "training")
    }
  }

  /// Notes for readers of the recipe about keys that have new names.
  public var notes: [String] {
    trainings.flatMap { TrainingSettings.notes(on: $0) }
  }

  /// All mappings of training settings; one that was expanded to several students counts once.
  private var trainings: [SettingsNode] {
    var nodes: [SettingsNode] = []
    for node in [training, teacher.training] + students.flatMap(\.stages).map(\.training)
    where !nodes.contains(where: { $0.mark == node.mark && $0 == node }) {
      nodes.append(node)
    }
    return nodes
  }

  /// The students that other students teach, each after its teacher; throws for cycles.
  func taughtByStudents() throws -> [RecipeStudent] {
    var known = Set(students.filter { $0.teacher == nil }.map(\.name))
    var rest = students.filter { $0.teacher != nil }
    var order: [RecipeStudent] = []
    while let index = rest.firstIndex(where: { $0.teacher.map(known.contains) ?? false }) {
      let student = rest.remove(at: index)
      known.insert(student.name)
      order.append(student)
    }
    for student in students {
      guard let name = student.teacher else { continue }
      guard let teacher = students.first(where: { $0.name == name }) else {
        let names = students.map(\.name)
        let hint = Spelling.nearest(to: name, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
        throw RecipeError.invalid(student.mark, "\(student.name): there is no student \"\(name)\"\(hint)")
      }
      guard teacher.goal == nil else {
        throw RecipeError.invalid(
          student.mark,
          "\(student.name): its teacher \"\(name)\" has a search; a student that teaches must have fixed settings"
        )
      }
    }
    guard let stuck = rest.first else { return order }
    throw RecipeError.invalid(
      stuck.mark,
      "\(stuck.name): it would learn, through others, from itself; let one of them learn from the teacher")
  }

  private func checkNames() throws {
    var seen: Set<String> = []
    for student in students where !seen.insert(student.name).inserted {
      throw RecipeError.invalid(
        student.mark, "two students are called \"\(student.name)\"; give each student another name")
    }
  }

  /// Reads seeds: `seeds: 2` means 0 and 1; a list names them.
  private static func seeds(_ node: SettingsNode?) throws(SettingsError) -> [UInt64] {
    guard let node else { return [0, 1, 2] }
    let expected = "a number of seeds in 1...1000, or a list of different natural numbers"
    if case .list(let items) = node.content {
      let seeds = try items.map { item throws(SettingsError) in try item.integer("seeds") }
      guard !seeds.isEmpty, seeds.allSatisfy({ $0 >= 0 }), Set(seeds).count == seeds.count else {
        throw .outOfRange(node.mark, key: "seeds", expected: expected, found: node.kindDescription)
      }
      return seeds.map(UInt64.init)
    }
    let count = try node.integer("seeds")
    guard (1...1000).contains(count) else {
      throw .outOfRange(node.mark, key: "seeds", expected: expected, found: node.kindDescription)
    }
    return (0..<UInt64(count)).map { $0 }
  }
}

/// The teacher: a network to train, or an existing model.
public struct RecipeTeacher: Sendable {
  /// The teacher before the run.
  public enum Origin: Sendable, Equatable {
    /// A network to be trained: a name in Teachers/ or a path.
    case network(String)
    /// The path of a trained model.
    case model(String)
  }

  /// The teacher before the run.
  public var origin: Origin
  /// The factor on every layer's filters and features.
  public var width: Double
  /// The normalization of pixels, as `InputNormalization` reads it, where the model's file has none.
  public var normalization: String?
  /// The number of images in a model's training, with repeats; `nil` takes that of the file.
  ///
  /// It decides the budget of controls, and is given where the file has none or another one is wanted.
  public var trainingImages: Int?
  /// Training settings on top of the recipe's.
  public var training: SettingsNode
  /// The place of the teacher in the file.
  public var mark: SettingsMark

  init(from node: SettingsNode) throws(SettingsError) {
    let owner = "the teacher"
    try node.requireKeys(["network", "width", "model", "normalize", "trainingImages", "training"], of: owner)
    mark = node.mark
    let network = try node["network"].map { value throws(SettingsError) in try value.string("network") }
    let model = try node["model"].map { value throws(SettingsError) in try value.string("model") }
    switch (network, model) {
    case (let network?, nil): origin = .network(network)
    case (nil, let model?): origin = .model(model)
    default:
      throw .invalid(
        node.mark, key: "teacher", reason: "give either \"network\", which is trained, or \"model\", a file")
    }
    normalization = try node["normalize"].map { value throws(SettingsError) in try value.string("normalize") }
    width = try RecipeStudent.width(node["width"])
    training = node["training"] ?? SettingsNode(.mapping([]), mark: node.mark)
    trainingImages = try node["trainingImages"].map { value throws(SettingsError) in
      let images = try value.integer("trainingImages")
      guard model != nil else {
        throw .invalid(
          value.mark, key: "trainingImages",
          reason: "needs a \"model\"; the number for a network follows from its epochs")
      }
      guard images > 0 else {
        throw .outOfRange(
          value.mark, key: "trainingImages", expected: "a number of images above 0", found: "\(images)")
      }
      return images
    }
    guard let text = normalization else { return }
    guard model != nil else {
      throw .invalid(
        node.mark, key: "normalize",
        reason: "needs a \"model\"; the normalization of a network comes from the data")
    }
    do throws(NormalizationError) {
      _ = try InputNormalization(text)
    } catch {
      throw .invalid(node.mark, key: "normalize", reason: "\(error)")
    }
  }

  /// The network's name; `nil` for a model.
  public var network: String? { if case .network(let name) = origin { name } else { nil } }
  /// The model's path; `nil` for a network.
  public var model: String? { if case .model(let path) = origin { path } else { nil } }
}
