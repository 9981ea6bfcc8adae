import Foundation
import Methods
import Recipes
import Settings
import TestSupport
import Testing
import TrialSupport
import Trials

@Suite("Recipes")
struct RecipeTests {
  static let small = """
    recipe: 1
    data: glyphs
    seeds: 2
    teacher: {network: cnn-small, training: {epochs: 3}}
    students:
      - name: pruned
        pipeline:
          - magnitude-pruning: {sparsity: [0.5, 0.9]}
            epochs: 2
      - name: tiny
        network: cnn-small
        width: [0.25, 0.5]
        pipeline:
          - epochs: [1, 2]
            objective: soft-targets
    """

  @Test("Lists make a student of every combination, named by what differs")
  func lists() throws {
    let recipe = try TrialSupport.recipe(Self.small)
    #expect(
      recipe.students.map(\.name) == [
        "pruned-0.5", "pruned-0.9", "tiny-0.25-1", "tiny-0.25-2", "tiny-0.5-1", "tiny-0.5-2",
      ])
    #expect(recipe.seeds == [0, 1])
    #expect(recipe.students[3].width == 0.25 && recipe.students[3].stages[0].epochs == 2)
  }

  @Test(
    "What is wrong is named with its line and the nearest right word",
    arguments: [
      ("      - name: x\n        pipeline: [{magnitude-prunning: {}, epochs: 1}]", "magnitude-pruning"),
      ("      - name: x\n        pipeline: [{magnitude-pruning: {sparsty: 0.5}, epochs: 1}]", "sparsity"),
      ("      - name: x\n        pipline: []", "pipeline"),
      ("      - name: x\n        pipeline: [{magnitude-pruning: {sparsity: 1.5}, epochs: 1}]", "1.5"),
      ("      - name: x\n        pipeline: [{epochs: 0}]", "at least 1"),
      ("      - name: teacher\n        pipeline: [{epochs: 1}]", "not \"teacher\""),
      ("      - name: x\n        pipeline: []", "no stage"),
      ("      - name: x\n        width: 0.5\n        pipeline: [{epochs: 1}]", "method \"width\""),
      (
        "      - name: x\n        network: mlp\n        pipeline: [{epochs: 1, training: {epoch: 2}}]",
        "epochs"
      ),
      (
        "      - name: x\n        pipeline: [{epochs: 1, objective: {soft-targets: {temprature: 4}}}]",
        "\"temperature\""
      ),
      ("      - name: x\n        pipeline: [{epochs: 1, objective: nosuch}]", "soft-targets"),
    ])
  func mistakes(student: String, hint: String) {
    let head = Self.small.split(separator: "\n").prefix(5).joined(separator: "\n")
    let message = errorMessage { _ = try recipe(head + "\n" + student + "\n") }
    #expect(message.contains(hint), "\(message)")
    #expect(message.hasPrefix("r.yaml:"), "\(message)")
  }

  @Test(
    "A later stage that would undo an earlier one is refused, with the better order",
    arguments: [
      ["post-training-quantization: ", "channel-pruning: {sparsity: 0.5}"],
      ["magnitude-pruning: {sparsity: 0.5}", "tucker-2: "],
      ["post-training-quantization: ", "codebook: "],
      ["post-training-quantization: ", "quantization-aware-training: "],
      ["codebook: ", "codebook: "],
      ["channel-gates: ", "quantization-aware-training: "],
    ])
  func order(methods: [String]) {
    let stages = methods.map { "          - \($0)\n            epochs: 1" }.joined(separator: "\n")
    let head = Self.small.split(separator: "\n").prefix(5).joined(separator: "\n")
    let message = errorMessage {
      _ = try recipe(head + "\n      - name: x\n        pipeline:\n" + stages)
    }
    #expect(message.contains("would undo it") || message.contains("keep one"), "\(message)")
  }

  @Test("A name that comes from the file, and cannot be one, is said to be the file's")
  func fileName() throws {
    let message = errorMessage {
      _ = try Recipe(SettingsNode(yaml: Self.small, source: "r+1.yaml"), defaultName: "r+1")
    }
    #expect(message.contains("\"r+1\"") && message.contains("rename the file"), "\(message)")
  }

  @Test("A model that teaches may bring its normalization, which is checked when the recipe is read")
  func normalization() throws {
    func teacher(_ text: String) throws -> RecipeTeacher {
      try recipe(
        "recipe: 1\ndata: glyphs\nteacher: {\(text)}\nstudents: [{name: a, pipeline: [{dead-neurons: {}}]}]"
      )
      .teacher
    }
    let known = try teacher("model: net.onnx, normalize: 'mean=0.5,std=0.25'")
    #expect(known.model == "net.onnx" && known.normalization == "mean=0.5,std=0.25")
    #expect(errorMessage { _ = try teacher("model: net.onnx, normalize: 'mean=0.5'") }.contains("std=…"))
    #expect(
      errorMessage { _ = try teacher("network: lenet5, normalize: 'mean=0.5,std=0.25'") }
        .contains("needs a \"model\""))
  }

  @Test("A goal searches a strength by bisection, or the settings and the way that the recipe says")
  func searches() throws {
    func goal(_ text: String) throws -> RecipeGoal? {
      let head = Self.small.split(separator: "\n").prefix(5).joined(separator: "\n")
      return try recipe(
        head + """

            - name: x
              \(text)
              pipeline:
                - magnitude-pruning: {sparsity: 0.5}
                  epochs: 1
                - codebook: {convolutionBits: 5}
          """
      ).students[0].goal
    }
    let plain = try #require(try goal("keep: {accuracyPoints: 1}"))
    #expect(type(of: plain.strategy) == Bisection.self)
    #expect(plain.space == SearchSpace([SearchVariable(stage: 0, domain: .real(0...0.99, .linear))]))
    let wide = try #require(
      try goal(
        "fit: {fileBytes: 9}\n    search: {random: {tries: 7}}\n    over: {sparsity: {from: 0.1, to: 0.9, scale: log}, "
          + "linearBits: {from: 2, to: 6}, codebook.convolutionBits: [3, 5]}"))
    #expect((wide.strategy as? RandomSearch)?.tries == 7)
    #expect(
      wide.space
        == SearchSpace([
          SearchVariable(stage: 0, setting: "sparsity", domain: .real(0.1...0.9, .log)),
          SearchVariable(stage: 1, setting: "linearBits", domain: .integer(2...6), descends: true),
          SearchVariable(stage: 1, setting: "convolutionBits", domain: .choices([3.node, 5.node])),
        ]))
    for (text, hint) in [
      ("search: grid", "is for students with a goal"),
      ("fit: {target: uno, latencyMs: 5, latencyExponent: -0.07}", "compares rewards"),
      ("fit: {target: uno, latencyMs: 5, latencyExponent: 0.07}\n    search: grid", "-10...0"),
      ("keep: {accuracyPoints: 1}\n    search: gird", "did you mean \"grid\""),
      ("keep: {accuracyPoints: 1}\n    over: {sparsty: [0.1]}", "magnitude-pruning.sparsity"),
      (
        "keep: {accuracyPoints: 1}\n    over: {sparsity: [0.1, 0.2]}",
        "bisection needs the range of one number"
      ),
      ("keep: {accuracyPoints: 1}\n    search: grid\n    over: {sparsity: {from: 0.5, to: 1.5}}", "1.5"),
      (
        "keep: {accuracyPoints: 1}\n    search: grid\n    over: {sparsity: {from: 0.5, to: 0.5}}",
        "more than \"from\""
      ),
      (
        "keep: {accuracyPoints: 1}\n    search: grid\n    over: {sparsity: {from: 0, to: 0.5, scale: log}}",
        "above 0"
      ),
    ] {
      let message = errorMessage { _ = try goal(text) }
      #expect(message.contains(hint) && message.hasPrefix("r.yaml:"), "\(message)")
    }
  }

  @Test("A codebook may be put on integers afterwards")
  func codebookOfIntegers() throws {
    let stages = ["codebook", "post-training-quantization"].map {
      "          - \($0): \n            epochs: 1"
    }
    let head = Self.small.split(separator: "\n").prefix(5).joined(separator: "\n")
    let recipe = try TrialSupport.recipe(
      head + "\n      - name: x\n        pipeline:\n" + stages.joined(separator: "\n"))
    #expect(recipe.students.contains { $0.stages.count == 2 })
  }

  @Test("Two students of one name are refused")
  func names() {
    let message = errorMessage {
      _ = try recipe(
        Self.small + "\n  - name: pruned-0.5\n    pipeline: [{magnitude-pruning: {sparsity: 0.5}, epochs: 1}]"
      )
    }
    #expect(message.contains("pruned-0.5"), "\(message)")
  }

  @Test("Every recipe of Recipes/ is read")
  func shipped() throws {
    let folder = Checkout.path + "/Recipes"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
    #expect(names.count > 8 && names.contains("quickstart"))
    for name in names {
      let recipe = try Recipe(contentsOf: folder + "/\(name).yaml")
      #expect(recipe.name == name && !recipe.students.isEmpty)
    }
  }

  @Test("The quickstart has twelve students or more over all five families")
  func quickstart() throws {
    let recipe = try Recipe(contentsOf: Checkout.path + "/Recipes/quickstart.yaml")
    var families = Set(recipe.students.flatMap(\.stages).compactMap(\.choice?.family))
    if recipe.students.flatMap(\.stages).contains(where: { $0.objective != nil }) {
      families.insert(.distillation)
    }
    #expect(recipe.students.count >= 12 && families == Set(MethodFamily.allCases))
  }
}
