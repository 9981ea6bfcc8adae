import Crypto
public import Datasets
public import Execution
import Methods
public import Readings
public import Runs
public import Settings
public import Training

/// The specification of a trial, which decides its result: `spec.json` in its directory.
///
/// The address is the SHA-256 of everything that decides the result, in canonical JSON. The trial's name, the
/// rows that it is a control of and its targets are no part of it.
public struct TrialSpec: Sendable {
  /// The network before the first stage.
  public enum Start: Sendable, Equatable {
    /// A structure with fresh parameters.
    case network(SettingsNode)
    /// A structure that takes over what it can of the network that a candidate has trained.
    case inherited(SettingsNode, of: String)
    /// A structure whose weights are its part of those that a trial has trained for all networks of a space.
    ///
    /// Statistics of batch norms are measured over so many training images.
    case sliced(SettingsNode, of: String, images: Int)
    /// The teacher's network with its parameters.
    case teacher
    /// The structure of another trial's network, by the trial's address, with fresh parameters.
    case shape(of: String)
    /// The finished student of a search's candidate, chosen among others, all by address.
    case candidate(String, among: [String])
    /// A model's file with its SHA-256; `normalization` is the text that says how its pixels are normalized.
    case model(path: String, digest: String, normalization: String? = nil)
  }

  /// One stage, with every setting resolved.
  public struct Stage: Sendable {
    /// The method that is applied; `nil` for a stage that only trains.
    public var choice: MethodChoice?
    /// The objective as settings; `nil` for the task's plain loss.
    public var objective: SettingsNode?
    /// The settings of the training; `nil` for a stage that does not train.
    public var training: TrainingSettings?
    /// The epoch after which the training ends, though its schedule is for more; `nil` trains all.
    public var through: Int?
    /// The values that a search chose for the stage, in words; no part of the address.
    public var label: String?

    /// Makes a stage.
    public init(
      choice: MethodChoice? = nil, objective: SettingsNode? = nil, training: TrainingSettings? = nil
    ) {
      self.choice = choice
      self.objective = objective
      self.training = training
    }

    /// The method's name, or `train`.
    public var name: String { choice?.name ?? "train" }
  }

  /// The student's name in the recipe; `teacher` for teachers.
  public var name: String
  /// The purpose of the trial.
  public var role: TrialRole
  /// The seed of all random draws.
  public var seed: UInt64
  /// The data as the recipe names it.
  public var data: String
  /// The SHA-256 of the data's contents.
  public var dataDigest: String
  /// The share of training images that are kept for validation, 0…1.
  public var validationFraction: Double
  /// The use of a folder of validation images: for test or for validation.
  public var valFolder = ValFolder.test
  /// The network before the first stage.
  public var start: Start
  /// The stages, in order.
  public var stages: [Stage]
  /// The address of the teacher's trial; `nil` where none is needed.
  public var teacher: String?
  /// The address of the trial that stores the teacher's logits; `nil` where none is needed.
  public var logits: String?
  /// The goal of a search and its limits; `nil` for fixed settings.
  public var goal: TrialGoal?
  /// In a plan: the search for the student; its trial is known when the search ends.
  public var search: SettingsNode?
  /// In a plan: the address of the searched student whose settings this control takes.
  public var settingsOf: String?
  /// The number of compute threads.
  public var threads: Int
  /// The precision of the training.
  public var precision: Precision
  /// The instruction set of the kernels.
  public var instructionSet: String
  /// The engine's revision, which is raised when kernels give other bits.
  public var engine: Int
  /// The students that this trial is a control of.
  public var controlOf: [String]
  /// The names of the hardware profiles that the student is read on.
  public var targets: [String]
  /// The trial whose training this one continues if its checkpoint is still there.
  ///
  /// It decides nothing: without the checkpoint the same is trained from the start.
  public var continues: Continuation?
  /// The stage after which a candidate leaves its network for others to start from, counted from 0; `nil` for none.
  public var leaves: Int?
  /// The networks that the first stage trains together, as parts of the network it starts from; `nil` for one network.
  public var space: SearchedNetwork?

  /// A trial that is this one but for the epochs of a stage.
  public struct Continuation: Sendable, Equatable {
    /// Its address.
    public var address: String
    /// The epochs that it has trained.
    public var epochs: Int

    /// Makes a continuation.
    public init(address: String, epochs: Int) { (self.address, self.epochs) = (address, epochs) }
  }

  /// The present revision of the engine.
  ///
  /// Revision 2 measures students whose values are all integers in integers; 3 has its own kernels to
  /// normalize batches where channels are no multiple of 16; 4 shows a teacher pixels of its own
  /// normalization; 5 computes objectives in the plan.
  public static let engineRevision = 5

  /// Makes a specification of the present engine revision.
  public init(
    name: String, role: TrialRole, seed: UInt64, data: String, dataDigest: String, validationFraction: Double,
    start: Start, stages: [Stage], teacher: String? = nil, logits: String? = nil, goal: TrialGoal? = nil,
    threads: Int, precision: Precision, instructionSet: String, controlOf: [String] = [],
    targets: [String] = []
  ) {
    self.name = name
    self.role = role
    self.seed = seed
    self.data = data
    self.dataDigest = dataDigest
    self.validationFraction = validationFraction
    self.start = start
    self.stages = stages
    self.teacher = teacher
    self.logits = logits
    self.goal = goal
    self.threads = threads
    self.precision = precision
    self.instructionSet = instructionSet
    engine = Self.engineRevision
    self.controlOf = controlOf
    self.targets = targets
  }

  /// The SHA-256 of everything that decides the result, in hexadecimal.
  public var address: String {
    SHA256.hash(data: Array(decisive.canonicalJSON.utf8)).map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }

  /// The name of the trial's directory: `<student>-s<seed>-<hash12>`.
  public var directoryName: String { "\(name)-s\(seed)-\(address.prefix(12))" }

  /// The addresses of trials that must be finished before this one can begin.
  public var dependencies: [String] {
    var others: [String] = []
    switch start {
    case .shape(let address): others = [address]
    case .candidate(_, let all): others = all
    case .inherited(_, let parent), .sliced(_, let parent, _): others = [parent]
    case .network, .teacher, .model: break
    }
    return [teacher, logits, settingsOf].compactMap { $0 } + others
  }

  /// True if the trial is known only in part: another trial or a search decides what is run.
  public var isPlanned: Bool {
    switch start {
    case .shape: true
    case .candidate: false
    case .network, .inherited, .sliced, .teacher, .model:
      search != nil || settingsOf != nil || (goal != nil && role != .candidate)
    }
  }

  /// The names of the methods and objectives, in order.
  public var methods: [String] {
    var names: [String] = []
    for stage in stages {
      if let choice = stage.choice { names.append(choice.name) }
      if let name = stage.objectiveName, !names.contains(name) { names.append(name) }
    }
    return names
  }

  /// The number of images that all trainings see, with repeats, for a number of training images.
  public func trainingImages(of images: Int) -> Int {
    // A chosen candidate was trained in its own trial.
    if case .candidate = start { return 0 }
    return stages.reduce(0) { sum, stage in
      guard let training = stage.training else { return sum }
      let epochs = min(training.epochs, stage.through ?? .max)
      // Of several trainings the longest is the one that is gone on with.
      let done =
        stage.training?.epochs == stages.compactMap(\.training?.epochs).max() ? continues?.epochs ?? 0 : 0
      return sum + max(0, epochs - done) * (images / max(1, training.batch)) * training.batch
    }
  }

  private var decisive: SettingsNode {
    var node = SettingsNode(mapping: [
      "schema": 1.node, "role": (role == .control ? TrialRole.student : role).node,
      "seed": Int(clamping: seed).node,
      "data": dataDigest.node, "validation": validationFraction.node, "start": start.node,
      "stages": SettingsNode(.list(stages.map(\.node))), "teacher": teacher.node, "logits": logits.node,
      "goal": goal?.node ?? SettingsNode(.null), "threads": threads.node, "precision": precision.node,
      "instructionSet": instructionSet.node, "engine": engine.node,
    ])
    addRare(to: &node)
    return node
  }

  /// Adds entries that few trials have, where they have them, so that the addresses of all others stay the
  /// same.
  private func addRare(to node: inout SettingsNode) {
    guard case .mapping(let entries) = node.content else { return }
    var rare: [(key: String, value: SettingsNode)] = []
    if valFolder != .test { rare.append(("valFolder", valFolder.rawValue.node)) }
    if let search { rare.append(("search", search)) }
    if let settingsOf { rare.append(("settingsOf", settingsOf.node)) }
    if let leaves { rare.append(("leaves", leaves.node)) }
    if let space { rare.append(("space", space.node)) }
    let mark = SettingsMark(source: "built-in")
    node = SettingsNode(.mapping(entries + rare.map { .init(key: $0.key, mark: mark, value: $0.value) }))
  }

  /// The specification as `spec.json` stores it.
  public var node: SettingsNode {
    var node = SettingsNode(mapping: [
      "schema": 1.node, "name": name.node, "role": role.node, "seed": Int(clamping: seed).node,
      "data": data.node,
      "dataDigest": dataDigest.node, "validation": validationFraction.node, "start": start.node,
      "stages": SettingsNode(.list(stages.map(\.labelledNode))), "teacher": teacher.node,
      "logits": logits.node,
      "goal": goal?.node ?? SettingsNode(.null), "threads": threads.node, "precision": precision.node,
      "instructionSet": instructionSet.node, "engine": engine.node, "controlOf": controlOf.node,
      "targets": targets.node, "address": address.node,
    ])
    addRare(to: &node)
    return continues.map { continued in
      node.adding(
        SettingsNode(mapping: [
          "continues": SettingsNode(mapping: [
            "trial": continued.address.node, "epochs": continued.epochs.node,
          ])
        ]))
    } ?? node
  }
}

extension TrialSpec {
  /// The trial with all epochs of its trainings, begun anew.
  var untruncated: TrialSpec {
    var spec = self
    for index in stages.indices { spec.stages[index].through = nil }
    spec.continues = nil
    return spec
  }

  /// True if a stage's training ends before its schedule does.
  var isTruncated: Bool { stages.contains { $0.through != nil } }

  /// True if its weights are shared with other networks, so that it can be judged and not taken.
  var isShared: Bool { if case .sliced = start { true } else { space != nil } }
}

extension TrialSpec.Stage {
  /// The parts of a teacher that the objective learns from.
  public var teacherParts: Set<TeacherPart> { DistillerCatalogue.teacherParts(of: objective) }

  /// The rest of the objective without a teacher; `nil` for the plain loss.
  public var objectiveWithoutTeacher: SettingsNode? {
    guard let left = objective.flatMap({ try? DistillerCatalogue.read($0) })?.withoutTeacher,
      !(left is Supervised)
    else { return nil }
    return DistillerCatalogue.write(left)
  }

  /// The objective's name; `nil` for the plain loss.
  public var objectiveName: String? {
    switch objective?.content {
    case .string(let name): name
    case .mapping(let entries): entries.first?.key
    default: nil
    }
  }

  var node: SettingsNode {
    let node = SettingsNode(mapping: [
      "method": choice?.node ?? SettingsNode(.null), "objective": objective ?? SettingsNode(.null),
      "training": training?.node ?? SettingsNode(.null),
    ])
    // Few stages have it: the addresses of all others stay.
    return through.map { node.adding(SettingsNode(mapping: ["through": $0.node])) } ?? node
  }

  /// The stage with its label.
  fileprivate var labelledNode: SettingsNode {
    guard let label, case .mapping(let entries) = node.content else { return node }
    return SettingsNode(.mapping(entries + [.init(key: "label", mark: node.mark, value: label.node)]))
  }

  init(from node: SettingsNode) throws(SettingsError) {
    try node.requireKeys(["method", "objective", "training", "label", "through"], of: "a stage")
    func given(_ key: String) -> SettingsNode? { node[key].flatMap { $0.content == .null ? nil : $0 } }
    self.init(
      choice: try given("method").map { item throws(SettingsError) in try MethodChoice(from: item) },
      objective: given("objective"),
      training: try given("training").map { item throws(SettingsError) in
        try TrainingSettings(from: item, owner: "training")
      })
    through = try given("through").map { item throws(SettingsError) in
      let epochs = try item.integer("through")
      guard epochs > 0 else {
        throw .outOfRange(item.mark, key: "through", expected: "epochs above 0", found: "\(epochs)")
      }
      return epochs
    }
    label = try given("label").map { item throws(SettingsError) in try item.string("label") }
  }
}

extension TrialSpec.Start {
  var node: SettingsNode {
    switch self {
    case .network(let structure): SettingsNode(mapping: ["network": structure])
    case .inherited(let structure, let address):
      SettingsNode(mapping: ["network": structure, "inherits": address.node])
    case .sliced(let structure, let address, let images):
      SettingsNode(mapping: ["network": structure, "slices": address.node, "images": images.node])
    case .teacher: SettingsNode(mapping: ["teacher": true.node])
    case .shape(let address): SettingsNode(mapping: ["shape": address.node])
    case .candidate(let address, let all):
      SettingsNode(mapping: ["candidate": address.node, "among": all.node])
    case .model(let path, let digest, nil):
      SettingsNode(mapping: ["model": path.node, "digest": digest.node])
    case .model(let path, let digest, let normalization?):
      SettingsNode(mapping: ["model": path.node, "digest": digest.node, "normalize": normalization.node])
    }
  }

  init(from node: SettingsNode) throws(SettingsError) {
    try node.requireKeys(
      [
        "network", "inherits", "slices", "images", "teacher", "shape", "candidate", "among", "model",
        "digest", "normalize",
      ], of: "a start")
    if let structure = node["network"] {
      self = .network(structure)
      if let address = node["inherits"] { self = .inherited(structure, of: try address.string("inherits")) }
      if let address = node["slices"] {
        let images = try node.required("images", of: "a start")
        let count = try images.integer("images")
        guard count > 0 else {
          throw .outOfRange(images.mark, key: "images", expected: "a number above 0", found: "\(count)")
        }
        self = .sliced(structure, of: try address.string("slices"), images: count)
      }
    } else if let address = node["shape"] {
      self = .shape(of: try address.string("shape"))
    } else if let address = node["candidate"] {
      self = .candidate(
        try address.string("candidate"),
        among: try [String](reading: node.required("among", of: "a candidate"), key: "among"))
    } else if let path = node["model"] {
      self = .model(
        path: try path.string("model"), digest: try node.required("digest", of: "a model").string("digest"),
        normalization: try node["normalize"].map { value throws(SettingsError) in
          try value.string("normalize")
        })
    } else {
      _ = try node.required("teacher", of: "a start")
      self = .teacher
    }
  }
}

extension TrialSpec {
  /// Reads a specification that `node` wrote; the address is computed again.
  public init(from node: SettingsNode) throws {
    let owner = "a trial"
    try node.requireKeys(
      [
        "schema", "name", "role", "seed", "data", "dataDigest", "validation", "valFolder", "start", "stages",
        "teacher", "logits",
        "goal", "search", "settingsOf", "threads", "precision", "instructionSet", "engine", "controlOf",
        "targets", "address", "continues", "leaves", "space",
      ], of: owner)
    func value<V: SettingValue>(_ key: String) throws(SettingsError) -> V {
      try V(reading: node.required(key, of: owner), key: key)
    }
    let seed: Int = try value("seed")
    guard seed >= 0 else {
      throw SettingsError.outOfRange(
        node.mark, key: "seed", expected: "a natural number", found: "\(seed)")
    }
    let goal = try node.required("goal", of: owner)
    let stages = try node.required("stages", of: owner).list("stages")
    self.init(
      name: try value("name"), role: try value("role"), seed: UInt64(seed), data: try value("data"),
      dataDigest: try value("dataDigest"), validationFraction: try value("validation"),
      start: try Start(from: node.required("start", of: owner)),
      stages: try stages.map { item throws(SettingsError) in try Stage(from: item) },
      teacher: try value("teacher"), logits: try value("logits"),
      goal: goal.content == .null ? nil : try TrialGoal(from: goal), threads: try value("threads"),
      precision: try value("precision"), instructionSet: try value("instructionSet"),
      controlOf: try value("controlOf"), targets: try value("targets"))
    if let use = node["valFolder"] { valFolder = try ValFolder(reading: use, key: "valFolder") }
    search = node["search"]
    settingsOf = try node["settingsOf"].map { value throws(SettingsError) in try value.string("settingsOf") }
    engine = try value("engine")
    leaves = try node["leaves"].map { value throws(SettingsError) in try value.integer("leaves") }
    space = try node["space"].map { try SearchedNetwork(from: $0) }
    if let node = node["continues"] {
      continues = Continuation(
        address: try node.required("trial", of: "continues").string("trial"),
        epochs: try node.required("epochs", of: "continues").integer("epochs"))
    }
  }
}

/// The goal of a search, judged on validation images.
public struct TrialGoal: Sendable, Equatable {
  /// The largest loss of validation accuracy against the teacher, in percentage points.
  public var accuracyPoints: Double?
  /// The target whose limits must be kept.
  public var target: String?
  /// The digest of the target's profile, as another profile makes another search.
  public var profile: String?
  /// The largest size of the student's file in bytes.
  public var fileBytes: Int?
  /// The largest latency on the target in ms; with an exponent, the reference latency of the reward.
  public var latencyMs: Double?
  /// The exponent w, at most 0, of the reward `accuracy · (latency / latencyMs)^w`; `nil` makes the latency a
  /// limit.
  public var latencyExponent: Double?
  /// Limits for the target's resources, in addition to those of the target itself.
  public var limits: [Resource: Double]
  /// The quantities against which accuracy is weighed; `nil` if accuracy alone decides.
  public var reward: Reward?
  /// The goal with several objectives, which replaces all others; `nil` for goals of one.
  public var front: FrontGoal?
  /// True if candidates are read on the target as rows are, simulated where possible, even without a latency
  /// goal.
  public var readsAsRows = false

  /// The resources that can have limits, with their keys in recipes and specifications.
  public static let limitable: [(key: String, resource: Resource)] = [
    ("flashBytes", .flash), ("ramBytes", .ram), ("energyMicrojoules", .energy),
  ]

  /// Makes a goal.
  public init(
    accuracyPoints: Double? = nil, target: String? = nil, profile: String? = nil, fileBytes: Int? = nil,
    latencyMs: Double? = nil, latencyExponent: Double? = nil, limits: [Resource: Double] = [:]
  ) {
    self.limits = limits
    self.latencyMs = latencyMs
    self.latencyExponent = latencyExponent
    self.accuracyPoints = accuracyPoints
    self.target = target
    self.profile = profile
    self.fileBytes = fileBytes
  }

  var node: SettingsNode {
    let plain = SettingsNode(mapping: [
      "accuracyPoints": accuracyPoints.node, "target": target.node, "profile": profile.node,
      "fileBytes": fileBytes.node,
    ])
    // Few goals have what follows: the addresses of all others stay.
    let fronted = front.map { plain.adding(SettingsNode(mapping: ["front": $0.node])) } ?? plain
    let node = reward.map { fronted.adding(SettingsNode(mapping: ["reward": $0.node])) } ?? fronted
    // Few goals have these keys; without them the addresses of all other trials stay the same.
    let timed = latencyMs.map { node.adding(SettingsNode(mapping: ["latencyMs": $0.node])) } ?? node
    var goal =
      latencyExponent.map { timed.adding(SettingsNode(mapping: ["latencyExponent": $0.node])) } ?? timed
    for (key, resource) in Self.limitable {
      if let limit = limits[resource] { goal = goal.adding(SettingsNode(mapping: [key: limit.node])) }
    }
    return readsAsRows ? goal.adding(SettingsNode(mapping: ["readsAsRows": true.node])) : goal
  }

  init(from node: SettingsNode) throws(SettingsError) {
    try node.requireKeys(
      [
        "accuracyPoints", "target", "profile", "fileBytes", "latencyMs", "latencyExponent", "readsAsRows",
        "reward",
        "front",
      ] + Self.limitable.map(\.key), of: "a goal")
    func value<V: SettingValue>(_ key: String) throws(SettingsError) -> V {
      try V(reading: node.required(key, of: "a goal"), key: key)
    }
    accuracyPoints = try value("accuracyPoints")
    target = try value("target")
    profile = try value("profile")
    fileBytes = try value("fileBytes")
    latencyMs = try node["latencyMs"].map { value throws(SettingsError) in try value.number("latencyMs") }
    latencyExponent = try node["latencyExponent"].map { value throws(SettingsError) in
      try value.number("latencyExponent")
    }
    limits = [:]
    for (key, resource) in Self.limitable {
      limits[resource] = try node[key].map { limit throws(SettingsError) in try limit.number(key) }
    }
    reward = try node["reward"].map { item throws(SettingsError) in try Reward(from: item) }
    front = try node["front"].map { item throws(SettingsError) in try FrontGoal(from: item) }
    readsAsRows =
      try node["readsAsRows"].map { flag throws(SettingsError) in
        try Bool(reading: flag, key: "readsAsRows")
      } ?? false
  }
}
