import Foundation
import Graphs
import Recipes
import Runs
import Settings
import TestSupport
import Testing
import Training
import TrialSupport
import Trials

@Suite("Searches whose candidates share weights", .serialized)
struct SharedWeightsTests {
  private let digits: GlyphRun
  private var trials: TrialFolder { digits.trials }
  private let network: String

  init() throws {
    digits = try GlyphRun()
    network = digits.folder + "/space.yaml"
    try """
    input: [1, 28, 28]
    classes: 10
    variables: {first: 4, hidden: 12, depth: 1}
    layers:
      - conv-norm: {filters: $first, kernel: 5, stride: 4}
      - stage: {count: $depth, of: {residual: $first}}
      - flatten
      - linear: $hidden
      - relu
      - classifier
    """.write(toFile: network, atomically: true, encoding: .utf8)
  }

  private func student(
    goal: String = "fit: {fileBytes: 100000}", search: String = "random: {tries: 5}",
    shared: String = "{finalists: 1, compared: 2, images: 64}"
  ) -> String {
    """
      - name: shared
        network: \(network)
        \(goal)
        search: {\(search), shared: \(shared)}
        over: {network.first: {from: 2, to: 6}, network.hidden: {from: 8, to: 24}, network.depth: [1, 2]}
        pipeline: [{epochs: 2, objective: soft-targets}, {post-training-quantization: {images: 32}}]
    """
  }

  private func place(_ spec: TrialSpec) -> String { trials.path + "/" + spec.directoryName }

  private func left(by spec: TrialSpec) throws -> Graph {
    let path = place(spec) + "/trained.safetensors"
    return try NetworkFile(bytes: [UInt8](Data(contentsOf: URL(filePath: path))), file: path).graph
  }

  @Test("One training serves all candidates; the best and some others are trained alone, and one is the row")
  func search() throws {
    let plan = try digits.plan(student(), controls: true)
    var source = RecipeSource(plan, in: trials)
    var begun: [TrialSpec] = []
    let results = try runAll(&source, in: trials, digits.environment()) { begun.append($0) }
    let candidates = begun.filter { $0.role == .candidate }
    let shared = try #require(candidates.first)
    #expect(shared.name == "shared~shared" && shared.space != nil && shared.stages.count == 1)
    #expect(candidates.filter { $0.space != nil }.count == 1)
    let sliced = candidates.filter { if case .sliced = $0.start { true } else { false } }
    #expect(sliced.count == 5)
    for spec in sliced {
      guard case .sliced(_, let address, let images) = spec.start else { continue }
      #expect(address == shared.address && images == 64 && spec.dependencies.contains(address))
      // Nothing is trained, and what comes after the training is done.
      #expect(spec.stages.map(\.name) == ["post-training-quantization"])
      #expect(spec.trainingImages(of: 200) == 0)
      #expect(try CandidateResult.read(place(spec) + "/candidate.json").isCutShort == true)
    }
    let alone = candidates.dropFirst(6)
    #expect(alone.count == 3 && alone.allSatisfy { $0.stages[0].training?.epochs == 2 })
    for spec in [shared, sliced[0]] {
      let again = try TrialSpec(from: SettingsNode(json: spec.node.prettyJSON, source: "spec.json"))
      #expect(again.address == spec.address && again.start == spec.start)
    }

    let record = try #require(try source.searchRecords.first)
    let sharing = try #require(record.sharing)
    #expect(record.candidates.count == 8 && sharing.trial == shared.address && sharing.epochs == 2)
    #expect(sharing.pairs.map(\.alone) == [6, 7, 8])
    for pair in sharing.pairs {
      let (one, other) = (record.candidates[pair.shared - 1], record.candidates[pair.alone - 1])
      #expect(one.settings == other.settings && other.parent == pair.shared)
      #expect(one.reason == "judged by shared weights" && other.reason == nil)
      #expect(abs(1 - pair.aloneMetric - (other.values?[0] ?? .nan)) < 1e-12)
    }
    // The row is the best of those trained alone, though shared weights may have said another.
    let best = try #require(sharing.pairs.max { $0.aloneMetric < $1.aloneMetric })
    let taken = try #require(record.rows["shared"])
    #expect(sharing.pairs.first { $0.alone == taken }?.aloneMetric == best.aloneMetric)
    #expect(results["shared"]?.validation == best.aloneMetric)
    // The cost of the shared training is the student's too.
    let cost = try CandidateResult.read(place(shared) + "/candidate.json").cost.trainingImages
    #expect(cost > 0 && results["shared"].map { $0.cost.trainingImages > cost } == true)
    let control = try #require(begun.first { $0.name == "shared~alone" })
    guard case .network = control.start else {
      Issue.record("a control takes shared weights")
      return
    }

    // Killed and gone on with, or told backwards, it is the same.
    #expect(try RecipeSource(plan, in: trials).replayed().searchRecords == [record])
    var backwards = RecipeSource(plan, in: trials)
    var pulled: [TrialSpec] = []
    while true {
      while let spec = backwards.pull() { pulled.append(spec) }
      guard let spec = pulled.popLast() else { break }
      backwards.tell(.done, of: spec.address)
    }
    #expect(try backwards.searchRecords == [record] && backwards.rows == source.rows)
  }

  @Test("The shared training, stopped between two steps and begun again, leaves the same bytes")
  func resumed() throws {
    var source = RecipeSource(try digits.plan(student()), in: trials)
    var found: TrialSpec?
    while found == nil, let spec = source.pull() {
      if spec.space != nil {
        found = spec
      } else {
        _ = try digits.run(spec)
        source.tell(.done, of: spec.address)
      }
    }
    let spec = try #require(found)
    _ = try digits.run(spec)
    let whole = try left(by: spec)
    let directory = trials.path + "/again"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    var steps = 0
    var environment = digits.environment()
    environment.shouldStop = {
      steps += 1
      return steps.isMultiple(of: 4)
    }
    var starts = 0
    while !FileManager.default.fileExists(atPath: directory + "/candidate.json"), starts < 40 {
      starts += 1
      _ = try? TrialRunner(spec, directory: directory, environment).run()
    }
    #expect(starts > 1)
    let path = directory + "/trained.safetensors"
    #expect(try NetworkFile(bytes: [UInt8](Data(contentsOf: URL(filePath: path))), file: path).graph == whole)
  }

  @Test(
    "For a front, candidates of the shared weights' front come first, and rows are of those trained alone")
  func front() throws {
    let plan = try digits.plan(
      student(
        goal: "front: {minimize: [error, fileBytes], rows: [error, fileBytes]}",
        search: "evolution: {tries: 6, population: 4, round: 2, sample: 2}",
        shared: "{epochs: 3, finalists: 2, compared: 1, images: 64}"))
    #expect(plan.count == 1 + 1 + 2 + 6 + 1 + 3)
    var source = RecipeSource(plan, in: trials)
    var begun: [TrialSpec] = []
    _ = try runAll(&source, in: trials, digits.environment()) { begun.append($0) }
    // Logits are stored for two epochs; the teacher itself teaches three.
    let shared = try #require(begun.first { $0.space != nil })
    #expect(shared.logits == nil && shared.stages[0].training?.epochs == 3)
    let record = try #require(try source.searchRecords.first)
    #expect(record.strategy == "evolution" && record.sharing?.epochs == 3)
    #expect(record.rows.count == 2 && record.rows.values.allSatisfy { $0 > 6 })
    #expect(record.front.allSatisfy { $0.number > 6 })
  }

  @Test("What cannot share weights is refused with the reason")
  func refusals() throws {
    func message(_ changes: (String, String)...) -> String {
      let text = changes.reduce(student()) { $0.replacing($1.0, with: $1.1) }
      return errorMessage { _ = try digits.plan(text) }
    }
    #expect(message(("random: {tries: 5}", "morphism: {}")).contains("take random, grid, evolution"))
    #expect(message(("random: {tries: 5}", "halving: {}")).contains("take random, grid, evolution"))
    #expect(
      message(("[{epochs: 2, objective", "[{magnitude-pruning: {}, epochs: 2, objective")).contains(
        "begin the pipeline"))
    #expect(message(("network.depth: [1, 2]", "network.depth: [one, two]")).contains("no numbers"))
    #expect(message(("finalists: 1", "finalist: 1")).contains("finalists"))
    let methods =
      "{network.first: {from: 2, to: 6}, network.hidden: {from: 8, to: 24}, network.depth: [1, 2]}"
    #expect(message((methods, "{bits: [4, 8]}")).contains("needs variables of the network"))
    #expect(
      message(("objective: soft-targets}", "objective: soft-targets, training: {emaDecay: 0.9}}"))
        .contains("\"emaDecay\" is not for weights that networks share"))
    // Features that a stride changes are no slices.
    let path = network
    let text = try String(contentsOfFile: path, encoding: .utf8)
    defer { try? text.write(toFile: path, atomically: true, encoding: .utf8) }
    try text.replacing("stride: 4", with: "stride: $depth").write(
      toFile: path, atomically: true, encoding: .utf8)
    #expect(message().contains("keep the shape before it fixed"), "\(message())")
  }
}
