import Datasets
import Execution
import Foundation
import Graphs
import Methods
import Networks
import Settings
import Tasks
import Tensors
import TestSupport
import Testing
import Training
import TrialSupport
import Trials

@testable import Recipes

@Suite("Channels of one set of layers after the other")
struct LayerSetsTests {
  private static func stages(_ pipeline: String) throws -> [RecipeStage] {
    let indented = pipeline.split(separator: "\n").map { "      " + $0 }.joined(separator: "\n")
    return try recipe(
      """
      recipe: 1
      data: scenes
      teacher: {network: ssd-tiny}
      students:
        - name: x
          pipeline:
      \(indented)
      """
    ).students[0].stages
  }

  @Test("Sets are the stages that the framework is written out as, in their order")
  func stages() throws {
    let short = try Self.stages(
      """
      - layer-sets:
          sets: [['a.*', b], {layers: ['c.*'], penalized: ['c.*', 'head*'], sparsity: 0.5, recovery: 0}]
          penalty: 1e-3
          below: 0.2
          induction: 2
          recovery: 3
        training: {learningRate: 0.01}
      """)
    let long = try Self.stages(
      """
      - epochs: 2
        training: {learningRate: 0.01, penalties: {l1: {weight: 1e-3, layers: ['a.*', b]}}}
      - channel-pruning: {criterion: {zero-share: {rise: 0.05}}, sparsity: 0, below: 0.2, minimum: 1, images: 1024}
        overrides: [{layers: '*', skip: true}, {layers: ['a.*', b]}]
        epochs: 3
        training: {learningRate: 0.01}
      - epochs: 2
        training: {learningRate: 0.01, penalties: {l1: {weight: 1e-3, layers: ['c.*', 'head*']}}}
      - channel-pruning: {criterion: {zero-share: {rise: 0.05}}, sparsity: 0.5, below: 0.2}
        overrides: [{layers: '*', skip: true}, {layers: ['c.*']}]
      """)
    #expect(short.count == 4 && short.map(\.name) == long.map(\.name))
    for (a, b) in zip(short, long) {
      #expect(a.choice?.node == b.choice?.node && a.epochs == b.epochs && a.objective == b.objective)
      #expect(a.training == b.training)
    }
  }

  @Test(
    "What is wrong in a set is told with its line",
    arguments: [
      ("layer-sets: {sets: []}", "the list is empty; give the layers in the order"),
      ("layer-sets: {}", "sets"), ("layer-sets: {sets: [['kind:conv2d']]}", "no kinds"),
      ("layer-sets: {sets: [{layers: a, sparsty: 0.5}]}", "\"sparsity\""),
      ("layer-sets: {sets: [{sparsity: 0.5}]}", "layers"), ("layer-sets: {sets: [[]]}", "layers"),
      ("{layer-sets: {sets: [a]}, epochs: 3}", "epochs"),
      ("{layer-sets: {sets: [a]}, training: {penalties: {l1: {}}}}", "are what \"penalty\" of"),
      ("layer-set: {sets: [a]}", "did you mean \"layer-sets\""),
    ])
  func mistakes(stage: String, words: String) {
    let message = errorMessage { _ = try Self.stages("- " + stage) }
    #expect(message.contains(words), "\(message)")
    #expect(message.hasPrefix("r.yaml:7"), "\(message)")
  }

  /// A backbone of three layers, two of which heads look at.
  private static func network(classes: Int) throws -> Graph {
    let spec = """
      input: [1, 64, 64]
      classes: 10
      layers:
        - conv-norm: {filters: 8, stride: 4}
        - stage: {of: {conv-norm: {filters: 12, stride: 2}}, name: fine}
        - stage: {of: {separable: {filters: 16, stride: 2}}, name: coarse}
        - detector:
            levels:
              - {from: fine, scale: 0.2, ratios: []}
              - {from: coarse, scale: 0.4, ratios: []}
      """
    var graph = try NetworkSpec(SettingsNode(yaml: spec, source: "test"), defaultName: "small").build(
      options: NetworkOptions(classes: classes))
    graph.initializeParameters(seed: 4)
    return graph
  }

  /// The part of a layer's name before the first point.
  private static func stage(_ name: String) -> String { String(name.prefix { $0 != "." }) }

  @Test("A detector loses channels in the given order, and computes what it computes without them")
  func detector() throws {
    let folder = FileManager.default.temporaryDirectory.path() + "/condense-sets-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try SceneMaker(seed: 2, count: 50).write(to: folder, threads: 1)
    var options = DatasetOptions()
    options.cacheDirectory = nil
    let data = try Dataset.open(folder, options: options)
    let input = InputShape(channels: 1, height: 64, width: 64)
    func loader() throws -> Loader {
      try Loader(
        data,
        LoaderOptions(
          split: .train, batch: 10, input: input, normalization: Normalization(mean: [128], deviation: [64]),
          dropLast: true))
    }
    let stages = try Self.stages(
      """
      - layer-sets:
          sets:
            - {layers: ['conv*', 'fine.*'], sparsity: 0.4}
            - {layers: ['coarse.*'], sparsity: 0.5}
            - {layers: ['fine.*', 'coarse.*'], penalized: ['head*'], sparsity: 0.25}
          penalty: 1e-2
          below: 0
          images: 20
          induction: 1
          recovery: 1
      """)
    var graph = try Self.network(classes: data.classes.count)
    var lost: [Set<String>] = []
    var gone = 0
    for stage in stages {
      if let choice = stage.choice {
        let evidence = PlanEvidence(
          graph, task: ObjectDetection(), backend: ReferenceBackend(), source: try loader(), batch: 10)
        let rewrite = try choice.compress(
          graph, of: graph, progress: 1, evidence: evidence, random: SeededRandom(seed: 1, purpose: "test"))
        let units = rewrite.removedUnits(from: graph)
        #expect(try graph.removalViolations(units) == [])
        #expect(try graph.removingChannels(units).graph == rewrite.graph)
        lost.append(Set(units.flatMap(\.channels.keys).filter(graph.makesChannels).map(Self.stage)))
        gone = units.count
        graph = rewrite.graph
      }
      let plain = try SettingsNode(
        yaml: "{epochs: \(stage.epochs), batch: 10, learningRate: 0.02, augmentations: []}", source: "test")
      let setup = Trainer.Setup(
        task: ObjectDetection(), graph: graph, backend: ReferenceBackend(),
        settings: try TrainingSettings(from: plain.adding(stage.training), owner: "training"))
      guard case .finished(let result) = try Trainer(setup, training: loader()).run() else {
        Issue.record("stopped")
        return
      }
      graph = result.graph
    }
    #expect(Array(lost.prefix(2)) == [["conv1", "fine"], ["coarse"]])
    // The last set is ranked as a whole: which of its layers lose channels is the criterion's choice.
    let last = try #require(lost.count == 3 ? lost.last : nil)
    #expect(!last.isEmpty && last.isSubset(of: ["fine", "coarse"]))
    // Four tenths of twenty, half of sixteen, then a quarter of what heads read.
    let made = graph.nodes.map(\.name).filter(graph.makesChannels)
    let (first, read) = (made.prefix(1), made.dropFirst().prefix(2))
    func channels(_ names: ArraySlice<String>) -> Int {
      names.reduce(0) { $0 + (graph.shape(of: $1)?[1] ?? 0) }
    }
    #expect(channels(first) + channels(read) == 36 - 8 - 8 - gone)
    #expect(gone > 0)
    #expect(graph.outputs.map { graph.shape(of: $0)?[1] } == [80 * 11, 80 * 4])
  }
}

extension Graph {
  /// Whether a value's channels are made of others by a layer of its own.
  fileprivate func makesChannels(_ name: String) -> Bool {
    node(named: name).map { $0.op.channels(inputShapes(of: $0)) == .mixing } ?? false
  }
}
