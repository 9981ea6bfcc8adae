import Recipes
import Settings
import Tensors
import Testing
import Training

@Suite("Planning trials")
struct TrialPlannerTests {
  private func plan(
    _ yaml: String, digest: String = "d", threads: Int? = nil, profiles: [String: String] = [:]
  ) throws -> TrialPlan {
    var recipe = try RecipeTests.recipe(yaml)
    if let threads { recipe.threads = threads }
    var material = RecipeMaterial(
      dataDigest: digest, channels: 1, classes: (0..<10).map(String.init), trainingImages: 1000,
      teachers: [Checkout.path + "/Teachers"], instructionSet: "x", precision: "f32",
      teacherInput: [1, 28, 28])
    material.profileDigests = profiles
    return try TrialPlanner(recipe, material).plan()
  }

  @Test("Every trial stands after those it needs, and none twice")
  func order() throws {
    let trials = try plan(RecipeTests.small).trials
    var seen: Set<String> = []
    for trial in trials {
      #expect(trial.dependencies.allSatisfy(seen.contains), "\(trial.name)")
      #expect(seen.insert(trial.address).inserted, "\(trial.name)")
    }
  }

  @Test("A changed board is another search for what fits it, and the same trial for everyone else")
  func goalProfiles() throws {
    let yaml =
      RecipeTests.small.split(separator: "\n").prefix(5).joined(separator: "\n") + """

          - name: fitting
            fit: {target: uno}
            pipeline: [{magnitude-pruning: {sparsity: 0.5}, epochs: 1}]
          - name: plain
            pipeline: [{magnitude-pruning: {sparsity: 0.5}, epochs: 1}]
        """
    let (first, second) = (
      try plan(yaml, profiles: ["uno": "a"]).trials, try plan(yaml, profiles: ["uno": "b"]).trials
    )
    for (one, other) in zip(first, second) {
      #expect((one.address == other.address) == (one.goal == nil), "\(one.name)")
      #expect(try TrialSpec(from: one.node).address == one.address)
    }
    #expect(first.contains { $0.goal != nil } && first.contains { $0.name == "plain" })
  }

  @Test("Student seed s learns from teacher s, and controls stand beside the students that need them")
  func controls() throws {
    let trials = try plan(RecipeTests.small).trials
    for student in trials where student.teacher != nil {
      let teacher = trials.first { $0.address == student.teacher }
      #expect(teacher?.seed == student.seed && teacher?.role == .teacher)
    }
    let controls = trials.filter { $0.role == .control && $0.seed == 0 }
    #expect(
      controls.map(\.name).sorted() == [
        "pruned-0.5~random", "pruned-0.9~random", "tiny-0.25-1~alone", "tiny-0.25-2~alone",
        "tiny-0.5-1~alone",
        "tiny-0.5-2~alone",
      ])
    let alone = try #require(controls.first { $0.name == "tiny-0.25-2~alone" })
    let student = try #require(trials.first { $0.name == "tiny-0.25-2" && $0.seed == 0 })
    #expect(alone.trainingImages(of: 1000) == student.trainingImages(of: 1000))
    #expect(alone.stages.allSatisfy { $0.objective == nil } && alone.teacher == nil)
  }

  @Test(
    "A structural student is held against its shape from scratch on as many images as teacher and recovery")
  func scratch() throws {
    let yaml =
      RecipeTests.small.split(separator: "\n").prefix(5).joined(separator: "\n") + """

          - name: narrow
            pipeline:
              - channel-pruning: {criterion: l1, sparsity: 0.5}
                epochs: 2
        """
    let trials = try plan(yaml).trials
    let scratch = try #require(trials.first { $0.name == "narrow~scratch" && $0.seed == 0 })
    let student = try #require(trials.first { $0.name == "narrow" && $0.seed == 0 })
    let teacher = try #require(trials.first { $0.role == .teacher && $0.seed == 0 })
    #expect(scratch.start == .shape(of: student.address))
    #expect(
      scratch.trainingImages(of: 1000)
        == teacher.trainingImages(of: 1000) + student.trainingImages(of: 1000))
    #expect(trials.contains { $0.name == "narrow~random" })
  }

  @Test("Stored logits last for the longest student of a stream")
  func logits() throws {
    let trials = try plan(RecipeTests.small).trials.filter { $0.seed == 0 }
    let logits = trials.filter { $0.role == .logits }
    #expect(logits.count == 1 && logits[0].stages[0].training?.epochs == 2)
    #expect(
      trials.filter { $0.name.hasPrefix("tiny") && $0.role == .student }.allSatisfy {
        $0.logits == logits[0].address
      })
  }

  @Test("A specification survives its file, and what decides a result decides the address")
  func addresses() throws {
    let trials = try plan(RecipeTests.small).trials
    for trial in trials {
      let again = try TrialSpec(from: SettingsNode(json: trial.node.prettyJSON, source: "spec.json"))
      #expect(again.address == trial.address && again.node == trial.node)
    }
    let other = try plan(RecipeTests.small, digest: "e").trials
    let threaded = try plan(RecipeTests.small, threads: 2).trials
    for (index, trial) in trials.enumerated() {
      #expect(other[index].address != trial.address && threaded[index].address != trial.address)
    }
    var renamed = trials[1]
    renamed.name = "other"
    renamed.targets = ["uno"]
    renamed.controlOf = ["x"]
    #expect(renamed.address == trials[1].address)
  }
}
