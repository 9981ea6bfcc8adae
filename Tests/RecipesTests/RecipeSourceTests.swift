import Datasets
import Execution
import Foundation
import Graphs
import Methods
import Networks
import Readings
import Recipes
import Runs
import Settings
import Targets
import Tensors
import TestSupport
import Testing
import TrialSupport
import Trials

@Suite("Trials as they become known", .serialized)
struct RecipeSourceTests {
  private let digits: GlyphRun
  private var folder: String { digits.folder }
  private var trials: TrialFolder { digits.trials }
  private var environment: TrialEnvironment { digits.environment() }

  init() throws { digits = try GlyphRun() }

  private func plan(_ students: String, controls: Bool = false, network: String = "mlp") throws -> TrialPlan {
    try digits.plan(students, controls: controls, network: network)
  }

  private static let grid = """
      - name: sought
        keep: {accuracyPoints: 100}
        search: {grid: {points: 3}}
        over: {magnitude-pruning.sparsity: {from: 0.2, to: 0.8}}
        pipeline: [{magnitude-pruning: {sparsity: 0.1, times: 1}, epochs: 1}]
    """

  @Test(
    "a search's candidates are trials of their own; the chosen one is the row, trained once, with its controls' settings"
  )
  func search() throws {
    var source = RecipeSource(try plan(Self.grid, controls: true), in: trials)
    var begun: [TrialSpec] = []
    let results = try runAll(&source, in: trials, environment) { begun.append($0) }
    #expect(
      begun.map(\.name) == [
        "teacher", "sought~try1", "sought~try2", "sought~try3", "sought", "sought~random",
      ])
    let candidates = begun.filter { $0.role == .candidate }
    #expect(candidates.map { $0.stages[0].label } == ["sparsity 0.2", "sparsity 0.5", "sparsity 0.8"])
    for candidate in candidates {
      let place = trials.path + "/" + candidate.directoryName
      #expect(!FileManager.default.fileExists(atPath: place + "/result.json"))
      #expect(!FileManager.default.fileExists(atPath: place + "/progress"))
    }
    let sought = try #require(results["sought"])
    // Any accuracy is accepted, so the smallest file is chosen: the sparsest.
    #expect(sought.stages.map(\.name) == ["magnitude-pruning (sparsity 0.8)"])
    let chosen = trials.path + "/" + candidates[2].directoryName
    let row = trials.path + "/" + (try #require(begun.first { $0.name == "sought" })).directoryName
    #expect(
      try Data(contentsOf: URL(filePath: row + "/student.condensed"))
        == Data(contentsOf: URL(filePath: chosen + "/student.condensed")))
    // The cost of a searched student includes the cost of its search.
    let costs = try candidates.map { spec in
      try CandidateResult.read(trials.path + "/" + spec.directoryName + "/candidate.json").cost
    }
    #expect(costs.allSatisfy { $0.trainingImages > 0 })
    #expect(sought.cost.trainingImages == costs.reduce(0) { $0 + $1.trainingImages })
    #expect(sought.cost.seconds > costs.reduce(0) { $0 + $1.seconds })
    let random = try #require(begun.first { $0.name == "sought~random" })
    #expect(random.stages[0].choice?.name == "random-pruning")
    #expect("\(random.node.canonicalJSON)".contains("\"sparsity\":0.8"))
    #expect(source.rows.map(\.name) == ["teacher", "sought", "sought~random"])
    #expect(source.rows[1].trial == sought.address)
  }

  @Test("a chosen student is what the same settings would have given without a search")
  func equal() throws {
    let plain = """
        - name: plain
          pipeline: [{magnitude-pruning: {sparsity: 0.8, times: 1}, epochs: 1}]
      """
    var source = RecipeSource(try plan(Self.grid + "\n" + plain), in: trials)
    let results = try runAll(&source, in: trials, environment)
    let (sought, direct) = (try #require(results["sought"]), try #require(results["plain"]))
    #expect(sought.accuracy == direct.accuracy && sought.validation == direct.validation)
    // The files belong to two trials, which their headers name.
    #expect(abs(sought.size.fileBytes - direct.size.fileBytes) < 16)
    #expect(abs(sought.size.codedBytes - direct.size.codedBytes) < 16)
    #expect(sought.layers == direct.layers)
    #expect(sought.nonZeros == direct.nonZeros && sought.parameters == direct.parameters)
    #expect(sought.bits == direct.bits && sought.multiplyAdds == direct.multiplyAdds)
    #expect(sought.warnings == direct.warnings)
  }

  @Test("told in any order, and gone on with after any trial, a search ends with the same trials")
  func order() throws {
    let plan = try plan(Self.grid)
    var whole = RecipeSource(plan, in: trials)
    var begun: [String] = []
    _ = try runAll(&whole, in: trials, environment) { begun.append($0.address) }
    // Everything is done now, so candidates can finish from the last to the first.
    var backwards = RecipeSource(plan, in: trials)
    var pulled: [TrialSpec] = []
    while true {
      while let spec = backwards.pull() { pulled.append(spec) }
      guard let spec = pulled.popLast() else { break }
      backwards.tell(.done, of: spec.address)
    }
    #expect(backwards.rows == whole.rows)
    #expect(RecipeSource(plan, in: trials).replayed().rows == whole.rows)
    // One more try is requested after the finished ones were found.
    let more = try self.plan(Self.grid.replacing("points: 3", with: "points: 5"))
    var wider = RecipeSource(more, in: trials)
    var new: [String] = []
    _ = try runAll(&wider, in: trials, environment) { new.append($0.name) }
    // 0.2, 0.5 and 0.8 were tried already; the best is the same candidate, now chosen from more.
    #expect(new == ["sought~try2", "sought~try4", "sought"])
  }

  @Test("a search goes on without candidates that fail; where each does, its student falls")
  func failures() throws {
    let plan = try plan(Self.grid, controls: true)
    var source = RecipeSource(plan, in: trials)
    var begun: [TrialSpec] = []
    while let spec = source.pull() {
      begun.append(spec)
      // This is the strongest candidate, which would be chosen.
      guard spec.name != "sought~try3" else {
        source.tell(.failed("out of memory"), of: spec.address)
        continue
      }
      let directory = trials.path + "/" + spec.directoryName
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      _ = try TrialRunner(spec, directory: directory, environment).run()
      source.tell(.done, of: spec.address)
    }
    #expect(begun.map(\.name).suffix(3) == ["sought~try3", "sought", "sought~random"])
    let sought = try #require(begun.first { $0.name == "sought" })
    #expect(sought.stages[0].label == "sparsity 0.5")
    guard case .candidate(_, let among) = sought.start else {
      Issue.record("a searched student starts from no candidate")
      return
    }
    #expect(among == begun.filter { ["sought~try1", "sought~try2"].contains($0.name) }.map(\.address))

    var fallen = RecipeSource(plan, in: trials)
    while let spec = fallen.pull() {
      fallen.tell(spec.role == .candidate ? .failed("out of memory") : .done, of: spec.address)
    }
    let settled = fallen.takeSettled()
    #expect(settled.map(\.spec.name) == ["sought", "sought~random"])
    #expect(
      settled.map(\.outcome) == [
        .failed("all candidates of its search failed, the first one because: out of memory"),
        .failed("a trial that it needs failed"),
      ])
    #expect(fallen.takeSettled().isEmpty)
    var stopped = RecipeSource(try self.plan(Self.grid), in: trials)
    _ = stopped.pull()
    #expect(stopped.close("stopped").map(\.name) == ["teacher", "sought"])
    #expect(stopped.outcomes.values.allSatisfy { $0 == .notRun("stopped") })
  }

  @Test("controls of equal shape, seed and budget are one trial and one row, whatever made the shape")
  func equalShapes() throws {
    let students = """
        - name: first
          pipeline: [{channel-pruning: {criterion: l1, scope: layer, sparsity: 0.5}, epochs: 1}]
        - name: second
          pipeline: [{channel-pruning: {criterion: random, scope: layer, sparsity: 0.5}, epochs: 1}]
        - name: longer
          pipeline: [{channel-pruning: {criterion: l1, scope: layer, sparsity: 0.5}, epochs: 2}]
        - name: narrower
          pipeline: [{channel-pruning: {criterion: l1, scope: layer, sparsity: 0.75}, epochs: 1}]
      """
    var source = RecipeSource(try plan(students, controls: true), in: trials)
    var begun: [String] = []
    _ = try runAll(&source, in: trials, environment) { begun.append($0.name) }
    let scratch = begun.filter { $0.hasSuffix("~scratch") }
    let shapes: [String] = try ["first", "second"].map { name in
      let row = try #require(source.rows.first { $0.name == name })
      return try String(
        contentsOfFile: try #require(trials.directory(of: row.trial)) + "/structure.json", encoding: .utf8)
    }
    try #require(shapes[0] == shapes[1])
    #expect(scratch == ["first~scratch", "longer~scratch", "narrower~scratch"])
    let rows = source.rows.withSharedControlsMerged.filter { $0.name.hasSuffix("~scratch") }
    #expect(rows.map(\.name) == scratch)
    #expect(rows.map(\.controlOf) == [["first", "second"], ["longer"], ["narrower"]])
    #expect(source.takeSettled().map(\.spec.name).contains("second~scratch"))
  }

  @Test("a goal keeps the strongest student that is accurate enough, and says when none is")
  func goals() throws {
    let plan = try plan(
      """
        - name: kept
          keep: {accuracyPoints: 100}
          pipeline: [{magnitude-pruning: {sparsity: 0.1, times: 1}, epochs: 1}]
        - name: fitting
          fit: {fileBytes: 300000}
          pipeline: [{magnitude-pruning: {sparsity: 0.1, times: 1}, epochs: 1}]
        - name: impossible
          fit: {fileBytes: 10}
          pipeline: [{magnitude-pruning: {sparsity: 0.1, times: 1}, epochs: 1}]
      """)
    #expect(plan.count == 4 + 3 * 6)
    var source = RecipeSource(plan, in: trials)
    var begun: [TrialSpec] = []
    let results = try runAll(&source, in: trials, environment) { begun.append($0) }
    let kept = try #require(results["kept"])
    #expect(Double(kept.nonZeros) < 0.05 * Double(kept.parameters))
    #expect(!kept.warnings.contains { $0.contains("the goal was missed") })
    #expect(kept.stages[0].name.hasPrefix("magnitude-pruning (strength 0.9"))
    let fitting = try #require(results["fitting"])
    // None of its fitting candidates is more accurate on validation images.
    let row = try #require(begun.first { $0.name == "fitting" })
    guard case .candidate(_, let all) = row.start else {
      Issue.record("a searched student starts from no candidate")
      return
    }
    let fits = try all.map { address in
      try CandidateResult.read(try #require(trials.directory(of: address)) + "/candidate.json")
    }.filter { $0.fileBytes <= 300_000 }
    #expect(fits.count > 1 && fitting.size.fileBytes <= 300_000)
    #expect(fitting.validation == fits.compactMap(\.validation).max())
    #expect(try #require(results["impossible"]).warnings.contains { $0.contains("the goal was missed") })
    // Searches with equal settings share candidates, so the first strength is one trial for all three.
    let own = begun.count { $0.role == .candidate }
    #expect(own < 3 * 6)
    #expect(source.takeSettled().count { $0.spec.role == .candidate && $0.outcome == .done } == 3 * 6 - own)
  }

  @Test(
    "a search among networks refuses what cannot fit before it is trained; its controls take the network that was found"
  )
  func networks() throws {
    let network = trials.path + "/space.yaml"
    try """
    input: [1, 28, 28]
    classes: 10
    variables: {hidden: 12}
    layers: [flatten, {linear: $hidden}, relu, classifier]
    """.write(toFile: network, atomically: true, encoding: .utf8)
    func student(_ over: String) -> String {
      """
        - name: searched
          network: \(network)
          fit: {target: uno}
          search: {grid: {points: 3}}
          over: {\(over)}
          pipeline: [{epochs: 1, objective: soft-targets}, {post-training-quantization: {images: 32}}]
      """
    }
    // A hidden layer of 4,000 bytes takes twice the memory.
    let plan = try plan(student("network.hidden: [8, 16, 4000]"), controls: true)
    var source = RecipeSource(plan, in: trials)
    var begun: [TrialSpec] = []
    let results = try runAll(&source, in: trials, environment) { begun.append($0) }
    #expect(begun.count { $0.role == .candidate } == 2)
    let found = try #require(results["searched"])
    #expect([8, 16].map { 784 * $0 + $0 * 10 }.contains(found.multiplyAdds))
    #expect(try #require(results["searched~alone"]).multiplyAdds == found.multiplyAdds)
    let message = errorMessage { _ = try self.plan(student("network.hiden: [8, 16]")) }
    #expect(message.contains("did you mean \"hidden\"?"), "\(message)")
    let word = errorMessage { _ = try self.plan(student("network.hidden: [8, many]")) }
    #expect(word.contains("network.hidden") && word.contains("many"), "\(word)")
  }

  @Test("a fit keeps limits of its own on a target's resources, which candidates are read for as rows are")
  func limits() throws {
    func student(_ fit: String) -> String {
      """
        - name: small
          fit: {target: uno, \(fit)}
          search: {grid: {points: 2}}
          over: {sparsity: [0.5, 0.9]}
          pipeline: [{magnitude-pruning: {sparsity: 0.1, times: 1}, epochs: 1}, {post-training-quantization: {images: 32}}]
      """
    }
    let plan = try plan(student("flashBytes: 30000, energyMicrojoules: 1e9"))
    var source = RecipeSource(plan, in: trials)
    var begun: [TrialSpec] = []
    _ = try runAll(&source, in: trials, environment) { begun.append($0) }
    let candidates = begun.filter { $0.role == .candidate }
    #expect(candidates.count == 2)
    #expect(candidates.allSatisfy { $0.goal?.readsAsRows == true && $0.goal?.limits == [:] })
    // Searches with other limits share the candidates.
    var wider = RecipeSource(try self.plan(student("flashBytes: 31000, energyMicrojoules: 1e9")), in: trials)
    var again: [String] = []
    _ = try runAll(&wider, in: trials, environment) { again.append($0.name) }
    #expect(again.isEmpty || again == ["small"])
    for (fit, words) in [
      ("flashBytes: -1", "above 0 bytes"), ("ramBytes: many", "ramBytes"), ("flashBites: 1", "did you mean"),
    ] {
      let message = errorMessage { _ = try self.plan(student(fit)) }
      #expect(message.contains(words), "\(message)")
    }
    let untargeted = errorMessage {
      _ = try self.plan(student("ramBytes: 100").replacing("target: uno, ", with: "fileBytes: 9, "))
    }
    #expect(untargeted.contains("give \"target\" too"), "\(untargeted)")
  }

  @Test("a candidate whose training diverges makes no student, and the search goes on")
  func diverged() throws {
    let plan = try plan(
      """
        - name: steep
          fit: {fileBytes: 1000000}
          search: {grid: {points: 2}}
          over: {sparsity: [0.5, 0.6]}
          pipeline: [{magnitude-pruning: {sparsity: 0.1, times: 1}, epochs: 1, training: {learningRate: 1000}}]
      """)
    var source = RecipeSource(plan, in: trials)
    let message = errorMessage {
      _ = try runAll(&source, in: trials, environment)
      let failed = source.takeSettled()
      #expect(failed.map(\.spec.name) == ["steep"])
      guard case .failed(let reason) = failed.first?.outcome else { return }
      throw TrialError.goal(reason)
    }
    #expect(message.contains("no candidate of the search made a student"), "\(message)")
  }

  @Test(
    "a latency is met round by round, each a candidate a layer and read on the target; the row keeps its layers' settings, as its controls do"
  )
  func netadapt() throws {
    let spec = try NetworkSpec.named("mlp", searching: [Checkout.path + "/Teachers"])
    var network = try spec.build(options: NetworkOptions(channels: 1, classes: 10))
    network.initializeParameters(seed: 0)
    let target = try TargetProfile.named("cortex-m4", searching: environment.targetFolders)
    let whole = try #require(try target.estimate(network, flashBytes: 0)[.latency]?.value)
    let limit = 0.6 * whole
    let plan = try plan(
      """
        - name: adapted
          fit: {target: cortex-m4, latencyMs: \(limit)}
          search: {netadapt: {rounds: 2}}
          over: {sparsity: {layers: each, from: 0, to: 0.9}}
          pipeline: [{channel-pruning: {scope: layer}, epochs: 1}]
      """, controls: true)
    var source = RecipeSource(plan, in: trials)
    var begun: [TrialSpec] = []
    let results = try runAll(&source, in: trials, environment) { begun.append($0) }
    let candidates = begun.filter { $0.role == .candidate }
    let layers = try MethodChoice(ChannelPruning()).layers(of: network)
    #expect(layers.count > 1 && candidates.count >= 1 + layers.count)
    let found = try candidates.map { spec in
      try CandidateResult.read(trials.path + "/" + spec.directoryName + "/candidate.json")
    }
    // The first candidate is the unchanged network, with the model's latency; the others take less.
    let times = found.compactMap { $0.reading?[.latency]?.value }
    #expect(times.count == found.count && abs(times[0] - whole) < 0.02 * whole)
    #expect(times.dropFirst().allSatisfy { $0 < 0.95 * whole })
    #expect(candidates.allSatisfy { $0.stages[0].choice?.overrides.count == layers.count })

    let adapted = try #require(results["adapted"])
    #expect(!adapted.warnings.contains { $0.contains("the goal was missed") }, "\(adapted.warnings)")
    let reading = try #require(adapted.targets["cortex-m4"]?[.latency]?.value)
    #expect(reading <= limit && reading > 0.5 * limit)
    #expect(adapted.stages[0].name.contains("sparsity of"))
    // The random control removes as much from each layer.
    let chance = try #require(results["adapted~random"])
    #expect(chance.parameters == adapted.parameters && chance.multiplyAdds == adapted.multiplyAdds)
    // A replay finds all of it again.
    var again = RecipeSource(plan, in: trials).replayed()
    #expect(again.pull() == nil && again.rows == source.rows)
  }

  @Test(
    "a search of layers that is for no latency, or of a target without a model, is refused with the reason")
  func netadaptRefusals() throws {
    func message(_ fit: String, _ over: String = "{sparsity: {layers: each, from: 0, to: 0.9}}") -> String {
      errorMessage {
        _ = try plan(
          """
            - name: a
              fit: \(fit)
              search: netadapt
              over: \(over)
              pipeline: [{channel-pruning: {scope: layer}}]
          """)
      }
    }
    #expect(message("{target: cortex-m4}").contains("latencyMs"))
    #expect(message("{latencyMs: 3}").contains("target"))
    #expect(message("{target: cortex-m4, latencyMs: -1}").contains("above 0"))
    #expect(message("{target: host, latencyMs: 1}").contains("no cost model"))
    let latency = "{target: cortex-m4, latencyMs: 1}"
    func over(_ layers: String) -> String {
      message(latency, "{sparsity: {layers: \(layers), from: 0, to: 0.9}}")
    }
    #expect(over("[linearr1]").contains("\"linearr1\" matches no layer; did you mean \"linear1\"?"))
    #expect(over("[[]]").contains("an inner list is empty"))
    #expect(over("[linear1, linear1]").contains("linear1 is given twice"))
    #expect(over("[[linear1, linear2], linear2]").contains("linear2 is given twice"))
    #expect(over("{similar: 2}").contains("not trained yet"))
    #expect(
      message(latency, "{roundTo: {layers: each, from: 1, to: 2}}").contains("no setting of \"over\" makes"))
    #expect(message("{target: cortex-m4, latencyMs: 1}", "{sparsity: [0.1, 0.2]}").contains("ranges"))
  }

  @Test("groups of similar layers become a variable each, and more groups than layers are refused")
  func similarLayers() throws {
    func student(_ layers: String) -> String {
      """
        - name: a
          keep: {accuracyPoints: 1}
          search: ascent
          over: {threshold: {layers: \(layers), from: 0, to: 2}}
          pipeline: [{magnitude-pruning: {}}]
      """
    }
    let search = try #require(plan(student("{similar: 2}")).trials.compactMap(\.search).first)
    #expect(search.canonicalJSON.contains(#""layers":["similar:1/2"]"#))
    #expect(search.canonicalJSON.contains(#""layers":["similar:2/2"]"#))
    #expect(
      errorMessage { _ = try plan(student("{similar: 99}")) }.contains(
        "99 groups of similar layers cannot be formed from"))
    #expect(errorMessage { _ = try plan(student("{similar: 0}")) }.contains("1...100"))
    #expect(errorMessage { _ = try plan(student("{alike: 2}")) }.contains("similar"))
  }
}
