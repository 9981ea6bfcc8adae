import Datasets
import Encodings
import Execution
import Foundation
import Graphs
import Ops
import Recipes
import Runs
import Settings
import Tensors
import TestSupport
import Testing
import TrialSupport
import Trials

@Suite("Running a trial", .serialized)
struct TrialRunnerTests {
  private let digits: GlyphRun
  private var folder: String { digits.folder }
  private var environment: TrialEnvironment { digits.environment() }

  init() throws { digits = try GlyphRun() }

  /// Runs every trial of a recipe in order; returns the results by name.
  private func results(_ students: String, teacherEpochs: Int = 2) throws -> [String: TrialResult] {
    var results: [String: TrialResult] = [:]
    for spec in try digits.plan(students, teacherEpochs: teacherEpochs).trials {
      if let result = try digits.run(spec) { results[spec.name] = result }
    }
    return results
  }

  @Test(
    "Methods are told the weights at which the teacher's training began, and none where nobody knows them")
  func initialWeights() throws {
    let trials = try digits.plan(
      "  - {name: same, pipeline: [{magnitude-pruning: {sparsity: 0.5}}]}", teacherEpochs: 1
    ).trials
    let (teacher, student) = (
      try #require(trials.first { $0.role == .teacher }), try #require(trials.first { $0.name == "same" })
    )
    let runner = TrialRunner(
      student, directory: folder + "/trials/" + student.directoryName, digits.environment())
    #expect(try runner.initialWeights() == nil, "the teacher was not run yet")
    _ = try digits.run(teacher)
    let weights = try #require(try runner.initialWeights())
    guard case .network(let structure) = teacher.start else {
      Issue.record("a teacher starts from a network")
      return
    }
    var graph = try Graph(structure: structure, catalogue: .standard)
    graph.initializeParameters(seed: teacher.seed)
    #expect(weights == graph.parameters.mapValues(\.value) && weights.count == 6)
    let trained = try AnyModelFile.read(
      folder + "/trials/" + teacher.directoryName + "/" + TrialFolder.teacher)
    #expect(weights["linear1.weight"] != trained.graph.parameters["linear1.weight"]?.value)
  }

  @Test("A student with its teacher's classifier ships it, and the plan has its size before")
  func reusedClassifier() throws {
    let plan = try digits.plan(
      """
        - {name: reuser, network: mlp, width: 0.25, pipeline: [{epochs: 1, objective: reused-classifier}]}
        - {name: alone, network: mlp, width: 0.25, pipeline: [{epochs: 1}]}
      """, teacherEpochs: 1)
    var results: [String: TrialResult] = [:]
    for spec in plan.trials { if let result = try digits.run(spec) { results[spec.name] = result } }
    let (reuser, alone) = (try #require(results["reuser"]), try #require(results["alone"]))
    let teacher = try #require(plan.trials.first { $0.role == .teacher })
    guard case .network(let structure) = teacher.start else { return }
    var network = try Graph(structure: structure, catalogue: .standard)
    network.initializeParameters(seed: teacher.seed)
    let preview = try TrialPreview(
      try #require(plan.trials.first { $0.name == "reuser" }), teacher: network, environment)
    #expect(preview.stages.flatMap(\.warnings).isEmpty, "\(preview.stages.flatMap(\.warnings))")
    #expect(reuser.parameters == preview.parameters && reuser.multiplyAdds == preview.multiplyAdds)
    #expect(reuser.parameters > alone.parameters && reuser.size.fileBytes > alone.size.fileBytes)
    #expect(reuser.warnings.isEmpty, "\(reuser.warnings)")
  }

  @Test("a student taught by a student learns from what that one ships as")
  func taughtByStudent() throws {
    let results = try results(
      """
        - name: pupil
          network: mlp
          width: 0.25
          teacher: assistant
          pipeline: [{epochs: 1, objective: soft-targets}]
        - name: assistant
          network: mlp
          width: 0.5
          pipeline: [{epochs: 1, objective: {hints: {pairs: {relu1: relu1}, base: soft-targets}}}]
        - name: direct
          network: mlp
          width: 0.25
          pipeline: [{epochs: 1, objective: soft-targets}]
      """)
    let (pupil, direct) = (try #require(results["pupil"]), try #require(results["direct"]))
    #expect(pupil.parameters == direct.parameters && pupil.accuracy != direct.accuracy)
    #expect(pupil.warnings.isEmpty, "\(pupil.warnings)")
  }

  @Test("what is ranked is the file: its bytes, and the accuracy of what is loaded back from it")
  func file() throws {
    let results = try results(
      """
        - name: pruned
          pipeline:
            - magnitude-pruning: {sparsity: 0.9, times: 2}
              epochs: 1
            - codebook: {}
              epochs: 1
      """)
    let pruned = try #require(results["pruned"])
    let path = folder + "/trials/pruned-s0-\(pruned.address.prefix(12))/student.condensed"
    let bytes = try Data(contentsOf: URL(filePath: path)).count
    #expect(pruned.size.codedBytes == bytes)
    let teacher = try #require(results["teacher"])
    #expect(pruned.size.codedBytes * 5 < teacher.size.fileBytes)
    #expect(pruned.nonZeros * 5 < teacher.nonZeros && pruned.parameters == teacher.parameters)
    #expect(pruned.stages.map(\.name) == ["magnitude-pruning", "codebook"])
    #expect(pruned.accuracy.task == "classification" && pruned.accuracy.images > 0)
    #expect(pruned.layers.contains { $0.name == "linear1" && $0.bytesAfter * 5 < $0.bytesBefore })
    #expect(pruned.warnings.isEmpty)
  }

  @Test("a method that finds nothing to do is a warning, not a failure")
  func nothing() throws {
    let results = try results(
      """
        - name: idle
          pipeline: [{tucker-2: {}, epochs: 1}]
      """)
    #expect(try #require(results["idle"]).warnings.contains { $0.contains("changes nothing") })
  }

  @Test("a stage that leaves a network no better than chance is a warning that says what to try")
  func collapsed() throws {
    let results = try results(
      """
        - name: diverged
          pipeline:
            - magnitude-pruning: {sparsity: 0.1, times: 1}
              epochs: 1
              training: {learningRate: 5}
        - name: fine
          pipeline: [{magnitude-pruning: {sparsity: 0.1, times: 1}, epochs: 1}]
      """, teacherEpochs: 12)
    // The teacher must be better than chance, or nothing could be lost.
    #expect(try #require(results["teacher"]?.validation) > 0.4)
    let warnings = try #require(results["diverged"]).warnings
    #expect(
      warnings.contains { $0.contains("no better than chance") && $0.contains("gradientClip: 1") },
      "\(warnings)")
    #expect(try #require(results["fine"]).warnings.isEmpty)
  }

  @Test("a network whose outputs overflow is refused in words, not as a damaged result")
  func overflow() throws {
    let text = errorMessage {
      _ = try results(
        """
          - name: overflown
            pipeline: [{magnitude-pruning: {sparsity: 0.1, times: 1}, epochs: 1, training: {learningRate: 1000}}]
        """)
    }
    #expect(text.contains("not finite") && text.contains("gradientClip: 1"), "\(text)")
  }

  @Test(
    "a trial of another instruction set or engine is refused with what was expected, found and what to do")
  func otherMachine() throws {
    _ = try results("  - name: a\n    pipeline: [{magnitude-pruning: {sparsity: 0.5, times: 1}, epochs: 1}]")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/trials")
    let name = try #require(names.first { $0.hasPrefix("a-") })
    let trial = try TrialSpec(from: SettingsNode(contentsOf: folder + "/trials/\(name)/spec.json"))
    var elsewhere = trial
    elsewhere.instructionSet = "avx9"
    var older = trial
    older.engine = 1
    for (spec, what) in [(elsewhere, "instruction set avx9, found "), (older, "engine revision 1, found ")] {
      #expect(spec.address != trial.address)
      let place = folder + "/trials/other"
      let message = errorMessage { _ = try TrialRunner(spec, directory: place, environment).run() }
      #expect(message.contains(what) && message.contains("let condense compare plan it again"), "\(message)")
      #expect(!FileManager.default.fileExists(atPath: place))
    }
  }

  @Test("data that changed since the comparison began is refused")
  func changedData() throws {
    _ = try results("  - name: a\n    pipeline: [{magnitude-pruning: {sparsity: 0.5, times: 1}, epochs: 1}]")
    let spec = try #require(
      try FileManager.default.contentsOfDirectory(atPath: folder + "/trials").first {
        $0.hasPrefix("teacher")
      })
    let trial = try TrialSpec(
      from: SettingsNode(contentsOf: folder + "/trials/\(spec)/spec.json"))
    try FileManager.default.removeItem(
      atPath: folder + "/glyphs/train/"
        + FileManager.default.subpathsOfDirectory(atPath: folder + "/glyphs/train").first {
          $0.hasSuffix("png")
        }!)
    #expect(throws: TrialError.self) {
      _ = try TrialRunner(trial, directory: folder + "/trials/again", environment).run()
    }
  }
}
