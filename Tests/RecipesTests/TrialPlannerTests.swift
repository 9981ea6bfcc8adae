import Execution
import Recipes
import Runs
import Settings
import Tensors
import TestSupport
import Testing
import TrialSupport
import Training
import Trials

@Suite("Planning trials")
struct TrialPlannerTests {
  private func plan(
    _ yaml: String, digest: String = "d", threads: Int? = nil, profiles: [String: String] = [:],
    teacherImages: Int? = nil, modelDigest: String? = "m", isValidationUnseen: Bool = false
  ) throws -> TrialPlan {
    var recipe = try TrialSupport.recipe(yaml)
    if let threads { recipe.threads = threads }
    var material = RecipeMaterial(
      dataDigest: digest, channels: 1, classes: (0..<10).map(String.init), trainingImages: 1000,
      teachers: [Checkout.path + "/Teachers"], instructionSet: "x", precision: .f32,
      teacherInput: [1, 28, 28], modelDigest: modelDigest)
    material.profileDigests = profiles
    material.modelImages = teacherImages
    material.isValidationUnseen = isValidationUnseen
    return try TrialPlanner(recipe, material).plan()
  }

  @Test(
    "A method that goes by a target's costs is another trial where the profile is another, others are not")
  func methodTargets() throws {
    let yaml = """
      recipe: 1
      data: glyphs
      seeds: 1
      teacher: {network: cnn-small, training: {epochs: 1}}
      students:
        - name: timed
          pipeline: [{tucker-2: {target: cortex-m4}, epochs: 1}]
        - name: plain
          pipeline: [{tucker-2: {}, epochs: 1}]
      """
    func addresses(_ digest: String) throws -> [String: String] {
      let trials = try plan(yaml, profiles: ["cortex-m4": digest]).trials.filter { $0.role == .student }
      return Dictionary(uniqueKeysWithValues: trials.map { ($0.name, $0.address) })
    }
    let (first, second) = (try addresses("a"), try addresses("b"))
    #expect(first["timed"] != second["timed"] && first["timed"] != nil)
    #expect(first["plain"] == second["plain"])
    let timed = try #require(try plan(yaml, profiles: ["cortex-m4": "a"]).trials.first { $0.name == "timed" })
    #expect(try TrialSpec(from: timed.node).address == timed.address)
  }

  @Test("Targets of methods are there, and have a cost model")
  func requiredTargets() throws {
    func message(_ target: String) -> String {
      errorMessage {
        try TrialSupport.recipe(
          """
          recipe: 1
          data: glyphs
          teacher: {network: cnn-small, training: {epochs: 1}}
          students:
            - name: timed
              pipeline: [{svd-linear: {target: \(target)}, epochs: 1}]
          """
        ).requireTargets(in: [Checkout.path + "/Recipes/targets"])
      }
    }
    #expect(message("cortex-m4") == "nothing thrown")
    #expect(message("host").contains("has no cost model, only measurements"))
    #expect(message("cortex-m5").contains("cortex-m"))
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

  @Test(
    "An objective that learns nothing of a teacher asks for none, and is no reason for a control without one")
  func teacherParts() throws {
    func trials(_ objective: String) throws -> [TrialSpec] {
      try plan(
        """
        recipe: 1
        data: glyphs
        seeds: 1
        teacher: {network: cnn-small, training: {epochs: 1}}
        students:
          - name: own
            network: cnn-small
            pipeline:
              - {channel-gates: {}, epochs: 1, objective: \(objective)}
        """
      ).trials
    }
    let plain = try trials("{gate-cost: {weight: 2}}")
    #expect(!plain.contains { $0.role == .logits || $0.name.hasSuffix("~alone") })
    #expect(plain.filter { $0.name == "own" }.allSatisfy { $0.teacher == nil && $0.logits == nil })
    let taught = try trials("{gate-cost: {weight: 2, base: soft-targets}}")
    #expect(taught.contains { $0.role == .logits })
    let alone = try #require(taught.first { $0.name == "own~alone" })
    #expect(
      alone.stages[0].objective?.canonicalJSON
        == plain.first { $0.name == "own" }?.stages[0].objective?.canonicalJSON)
  }

  @Test("What was chosen on validation images says so where the teacher's file may have been trained on them")
  func optimism() throws {
    let yaml = """
      recipe: 1
      data: glyphs
      seeds: 1
      controls: false
      teacher: {model: teacher.safetensors}
      students:
        - {name: chosen, keep: {accuracyPoints: 1}, pipeline: [{magnitude-pruning: {}, epochs: 1}]}
        - {name: early, pipeline: [{magnitude-pruning: {}, epochs: 5, training: {patience: 2}}]}
        - {name: plain, pipeline: [{magnitude-pruning: {}, epochs: 1}]}
      """
    let notes = try plan(yaml).notes
    #expect(notes["chosen"]?.count == 1 && notes["chosen"]?[0].hasPrefix("its goal was judged on") == true)
    #expect(notes["early"]?.count == 1)
    #expect(notes["early"]?[0].hasPrefix("when its training stopped was") == true)
    #expect(notes["plain"] == nil)
    #expect(try plan(yaml, isValidationUnseen: true).notes.isEmpty)
  }

  private static func chain(_ students: String) -> String {
    """
    recipe: 1
    data: glyphs
    seeds: 2
    teacher: {network: mlp}
    students:
    \(students)
    """
  }

  @Test(
    "A student may be taught by another one, also by one that stands behind it; its trial depends on that")
  func chain() throws {
    let yaml = Self.chain(
      """
        - {name: last, network: mlp, width: 0.1, teacher: middle, pipeline: [{epochs: 1, objective: soft-targets}]}
        - {name: middle, network: mlp, width: 0.2, teacher: first, pipeline: [{epochs: 1, objective: soft-targets}]}
        - {name: first, network: mlp, width: 0.5, pipeline: [{epochs: 1, objective: soft-targets}]}
      """)
    let plan = try plan(yaml)
    func trial(_ name: String) throws -> TrialSpec {
      try #require(plan.trials.first { $0.name == name && $0.seed == 1 })
    }
    let (last, middle, first) = (try trial("last"), try trial("middle"), try trial("first"))
    #expect(last.teacher == middle.address && middle.teacher == first.address)
    #expect(last.logits == nil && middle.logits == nil && first.logits != nil)
    var seen: Set<String> = []
    for trial in plan.trials {
      #expect(trial.dependencies.allSatisfy(seen.contains), "\(trial.name)")
      seen.insert(trial.address)
    }
    #expect(
      plan.rows.filter { $0.role == .student && $0.seed == 0 }.map(\.name) == ["last", "middle", "first"])
    let only = plan.only(["last"])
    #expect(only.trials.contains { $0.name == "first" } && !only.rows.contains { $0.name == "first" })
  }

  @Test(
    "Students that teach in a round, that are not there, that are searched for or cannot learn are refused",
    arguments: [
      (
        """
          - {name: a, network: mlp, teacher: b, pipeline: [{epochs: 1, objective: soft-targets}]}
          - {name: b, network: mlp, teacher: a, pipeline: [{epochs: 1, objective: soft-targets}]}
        """, "a: it would learn, through others, from itself"
      ),
      (
        "  - {name: pupil, network: mlp, teacher: pupils, pipeline: [{epochs: 1, objective: soft-targets}]}",
        "pupil: there is no student \"pupils\"; did you mean \"pupil\"?"
      ),
      (
        """
          - {name: a, network: mlp, teacher: b, pipeline: [{epochs: 1, objective: soft-targets}]}
          - {name: b, fit: {fileBytes: 9000}, pipeline: [{magnitude-pruning: {sparsity: 0.5}}]}
        """, "its teacher \"b\" has a search"
      ),
      (
        """
          - {name: a, teacher: b, pipeline: [{magnitude-pruning: {sparsity: 0.5}}]}
          - {name: b, network: mlp, pipeline: [{epochs: 1}]}
        """, "needs a student with a \"network\" and an \"objective\""
      ),
    ])
  func badChains(students: String, words: String) {
    let message = errorMessage { _ = try recipe(Self.chain(students)) }
    #expect(message.contains(words), "\(message)")
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
      #expect((one.address == other.address) == (one.goal == nil && one.settingsOf == nil), "\(one.name)")
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

  @Test(
    "Chosen students come with their controls and what all of them need, under the addresses of the whole plan"
  )
  func only() throws {
    let whole = try plan(RecipeTests.small)
    let chosen = whole.only(["tiny-0.25-2"])
    #expect(
      Set(chosen.trials.map(\.name)) == ["teacher", "logits", "tiny-0.25-2", "tiny-0.25-2~alone"])
    #expect(
      chosen.rows.map(\.name) == ["teacher", "tiny-0.25-2", "tiny-0.25-2~alone"] + [
        "teacher", "tiny-0.25-2", "tiny-0.25-2~alone",
      ])
    let addresses = whole.trials.map(\.address)
    #expect(chosen.trials.map(\.address) == addresses.filter(Set(chosen.trials.map(\.address)).contains))
    var seen: Set<String> = []
    for trial in chosen.trials {
      #expect(trial.dependencies.allSatisfy(seen.contains))
      seen.insert(trial.address)
    }
    let pruned = whole.only(["pruned-0.5"])
    #expect(Set(pruned.trials.map(\.name)) == ["teacher", "pruned-0.5", "pruned-0.5~random"])
  }

  @Test(
    "Students that are one trial are two rows; controls that share every trial are one row for the students of both"
  )
  func shared() throws {
    let yaml =
      RecipeTests.small.split(separator: "\n").prefix(5).joined(separator: "\n") + """

          - name: soft
            network: cnn-small
            pipeline: [{epochs: 1, objective: soft-targets}]
          - name: softer
            network: cnn-small
            pipeline: [{epochs: 1, objective: {soft-targets: {temperature: 8}}}]
          - name: plain
            network: cnn-small
            pipeline: [{epochs: 1}]
        """
    let plan = try plan(yaml)
    let ofSeed = plan.rows.filter { $0.seed == 0 }
    #expect(
      ofSeed.map(\.name) == ["teacher", "soft", "soft~alone", "softer", "softer~alone", "plain"])
    // One teacher, its logits, two distilled students, and one plain training for three rows.
    #expect(plan.trials.filter { $0.seed == 0 }.count == 5)
    #expect(Set(ofSeed.filter { $0.name != "teacher" }.map(\.trial)).count == 3)
    let merged = plan.rows.withSharedControlsMerged.filter { $0.seed == 1 }
    #expect(merged.map(\.name) == ["teacher", "soft", "soft~alone", "softer", "plain"])
    #expect(merged.first { $0.role == .control }?.controlOf == ["soft", "softer"])
    // If the trials differ for one seed, both rows stay.
    var rows = plan.rows
    let index = try #require(rows.firstIndex { $0.name == "softer~alone" && $0.seed == 1 })
    rows[index].trial = "other"
    #expect(rows.withSharedControlsMerged == rows)
  }

  private static func imported(_ teacher: String) -> String {
    """
    recipe: 1
    data: glyphs
    seeds: 1
    training: {batch: 32}
    teacher: {model: net.onnx\(teacher)}
    students:
      - name: narrow
        pipeline:
          - channel-pruning: {criterion: l1, sparsity: 0.5}
            epochs: 2
      - name: int8
        pipeline: [{post-training-quantization: {images: 64}}]
    """
  }

  @Test(
    "An imported teacher's control from scratch has the images that its file or the recipe says, or the row says why not"
  )
  func importedBudget() throws {
    // An epoch has 31 batches of 32 images.
    let known = try plan(Self.imported(""), teacherImages: 10 * 992)
    let scratch = try #require(known.trials.first { $0.name == "narrow~scratch" })
    #expect(scratch.stages[0].training?.epochs == 10 + 2)
    #expect(known.notes.isEmpty)
    let stated = try plan(Self.imported(", trainingImages: 3000"), teacherImages: 10 * 992)
    #expect(stated.trials.first { $0.name == "narrow~scratch" }?.stages[0].training?.epochs == 3 + 2)
    #expect(
      stated.notes["narrow"] == [
        "its control from scratch sees 3000 training images, but the teacher saw 9920"
      ])
    #expect(try plan(Self.imported(", trainingImages: 3000")).notes.isEmpty)
    let unknown = try plan(Self.imported(""))
    #expect(!unknown.trials.contains { $0.name == "narrow~scratch" })
    #expect(
      unknown.notes["narrow"]?.first?.contains("set \"trainingImages\" of the recipe's teacher") == true)
    #expect(unknown.notes["int8"] == nil)
    #expect(
      errorMessage { _ = try plan(Self.imported(""), modelDigest: nil) }.contains("net.onnx was not read"))
    #expect(
      errorMessage { _ = try plan(Self.imported(", trainingImages: 0")) }.contains("images above 0"))
    #expect(
      errorMessage {
        _ = try plan(
          RecipeTests.small.replacing("cnn-small, training", with: "cnn-small, trainingImages: 5, training"))
      }.contains("needs a \"model\""))
  }
}
