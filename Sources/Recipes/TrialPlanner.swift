public import Datasets
public import Execution
public import Graphs
import Methods
import Networks
import Readings
import Runs
import Settings
public import Targets
public import Tensors
import Training
import Trials

/// The facts that a recipe's plan depends on: the data's classes and channels, the teacher's network, the
/// machine.
public struct RecipeMaterial: Sendable {
  /// The SHA-256 of the data's contents.
  public var dataDigest: String
  /// The number of the data's colour channels.
  public var channels: Int
  /// The data's classes.
  public var classes: [String]
  /// The number of the data's training images.
  public var trainingImages: Int
  /// The widths and heights of the things in the data; `nil` where they are not known.
  public var boxes: [Float]?
  /// The use of a folder of validation images: for test or for validation.
  public var valFolder = ValFolder.test
  /// The folders of network specifications.
  public var teachers: [String]
  /// The instruction set of the kernels, as recorded with results.
  public var instructionSet: String
  /// The precision of training, resolved from `auto`.
  public var precision: Precision
  /// The teacher's input `[channels, height, width]`.
  public var teacherInput: Shape
  /// The SHA-256 of the teacher's file, where the recipe names a model.
  public var modelDigest: String?
  /// The number of images in that model's training, with repeats; `nil` where the file does not say it.
  public var modelImages: Int?
  /// True if that model's training is known to have left out the validation images of every seed of the
  /// recipe.
  public var isValidationUnseen = false
  /// The digests of the profiles that goals and methods name, by target.
  public var profileDigests: [String: String] = [:]
  /// The profiles that goals and methods name, by target.
  public var profiles: [String: TargetProfile] = [:]
  /// The teacher's network, where the recipe names a model.
  public var modelGraph: Graph?

  /// Makes the facts; those about models and profiles are set later.
  public init(
    dataDigest: String, channels: Int, classes: [String], trainingImages: Int, teachers: [String],
    instructionSet: String, precision: Precision, teacherInput: Shape, modelDigest: String? = nil
  ) {
    self.dataDigest = dataDigest
    self.channels = channels
    self.classes = classes
    self.trainingImages = trainingImages
    self.teachers = teachers
    self.instructionSet = instructionSet
    self.precision = precision
    self.teacherInput = teacherInput
    self.modelDigest = modelDigest
  }
}

/// Turns a recipe into a plan of trials.
public struct TrialPlanner {
  private let recipe: Recipe
  private let material: RecipeMaterial

  /// Makes a planner.
  public init(_ recipe: Recipe, _ material: RecipeMaterial) {
    self.recipe = recipe
    self.material = material
  }

  /// The trials of all seeds; throws `RecipeError` where students cannot be planned.
  public func plan() throws -> TrialPlan {
    var trials = TrialList()
    var searches: [String: TrialSearch] = [:]
    // A front is searched for once; what was taken of it is trained with every seed.
    var sought: [String: String] = [:]
    var groups: Set<String> = []
    for seed in recipe.seeds {
      let teacher = try self.teacher(seed)
      trials.add(teacher)
      let (logits, students) = try students(seed, teacher, sought: sought)
      for trial in logits { trials.add(trial) }
      for described in recipe.students {
        guard let student = students[described.name] else { continue }
        for trial in taught(described, by: students) { trials.require(trial) }
        trials.add(student)
        if student.search != nil {
          var search = try search(described)
          if described.goal?.front != nil {
            sought[described.name] = student.address
            let group = "\(described.searchName) \(seed)"
            search?.group = group
            search?.isShared = !groups.insert(group).inserted
          }
          searches[student.address] = search
        }
        guard recipe.controls else { continue }
        for control in try controls(for: student, of: described, teacher) { trials.add(control) }
      }
    }
    var notes: [String: [String]] = [:]
    for student in recipe.students where recipe.teacher.model != nil {
      let scratch = recipe.controls && student.isShapeOfTeacher ? scratchNote : nil
      let said = [scratch, optimism(of: student)].compactMap(\.self)
      if !said.isEmpty { notes[student.name] = said }
    }
    return TrialPlan(trials: trials.list, rows: trials.rows, notes: notes, searches: searches)
  }

  /// A note about the controls from scratch where the teacher is a model from a file; `nil` where there is
  /// nothing to say.
  private var scratchNote: String? {
    guard let images = scratchImages else {
      return
        "its control from scratch is missing: the teacher's file does not say on how many images it was trained; set "
        + "\"trainingImages\" of the recipe's teacher"
    }
    guard let seen = material.modelImages, images < seen else { return nil }
    return
      "its control from scratch sees \(images) training images, but the teacher saw \(seen)"
  }

  /// A note about a student that was chosen by images that its teacher may have been trained on; `nil` for
  /// others.
  private func optimism(of student: RecipeStudent) -> String? {
    guard !material.isValidationUnseen else { return nil }
    let learnsFromTeacher = student.network == nil || student.stages.contains { !$0.teacherParts.isEmpty }
    let stopsEarly =
      learnsFromTeacher
      && student.stages.contains { stage in
        (try? settings(network: student.network, [recipe.training, stage.training]))?.patience != nil
      }
    let chosen = (student.goal == nil ? [] : ["its goal"]) + (stopsEarly ? ["when its training stopped"] : [])
    guard !chosen.isEmpty else { return nil }
    return
      "\(chosen.joined(separator: " and ")) was judged on validation images that the teacher's file may have been trained "
      + "on: too well; test images were read once, at the end"
  }

  // MARK: Teachers

  /// The teacher's network before training; `nil` where the recipe names a model.
  public func teacherGraph() throws -> Graph? {
    try recipe.teacher.network.map { name in
      try graph(name, width: recipe.teacher.width, mark: recipe.teacher.mark)
    }
  }

  private func teacher(_ seed: UInt64) throws -> TrialSpec {
    switch recipe.teacher.origin {
    case .model(let path):
      guard let digest = material.modelDigest else {
        throw RecipeError.invalid(
          recipe.teacher.mark, "the teacher's file \(path) was not read; its digest is missing")
      }
      return spec(
        "teacher", .teacher, seed,
        .model(path: path, digest: digest, normalization: recipe.teacher.normalization), [])
    case .network(let network):
      let graph = try graph(network, width: recipe.teacher.width, mark: recipe.teacher.mark)
      let training = try settings(network: network, [recipe.training, recipe.teacher.training])
      return spec(
        "teacher", .teacher, seed, .network(graph.structureNode), [TrialSpec.Stage(training: training)])
    }
  }

  // MARK: Students

  /// The trials of all students of a seed by name, and those that store the teacher's logits for them.
  private func students(
    _ seed: UInt64, _ teacher: TrialSpec, sought: [String: String]
  ) throws -> (logits: [TrialSpec], students: [String: TrialSpec]) {
    let own = try recipe.students.filter { $0.teacher == nil }.map { student in
      try self.student(student, seed, teacher: teacher, sought: sought[student.name])
    }
    let logits = storedLogits(for: own, teacher)
    var students: [String: TrialSpec] = [:]
    for student in own { students[student.name] = student.usingLogits(of: logits) }
    for student in try recipe.taughtByStudents() {
      guard let teacher = student.teacher.flatMap({ students[$0] }) else { continue }
      students[student.name] = try self.student(
        student, seed, teacher: teacher, sought: sought[student.name])
    }
    return (logits, students)
  }

  /// The trials of the chain of students that teach a student, the first one first.
  private func taught(_ student: RecipeStudent, by students: [String: TrialSpec]) -> [TrialSpec] {
    guard let name = student.teacher, let teacher = recipe.students.first(where: { $0.name == name }),
      let trial = students[name]
    else { return [] }
    return taught(teacher, by: students) + [trial]
  }

  private func student(
    _ student: RecipeStudent, _ seed: UInt64, teacher: TrialSpec, sought: String?
  ) throws -> TrialSpec {
    let network = student.network ?? recipe.teacher.network
    var stages: [TrialSpec.Stage] = []
    for stage in student.stages {
      var training: TrainingSettings?
      if stage.epochs > 0 {
        training = try settings(network: network, [recipe.training, stage.training])
        training?.epochs = stage.epochs
      }
      var choice = stage.choice
      choice?.profile = stage.choice?.method.target.flatMap { material.profileDigests[$0] }
      stages.append(TrialSpec.Stage(choice: choice, objective: stage.objective, training: training))
    }
    var start = TrialSpec.Start.teacher
    if let network = student.network {
      // A student sees the images at its teacher's size, whatever its network was made for.
      let input = stages.contains { !$0.teacherParts.isEmpty } ? material.teacherInput : nil
      let graph = try graph(
        network, width: student.width, variables: student.variables, input: input, mark: student.mark)
      start = .network(graph.structureNode)
    }
    let needsTeacher =
      start == .teacher || stages.contains { !$0.teacherParts.isEmpty } || student.goal != nil
    var spec = spec(student.name, .student, seed, start, stages)
    spec.teacher = needsTeacher ? teacher.address : nil
    // What another seed's search has found is taken as it is.
    guard sought == nil else {
      spec.settingsOf = sought
      return spec
    }
    let search = try search(student)
    spec.goal = search?.goal
    spec.search = search?.node
    return spec
  }

  /// The goal by which the candidates of a searched student are judged.
  private func trialGoal(_ goal: RecipeGoal) -> TrialGoal {
    var found = TrialGoal(
      accuracyPoints: goal.accuracyPoints, target: goal.target,
      profile: goal.target.flatMap { material.profileDigests[$0] }, fileBytes: goal.fileBytes,
      latencyMs: goal.latencyMs, latencyExponent: goal.latencyExponent, limits: goal.limits)
    found.reward = goal.reward
    found.front = goal.front
    for target in goal.front?.targets ?? [] {
      found.front?.profiles[target] = material.profileDigests[target]
    }
    return found
  }

  /// The search for a student with a goal; `nil` without one.
  private func search(_ student: RecipeStudent) throws -> TrialSearch? {
    guard let goal = student.goal else { return nil }
    var search = TrialSearch(goal: trialGoal(goal), space: goal.space, strategy: goal.strategy)
    search.name = student.searchName
    search.network = try searchedNetwork(student, goal)
    if let sharing = goal.sharing {
      search.sharing = sharing
      search.family = try family(student, goal)
    }
    let isOfLayers = goal.space.variables.contains { $0.layers != .all }
    guard isOfLayers || goal.strategy.needsLatency else { return search }
    var graph = try searchedGraph(student)
    if graph.parameters.isEmpty { graph.initializeParameters(seed: 0) }
    for variable in goal.space.variables {
      guard case .named(let layers) = variable.layers,
        // An earlier stage may create layers that do not exist yet.
        let stage = variable.stage,
        !student.stages[..<stage].contains(where: { $0.choice?.order == .structure })
      else { continue }
      try requireLayers(layers.map(LayerPattern.init), of: graph, "over", goal.mark)
    }
    if goal.strategy.needsLatency,
      goal.space.variables.contains(where: { if case .similar = $0.layers { true } else { false } })
    {
      throw RecipeError.invalid(
        goal.mark,
        "over: similar layers are found by weights, which are not trained yet, and "
          + "\(type(of: goal.strategy).name) must know how much each variable saves; name the layers, or use \"layers: each\""
      )
    }
    let stages = student.stages.map { TrialSpec.Stage(choice: $0.choice) }
    search.space = try located("\(goal.mark)") { try goal.space.expanded(on: graph, stages) }
    guard !search.space.variables.isEmpty else {
      throw RecipeError.invalid(
        goal.mark, "\(student.name): its method applies to no layer, so there is nothing to search")
    }
    if let refusal = goal.strategy.refusal(of: search.space) {
      throw RecipeError.invalid(goal.mark, "search: \(type(of: goal.strategy).name) \(refusal)")
    }
    if goal.strategy.needsLatency, let limit = goal.latencyMs, let name = goal.target,
      let profile = material.profiles[name]
    {
      guard profile.basis != .measured else {
        throw RecipeError.invalid(
          goal.mark,
          "\(name) has no cost model, only measurements: "
            + "\(type(of: goal.strategy).name) cannot estimate how much layers would save on it; choose another target"
        )
      }
      let model = LatencyModel(limitMs: limit, of: graph, stages, search.space, on: profile)
      guard model.saves(in: search.space) else {
        throw RecipeError.invalid(
          goal.mark,
          "search: by the cost model of \(name) no setting of \"over\" makes the network faster: choose settings of a method that "
            + "changes the structure, such as channel-pruning's sparsity with \"scope: layer\"")
      }
      search.latency = model
    }
    return search
  }

  /// The function from an assignment to its network, where some variables are the network's; else `nil`.
  ///
  /// Each variable's ends are built once as a check. The function throws for a network whose values or
  /// weights cannot fit the goal's target, so that it is not trained.
  private func searchedNetwork(
    _ student: RecipeStudent, _ goal: RecipeGoal
  ) throws -> (@Sendable (Assignment) throws -> Graph)? {
    let space = goal.space
    guard let family = try searchedSpace(student, space) else { return nil }
    let (name, spec, options) = (student.network ?? "", family.network, family.options)
    let known = spec.variables.map(\.name)
    for variable in space.variables where variable.stage == nil {
      guard let setting = variable.setting, known.contains(setting) else {
        throw RecipeError.invalid(
          goal.mark,
          "over: \(name) has no variable \"\(variable.setting ?? "")\""
            + (Spelling.nearest(to: variable.setting ?? "", among: known).map { "; did you mean \"\($0)\"?" }
              ?? "")
            + " (\(known.isEmpty ? "it has none" : known.joined(separator: ", ")))")
      }
    }
    for variable in space.variables where variable.stage == nil {
      for value in variable.domain.ends {
        var options = options
        options.variables[variable.setting ?? ""] = value
        // A value that no layer accepts is an error; one that fits no shape may fit beside other values.
        do throws(NetworkError) {
          _ = try spec.build(options: options)
        } catch {
          guard error.isOfShape else {
            throw RecipeError.invalid(goal.mark, "over: \(variable.name): \(error)")
          }
        }
      }
    }
    let limited = goal.targets.compactMap { limitedProfile($0, goal) }
    let bits = student.stages.contains { $0.choice?.order == .values } ? 8 : 32
    return { assignment in
      let graph = try family.graph(space.networkValues(assignment))
      for profile in limited {
        if let reason = try profile.certainMiss(of: graph, bitsOfValues: bits) {
          throw TrialError.goal("not trained: \(reason)")
        }
      }
      return graph
    }
  }

  /// The networks of a space; `nil` where no variable is the network's.
  private func searchedSpace(_ student: RecipeStudent, _ space: SearchSpace) throws -> SearchedNetwork? {
    guard let name = student.network, space.variables.contains(where: { $0.stage == nil }) else { return nil }
    return SearchedNetwork(
      try networkSpec(name, mark: student.mark),
      NetworkOptions(
        input: student.stages.contains { !$0.teacherParts.isEmpty } ? material.teacherInput : nil,
        channels: material.channels, classes: material.classes.count, width: student.width,
        variables: student.variables, boxes: material.boxes), space)
  }

  /// The networks of a space that are to share weights; throws where they cannot.
  private func family(_ student: RecipeStudent, _ goal: RecipeGoal) throws -> SearchedNetwork? {
    guard let family = try searchedSpace(student, goal.space), let stage = student.stages.first else {
      return nil
    }
    try located("\(goal.mark)") {
      try ElasticTrainer.require(settings(network: student.network, [recipe.training, stage.training]))
      try family.requireShared()
    }
    return family
  }

  /// A target with a goal's own limits of memory, where these are less than its own.
  private func limitedProfile(_ target: String, _ goal: RecipeGoal) -> TargetProfile? {
    func limit(_ resource: Resource) -> Double? {
      goal.front.map { $0.limits[.resource(resource, target: target)] } ?? goal.limits[resource]
    }
    var profile = material.profiles[target]
    if let limit = limit(.flash), let own = profile?.flashBytes?.value {
      profile?.flashBytes?.value = min(own, limit)
    }
    if let limit = limit(.ram), let own = profile?.ramBytes?.value {
      profile?.ramBytes?.value = min(own, limit)
    }
    return profile
  }

  /// Throws for patterns that match no layer of a network, which are probably misspelt.
  private func requireLayers(
    _ patterns: [LayerPattern], of graph: Graph, _ key: String, _ mark: SettingsMark
  ) throws {
    guard let stray = patterns.first(where: { !graph.nodes.contains(where: $0.matches) }) else { return }
    let names = graph.nodes.map(\.name)
    let nearest = Spelling.nearest(to: stray.text, among: names)
    throw RecipeError.invalid(
      mark,
      "\(key): \"\(stray.text)\" matches no layer\(nearest.map { "; did you mean \"\($0)\"?" } ?? "") "
        + "(\(names.joined(separator: ", ")))")
  }

  /// The network that a searched student starts from.
  private func searchedGraph(_ student: RecipeStudent) throws -> Graph {
    if let network = student.network {
      let input = student.stages.contains { !$0.teacherParts.isEmpty } ? material.teacherInput : nil
      return try graph(
        network, width: student.width, variables: student.variables, input: input, mark: student.mark)
    }
    guard let graph = try teacherGraph() ?? material.modelGraph else {
      throw RecipeError.invalid(recipe.teacher.mark, "the teacher's network was not read")
    }
    return graph
  }

  /// One trial for each stream of training images that students are distilled on, for the longest training on
  /// it.
  private func storedLogits(for students: [TrialSpec], _ teacher: TrialSpec) -> [TrialSpec] {
    var longest: [String: TrainingSettings] = [:]
    var order: [String] = []
    for stage in students.flatMap(\.stages) where stage.teacherParts == [.logits] {
      guard let training = stage.training else { continue }
      let key = training.streamKey
      if longest[key] == nil { order.append(key) }
      if training.epochs > longest[key]?.epochs ?? 0 { longest[key] = training.streamSettings }
    }
    return order.compactMap { key in
      longest[key].map { training in
        var logits = spec("logits", .logits, teacher.seed, .teacher, [TrialSpec.Stage(training: training)])
        logits.teacher = teacher.address
        return logits
      }
    }
  }

  // MARK: Controls

  /// The controls of a student: trained without its teacher, its shape from scratch, and its criteria
  /// replaced by chance.
  private func controls(
    for student: TrialSpec, of described: RecipeStudent, _ teacher: TrialSpec
  ) throws -> [TrialSpec] {
    let controls = [alone(student), try fromScratch(student, teacher), atRandom(student)]
    return controls.compactMap(\.self).map { control in
      var control = control
      control.role = .control
      control.controlOf = [student.name]
      (control.goal, control.search) = (nil, nil)
      // The controls of a searched student take the settings that its search finds.
      control.settingsOf = student.goal != nil ? student.address : student.settingsOf
      return control
    }
  }

  /// The same network trained without its teacher, on as many images; `nil` for a student without one.
  private func alone(_ student: TrialSpec) -> TrialSpec? {
    guard case .network = student.start, student.stages.contains(where: { !$0.teacherParts.isEmpty }) else {
      return nil
    }
    var control = student
    control.name = student.name + "~alone"
    for index in control.stages.indices where !control.stages[index].teacherParts.isEmpty {
      control.stages[index].objective = control.stages[index].objectiveWithoutTeacher
      control.stages[index].training = control.stages[index].training?.withoutDistillation
    }
    control.teacher = nil
    control.logits = nil
    return control
  }

  /// The shape that structural stages leave, trained from scratch, then the student's later stages; `nil`
  /// where that does not apply.
  ///
  /// The training sees as many images as the teacher and the recovery together.
  private func fromScratch(_ student: TrialSpec, _ teacher: TrialSpec) throws -> TrialSpec? {
    let structural = student.stages.lastIndex { $0.choice?.order == .structure }
    guard let structural, student.start == .teacher, var training = try scratchTraining(teacher) else {
      return nil
    }
    training.epochs += student.stages[...structural].reduce(0) { $0 + ($1.training?.epochs ?? 0) }
    var control = student
    control.name = student.name + "~scratch"
    control.start = .shape(of: student.address)
    control.stages = [TrialSpec.Stage(training: training)] + student.stages[(structural + 1)...]
    if control.stages.allSatisfy(\.teacherParts.isEmpty) {
      control.teacher = nil
      control.logits = nil
    }
    return control
  }

  /// The teacher's training; `nil` where its number of images is unknown.
  private func scratchTraining(_ teacher: TrialSpec) throws -> TrainingSettings? {
    if recipe.teacher.model == nil { return teacher.stages.first?.training }
    guard let images = scratchImages else { return nil }
    var training = try settings(network: nil, [recipe.training, recipe.teacher.training])
    let epoch = material.trainingImages / training.batch * training.batch
    training.epochs = max(1, Int((Double(images) / Double(max(1, epoch))).rounded()))
    return training
  }

  /// The number of training images for controls from scratch where the teacher is a model: the recipe's, or
  /// the file's.
  private var scratchImages: Int? { recipe.teacher.trainingImages ?? material.modelImages }

  /// The same pipeline with its criteria replaced by chance; `nil` where no method has such a control.
  private func atRandom(_ student: TrialSpec) -> TrialSpec? {
    var control = student
    control.name = student.name + "~random"
    var isChanged = false
    for (index, stage) in student.stages.enumerated() {
      guard let random = stage.choice?.randomControl else { continue }
      control.stages[index].choice = random
      isChanged = true
    }
    return isChanged ? control : nil
  }

  // MARK: Parts

  private func spec(
    _ name: String, _ role: TrialRole, _ seed: UInt64, _ start: TrialSpec.Start,
    _ stages: [TrialSpec.Stage]
  ) -> TrialSpec {
    var spec = TrialSpec(
      name: name, role: role, seed: seed, data: recipe.data, dataDigest: material.dataDigest,
      validationFraction: recipe.validationFraction, start: start, stages: stages, threads: recipe.threads,
      precision: material.precision, instructionSet: material.instructionSet, targets: recipe.targets)
    spec.valFolder = material.valFolder
    return spec
  }

  private func networkSpec(_ name: String, mark: SettingsMark) throws -> NetworkSpec {
    try located("\(mark)") { try NetworkSpec.named(name, searching: material.teachers) }
  }

  private func graph(
    _ name: String, width: Double, variables: [String: SettingsNode] = [:], input: Shape? = nil,
    mark: SettingsMark
  ) throws -> Graph {
    let spec = try networkSpec(name, mark: mark)
    return try located("\(mark)") {
      try spec.build(
        options: NetworkOptions(
          input: input, channels: material.channels, classes: material.classes.count, width: width,
          variables: variables, boxes: material.boxes))
    }
  }

  /// The network's own training with the recipe's mappings on top, with batches limited to the number of
  /// images.
  private func settings(network: String?, _ layers: [SettingsNode]) throws -> TrainingSettings {
    var settings = TrainingSettings()
    let own = try network.map { name in try networkSpec(name, mark: recipe.mark).training
    }
    for node in [own].compactMap({ $0 }) + layers where node.content != .null {
      try settings.update(from: node, owner: "training")
    }
    if material.trainingImages < settings.batch, material.trainingImages >= settings.parts {
      settings.batch = material.trainingImages - material.trainingImages % settings.parts
    }
    return settings
  }
}

/// A list of trials without repetition, so that a trial of several rows is run once.
private struct TrialList {
  private(set) var list: [TrialSpec] = []
  private(set) var rows: [TrialRow] = []
  private var addresses: Set<String> = []

  mutating func add(_ trial: TrialSpec) {
    if trial.role.isRow { rows.append(TrialRow(trial)) }
    require(trial)
  }

  /// Adds a trial that is no row here.
  mutating func require(_ trial: TrialSpec) {
    if addresses.insert(trial.address).inserted { list.append(trial) }
  }
}

extension TrialSpec {
  /// The trial with the address of the trial that stores its teacher's logits.
  fileprivate func usingLogits(of stored: [TrialSpec]) -> TrialSpec {
    var trial = self
    let stream = stages.first { $0.teacherParts == [.logits] }?.training?.streamKey
    trial.logits = stored.first { $0.stages.first?.training?.streamKey == stream }?.address
    return trial
  }
}

extension TrainingSettings {
  /// The settings that decide the views and the order of images.
  fileprivate var streamSettings: TrainingSettings {
    var stream = TrainingSettings()
    stream.epochs = epochs
    stream.batch = batch
    stream.augmentations = augmentations
    return stream
  }

  /// A key that is equal for equal streams of any length.
  fileprivate var streamKey: String {
    var stream = streamSettings
    stream.epochs = 1
    return stream.node.canonicalJSON
  }
}
