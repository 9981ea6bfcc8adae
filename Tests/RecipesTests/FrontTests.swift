import Foundation
import Readings
import Recipes
import Runs
import Settings
import TestSupport
import Testing
import TrialSupport
import Trials

@Suite("Fronts as goals of recipes", .serialized)
struct FrontTests {
  private let digits: GlyphRun
  private var trials: TrialFolder { digits.trials }

  init() throws { digits = try GlyphRun() }

  private static let student = """
      - name: small
        front:
          minimize: [error, fileBytes, cortex-m4.flashBytes]
          limits: {fileBytes: 700000}
          rows: [error, fileBytes]
        search: {evolution: {tries: 8, population: 4, round: 2, sample: 2}}
        over: {sparsity: {from: 0.3, to: 0.95}}
        pipeline: [{magnitude-pruning: {sparsity: 0.1, times: 1}, epochs: 1}]
    """

  @Test(
    "a front is searched for once; the candidates that its rules take become rows, of every seed, with controls of their settings"
  )
  func search() throws {
    let plan = try digits.plan(Self.student, controls: true, seeds: 2)
    // Two teachers, two rows and two controls by chance for each seed, and the candidates of one search.
    #expect(plan.count == 2 + 4 + 4 + 8)
    var source = RecipeSource(plan, in: trials)
    var begun: [TrialSpec] = []
    let results = try runAll(&source, in: trials, digits.environment()) { begun.append($0) }
    let candidates = begun.filter { $0.role == .candidate }
    #expect(candidates.count <= 8 && candidates.allSatisfy { $0.name.hasPrefix("small~try") && $0.seed == 0 })
    #expect(candidates[0].goal?.front?.targets == ["cortex-m4"])

    let record = try #require(try source.searchRecords.first)
    #expect(record.student == "small" && record.strategy == "evolution" && record.candidates.count == 8)
    #expect(record.objectives == ["error", "fileBytes", "cortex-m4.flashBytes"])
    #expect(record.reference[0] == 1 && record.reference[1] == 700_000)
    let volumes = record.candidates.map(\.hypervolume)
    #expect(zip(volumes, volumes.dropFirst()).allSatisfy { $0 <= $1 } && volumes[7] > 0)
    #expect(record.candidates.prefix(4).allSatisfy { $0.parent == nil })
    #expect(
      record.candidates.dropFirst(4).allSatisfy { candidate in
        candidate.parent.map { $0 < candidate.number } ?? false
      })
    #expect(record.front.allSatisfy { $0.reason == nil } && !record.front.isEmpty)
    // Rows are those of the least, and have its settings with either seed.
    let front = record.front.compactMap { candidate in candidate.values.map { (candidate, $0) } }
    let smallest = try #require(front.min { $0.1[1] < $1.1[1] }?.0)
    #expect(record.rows["small-least-fileBytes"] == smallest.number)
    let first = try #require(front.min { $0.1[0] < $1.1[0] }?.0)
    #expect(record.rows["small-least-error"] == first.number)
    let rows = source.rows.filter { $0.name == "small-least-fileBytes" }
    #expect(rows.map(\.seed) == [0, 1] && rows[0].trial != rows[1].trial)
    // Two rules may take the same candidate, whose trial then is one.
    let second = try #require(begun.first { $0.address == rows[1].trial })
    let chosen = try #require(candidates.first { $0.address == smallest.address })
    #expect(second.stages[0].choice?.node.canonicalJSON == chosen.stages[0].choice?.node.canonicalJSON)
    #expect(second.goal == nil && second.stages[0].training != nil)
    #expect(
      results[second.name].map { Double($0.size.fileBytes) < 1.05 * (smallest.values?[1] ?? 0) }
        == true)
    let control = try #require(begun.first { $0.name == second.name + "~random" && $0.seed == 1 })
    #expect(control.stages[0].choice?.name == "random-pruning")
  }

  @Test("gone on with, or told backwards, a search for a front ends with the same record")
  func order() throws {
    let plan = try digits.plan(Self.student)
    var whole = RecipeSource(plan, in: trials)
    _ = try runAll(&whole, in: trials, digits.environment())
    let record = try whole.searchRecords
    #expect(try RecipeSource(plan, in: trials).replayed().searchRecords == record)
    var backwards = RecipeSource(plan, in: trials)
    var pulled: [TrialSpec] = []
    while true {
      while let spec = backwards.pull() { pulled.append(spec) }
      guard let spec = pulled.popLast() else { break }
      backwards.tell(.done, of: spec.address)
    }
    #expect(try backwards.searchRecords == record && backwards.rows == whole.rows)
    // A file that names a value too few is refused, not drawn.
    let path = digits.folder + "/" + SearchRecord.fileName
    try SearchRecord.write(record, to: path)
    #expect(try SearchRecord.read(path) == record)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing(#""reference":["#, with: #""reference":[1,"#).write(
      toFile: path, atomically: true, encoding: .utf8)
    #expect(errorMessage { _ = try SearchRecord.read(path) }.contains("candidates"))
  }

  @Test("a front that has fewer candidates than rows leaves the others out, and says so")
  func fewer() throws {
    let plan = try digits.plan(
      Self.student.replacing("rows: [error, fileBytes]", with: "rows: 2")
        .replacing("limits: {fileBytes: 700000}", with: "limits: {fileBytes: 10}"))
    var source = RecipeSource(plan, in: trials)
    let results = try runAll(&source, in: trials, digits.environment())
    #expect(results["small-1"]?.warnings.contains { $0.contains("the goal was missed: fileBytes") } == true)
    let settled = source.takeSettled().filter { $0.spec.name == "small-2" }
    #expect(settled.map(\.outcome) == [.notRun("the front of its search has 0 candidates, fewer than 2")])
  }

  @Test("what cannot be a front is refused with what can")
  func refusals() throws {
    func message(_ change: (String, String)) -> String {
      errorMessage { _ = try digits.plan(Self.student.replacing(change.0, with: change.1)) }
    }
    let evolution = "{evolution: {tries: 8, population: 4, round: 2, sample: 2}}"
    for name in ["bisection", "ascent", "controller"] {
      let words = message((evolution, name))
      #expect(
        words.contains("\(name) is for one goal; for a front take grid, random, evolution"),
        "\(words)")
    }
    let minimized = "[error, fileBytes, cortex-m4.flashBytes]"
    #expect(message((minimized, "[error]")).contains("several objectives"))
    #expect(message((minimized, "[error, error]")).contains("twice"))
    #expect(message((minimized, "[error, cortex-m4.flash]")).contains("TARGET.flashBytes"))
    #expect(message(("700000", "-1")).contains("above 0"))
    #expect(message(("rows: [error, fileBytes]", "rows: [least]")).contains("\"least\" is no rule"))
    #expect(message(("rows: [error, fileBytes]", "rows: 99")).contains("1...20"))
    #expect(message(("    search:", "    keep: {accuracyPoints: 1}\n    search:")).contains("give one goal"))
  }

  @Test("a fit may weigh its accuracy against any quantity, and says what of it cannot be")
  func reward() throws {
    func student(_ reward: String, _ search: String = "random") -> String {
      """
        - name: weighed
          fit: {target: cortex-m4, reward: \(reward)}
          search: \(search)
          over: {sparsity: {from: 0.3, to: 0.95}}
          pipeline: [{magnitude-pruning: {sparsity: 0.1, times: 1}, epochs: 1}]
      """
    }
    let plan = try digits.plan(student("{energyMicrojoules: 30}"))
    let goal = try #require(plan.searches.values.first?.goal.reward)
    #expect(goal.exponent == -0.07)
    #expect(goal.references == [SearchQuantity.resource(.energy, target: "cortex-m4"): 30])
    #expect(
      try digits.plan(student("{fileBytes: 30, exponent: -1}")).searches.values.first?.goal.reward?.exponent
        == -1)
    func message(_ text: String) -> String { errorMessage { _ = try digits.plan(text) } }
    #expect(message(student("{exponent: -1}")).contains("against nothing"))
    #expect(message(student("{ramBytes: 3, exponent: 1}")).contains("-10...0"))
    #expect(message(student("{ramBytes: 0}")).contains("above 0"))
    #expect(message(student("{ramBytes: 9}", "bisection")).contains("compares rewards"))
    #expect(
      message(student("{ramBytes: 9}").replacing("target: cortex-m4, ", with: "fileBytes: 9, "))
        .contains("give \"target\" too"))
  }
}
