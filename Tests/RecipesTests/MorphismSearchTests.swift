import Foundation
import Graphs
import Methods
import Recipes
import Runs
import Settings
import TestSupport
import Testing
import Training
import TrialSupport
import Trials

@Suite("Searches whose candidates inherit weights", .serialized)
struct MorphismSearchTests {
  private let digits: GlyphRun
  private var trials: TrialFolder { digits.trials }
  private let network: String

  init() throws {
    digits = try GlyphRun()
    network = digits.folder + "/space.yaml"
    try """
    input: [1, 28, 28]
    classes: 10
    variables: {first: 4, hidden: 12}
    layers:
      - conv-norm: {filters: $first, kernel: 5, stride: 4}
      - flatten
      - linear: $hidden
      - relu
      - classifier
    """.write(toFile: network, atomically: true, encoding: .utf8)
  }

  private func student(_ more: String = "") -> String {
    """
      - name: morphed
        network: \(network)
        front: {minimize: [error, fileBytes], rows: [error]}
        search: {morphism: {tries: 6, initial: 3, mixed: 3, round: 1, childEpochs: 1}}
        over: {network.first: {from: 2, to: 6}, network.hidden: {from: 8, to: 24}}
        pipeline: [{epochs: 3, objective: soft-targets}, {post-training-quantization: {images: 32}}]
    """
  }

  private func place(_ spec: TrialSpec) -> String { trials.path + "/" + spec.directoryName }

  /// The loss of the first epoch of a trial.
  private func firstLoss(_ spec: TrialSpec) throws -> Double {
    let lines = try Data(contentsOf: URL(filePath: place(spec) + "/metrics.jsonl"))
    return try #require(EpochRecord.all(in: lines).first?.loss)
  }

  @Test("children start from what their parents have trained, and say so; the row's controls begin anew")
  func search() throws {
    let plan = try digits.plan(student(), controls: true)
    var source = RecipeSource(plan, in: trials)
    var begun: [TrialSpec] = []
    _ = try runAll(&source, in: trials, digits.environment()) { begun.append($0) }
    let candidates = begun.filter { $0.role == .candidate }
    let record = try #require(try source.searchRecords.first)
    #expect(record.candidates.count == 6 && record.strategy == "morphism")
    #expect(record.candidates.prefix(3).allSatisfy { $0.parent == nil })
    for candidate in record.candidates.dropFirst(3) {
      let parent = try #require(candidate.parent)
      let spec = try #require(candidates.first { $0.address == candidate.address })
      guard case .inherited(_, let address) = spec.start else {
        Issue.record("a child starts from no parent: \(candidate.number)")
        continue
      }
      #expect(address == record.candidates[parent - 1].address)
      #expect(spec.dependencies.contains(address))
      #expect(spec.stages[0].training?.epochs == 1 && spec.leaves == 0)
      #expect(try TrialSpec(from: spec.node).start == spec.start)
      // It begins where others are after an epoch or more.
      let first = try firstLoss(candidates[0])
      #expect(try firstLoss(spec) < first)
    }
    let alone = try #require(begun.first { $0.name == "morphed~alone" })
    guard case .network = alone.start else {
      Issue.record("a control inherits")
      return
    }
    // Killed and gone on with it is the same.
    #expect(try RecipeSource(plan, in: trials).replayed().searchRecords == [record])
  }

  @Test("what a child starts from computes what its parent left, where it is only wider")
  func start() throws {
    let plan = try digits.plan(student())
    var source = RecipeSource(plan, in: trials)
    var begun: [TrialSpec] = []
    _ = try runAll(&source, in: trials, digits.environment()) { begun.append($0) }
    let parent = try #require(begun.first { $0.role == .candidate })
    let path = place(parent) + "/trained.safetensors"
    let left = try NetworkFile(bytes: [UInt8](Data(contentsOf: URL(filePath: path))), file: path).graph
    // Weights as they were before their encoding.
    #expect(left.parameters.values.allSatisfy { $0.encoding.bits == 32 } && left.values.isEmpty)
    #expect(left.nodes.contains { $0.op.kind == "batch-norm" })
    let result = try CandidateResult.read(place(parent) + "/candidate.json")
    #expect(result.stages[0].multiplyAdds == left.multiplyAdds)
  }

  @Test("a student without a network of its own cannot inherit")
  func refusal() throws {
    let message = errorMessage {
      _ = try digits.plan(
        """
          - name: a
            front: {minimize: [error, fileBytes]}
            search: morphism
            over: {sparsity: {from: 0.1, to: 0.5}}
            pipeline: [{magnitude-pruning: {}, epochs: 2}]
        """)
    }
    #expect(message.contains("morphism lets networks start"), "\(message)")
  }
}
