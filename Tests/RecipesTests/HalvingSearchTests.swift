import Foundation
import Recipes
import Runs
import Settings
import TestSupport
import Testing
import TrialSupport
import Trials

@Suite("Searches that cut trainings short, as trials", .serialized)
struct HalvingSearchTests {
  private let digits: GlyphRun
  private var trials: TrialFolder { digits.trials }

  init() throws { digits = try GlyphRun() }

  private static func student(_ search: String, name: String = "raced") -> String {
    """
      - name: \(name)
        network: mlp
        fit: {fileBytes: 2000000}
        search: \(search)
        over: {sparsity: {from: 0.2, to: 0.9}}
        pipeline: [{epochs: 4, training: {learningRate: 0.05}}, {magnitude-pruning: {sparsity: 0.1, times: 1}, epochs: 1}]
    """
  }

  private func place(_ spec: TrialSpec) -> String { trials.path + "/" + spec.directoryName }

  @Test("a candidate that goes on from its checkpoint ends with the bytes of one that is trained in one go")
  func continued() throws {
    let plan = try digits.plan(Self.student("{halving: {tries: 4, factor: 2}}"))
    var source = RecipeSource(plan, in: trials)
    var begun: [TrialSpec] = []
    let results = try runAll(&source, in: trials, digits.environment()) { begun.append($0) }
    let candidates = begun.filter { $0.role == .candidate }
    let last = try #require(candidates.last)
    #expect(last.stages[0].through == nil)
    let continued = try #require(last.continues)
    #expect(continued.epochs == 2)
    // The row is one with all epochs, though others of fewer were there.
    let row = try #require(begun.first { $0.name == "raced" })
    guard case .candidate(let address, let among) = row.start else {
      Issue.record("a searched student starts from no candidate")
      return
    }
    #expect(
      among.count == candidates.count && candidates.first { $0.address == address }?.stages[0].through == nil)
    #expect(results["raced"]?.stages.first?.name.contains("epochs") == false)
    // What all candidates saw, each epoch once: 4·1, 2·1, 1·2 epochs, and the last stage each time.
    let epochs = candidates.reduce(0) { $0 + ($1.stages[0].through ?? 4) - ($1.continues?.epochs ?? 0) + 1 }
    let images = try #require(results["raced"]?.cost.trainingImages)
    #expect(images % epochs == 0 && images / epochs <= 200)
    // Epochs that another trial has trained stand in the log, once each.
    let lines = try String(contentsOfFile: place(last) + "/metrics.jsonl", encoding: .utf8).split(
      separator: "\n")
    #expect(lines.count == 5)

    var anew = last
    anew.continues = nil
    anew.name = "anew"
    #expect(anew.address == last.address)
    let (kept, fresh) = (place(last), place(anew))
    try FileManager.default.createDirectory(atPath: fresh, withIntermediateDirectories: true)
    _ = try TrialRunner(anew, directory: fresh, digits.environment()).run()
    #expect(
      try Data(contentsOf: URL(filePath: kept + "/student.condensed"))
        == Data(contentsOf: URL(filePath: fresh + "/student.condensed")))
    // It saw more images than the one that went on.
    let costs = try [kept, fresh].map { try CandidateResult.read($0 + "/candidate.json").cost.trainingImages }
    #expect(costs[0] < costs[1])
  }

  @Test(
    "stopped within an epoch and gone on with, a candidate that goes on ends the same; a checkpoint of another trial is not taken"
  )
  func interrupted() throws {
    let plan = try digits.plan(Self.student("{halving: {tries: 2, factor: 2}}"))
    var source = RecipeSource(plan, in: trials)
    var begun: [TrialSpec] = []
    _ = try runAll(&source, in: trials, digits.environment()) { begun.append($0) }
    let last = try #require(begun.last { $0.continues != nil })
    let whole = try Data(contentsOf: URL(filePath: place(last) + "/student.condensed"))
    try FileManager.default.removeItem(atPath: place(last))
    try FileManager.default.createDirectory(atPath: place(last), withIntermediateDirectories: true)
    var environment = digits.environment()
    var asked = 0
    environment.shouldStop = {
      asked += 1
      return asked > 8
    }
    #expect(throws: TrialError.self) {
      _ = try TrialRunner(last, directory: place(last), environment).run()
    }
    _ = try TrialRunner(last, directory: place(last), digits.environment()).run()
    #expect(try Data(contentsOf: URL(filePath: place(last) + "/student.condensed")) == whole)
    // One that says to go on from another training begins anew.
    var other = last
    other.seed = 7
    other.name = "other"
    try FileManager.default.createDirectory(atPath: place(other), withIntermediateDirectories: true)
    _ = try TrialRunner(other, directory: place(other), digits.environment()).run()
    let cost = try CandidateResult.read(place(other) + "/candidate.json").cost.trainingImages
    #expect(cost > (try CandidateResult.read(place(last) + "/candidate.json").cost.trainingImages))
  }

  @Test("without a training that can be cut short the search is refused")
  func refusal() throws {
    let message = errorMessage {
      _ = try digits.plan(Self.student("hyperband").replacing("epochs: 4", with: "epochs: 1"))
    }
    #expect(message.contains("hyperband cuts trainings short"), "\(message)")
  }
}
