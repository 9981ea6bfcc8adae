import Datasets
import Execution
import Foundation
import Graphs
import Ops
import Recipes
import Encodings
import Runs
import Settings
import Tasks
import Tensors
import TestSupport
import Testing
import TrialSupport
import Training

@testable import Trials

/// Trials whose process was killed: a new process gets the files of that instant.
@Suite("Trials that are gone on with", .serialized)
struct TrialResumeTests {
  private let digits: GlyphRun
  private var folder: String { digits.folder }

  init() throws { digits = try GlyphRun() }

  /// A pipeline with masks and changing masters, then integers with masters that differ from their
  /// projection, then plain training.
  private static let stages = """
      - name: chain
        pipeline:
          - magnitude-pruning: {sparsity: 0.8, times: 2}
            epochs: 2
          - quantization-aware-training: {bits: 4}
            epochs: 2
          - epochs: 2
    """

  private static let hints = """
      - name: hinted
        network: mlp
        width: 0.5
        pipeline:
          - epochs: 2
            objective: {hints: {pairs: {relu1: relu1}}}
          - epochs: 2
            objective: soft-targets
    """

  /// The specification of the student's trial, after running the trials that it needs.
  private func spec(_ student: String) throws -> TrialSpec {
    let trials = try digits.plan(student, teacherEpochs: 1).trials
    for needed in trials.dropLast() { _ = try digits.run(needed) }
    return try #require(trials.last)
  }

  private func run(
    _ spec: TrialSpec, in place: String, note: @escaping (String) -> Void = { _ in }
  ) throws -> TrialResult {
    let directory = folder + "/" + place
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    return try #require(try TrialRunner(spec, directory: directory, digits.environment(note)).run())
  }

  /// The files that a trial leaves, without values that depend on the clock.
  private func facts(_ result: TrialResult, in place: String) throws -> [String] {
    var result = result
    result.cost.seconds = 0
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let student = try Data(contentsOf: URL(filePath: "\(folder)/\(place)/student.condensed"))
    let metrics = try String(contentsOfFile: "\(folder)/\(place)/metrics.jsonl", encoding: .utf8)
    return [
      String(decoding: try encoder.encode(result), as: UTF8.self), student.base64EncodedString(),
      try String(contentsOfFile: "\(folder)/\(place)/structure.json", encoding: .utf8),
    ]
      + metrics.split(separator: "\n").map {
        String($0.prefix(upTo: $0.range(of: ",\"imagesPerSecond\"")?.lowerBound ?? $0.endIndex))
      }
  }

  /// Copies of the trial's directory at each of its output lines, the files that a kill at that instant would
  /// leave.
  private func snapshots(
    _ spec: TrialSpec, in place: String
  ) throws -> (result: TrialResult, kills: [(line: String, place: String)]) {
    var kills: [(line: String, place: String)] = []
    let result = try run(spec, in: place) { line in
      let copy = "trials/cut-\(kills.count)"
      try? FileManager.default.copyItem(atPath: "\(folder)/\(place)", toPath: "\(folder)/\(copy)")
      kills.append((line, copy))
    }
    return (result, kills)
  }

  @Test("killed anywhere in any of three stages, a trial ends with the bytes of one that was not")
  func stages() throws {
    let spec = try spec(Self.stages)
    let whole = try snapshots(spec, in: "trials/whole")
    let expected = try facts(whole.result, in: "trials/whole")
    #expect(whole.kills.map(\.line).count == 3 + 6)
    var starts: [String] = []
    for kill in whole.kills {
      var said: [String] = []
      let result = try run(spec, in: kill.place) { said.append($0) }
      #expect(try facts(result, in: kill.place) == expected, "killed at \"\(kill.line)\"")
      starts.append(String(try #require(said.first).prefix(12)))
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/\(kill.place)/progress"))
    }
    #expect(
      starts == Array(repeating: "stage 1 of 3", count: 3) + Array(repeating: "stage 2 of 3", count: 3)
        + Array(repeating: "stage 3 of 3", count: 3))
  }

  @Test(
    "killed anywhere in two stages of hints, a trial ends with the bytes of one that was not; no adapter is in them"
  )
  func hints() throws {
    let spec = try spec(Self.hints)
    let whole = try snapshots(spec, in: "trials/whole")
    let expected = try facts(whole.result, in: "trials/whole")
    #expect(whole.kills.count == 2 + 4)
    for kill in whole.kills {
      let result = try run(spec, in: kill.place)
      #expect(try facts(result, in: kill.place) == expected, "killed at \"\(kill.line)\"")
    }
    // A perceptron of half the width: 784·128 + 128 + 128·16 + 16 + 16·10 + 10.
    #expect(whole.result.parameters == 102_714 && whole.result.multiplyAdds == 102_560)
    let names = try StudentFile.read("\(folder)/trials/whole/student.condensed")
      .graph.parameters.keys
    #expect(!names.contains { $0.hasPrefix(Objective.prefix) })
  }

  /// A pipeline of methods that keep a state between their points.
  ///
  /// It has masks that can return, pulls, fading filters, followed paths and random weights, each stopped
  /// between two points.
  private static let shadows = """
      - name: shadows
        pipeline:
          - growing-regularization: {sparsity: 0.3, times: 4, share: 0.9}
            epochs: 2
          - soft-filter-pruning: {sparsity: 0.2, times: 3}
            epochs: 2
          - dynamic-surgery: {sparsity: 0.5, times: 4, share: 0.9}
            epochs: 2
          - movement-pruning: {sparsity: 0.6, times: 4, share: 0.9}
            epochs: 2
          - karnin-pruning: {sparsity: 0.7, times: 4, share: 0.9, images: 64}
            epochs: 2
          - admm-pruning: {sparsity: 0.8, times: 4, share: 0.9}
            epochs: 2
          - sparse-variational-dropout: {sparsity: 0.85, times: 4, share: 0.9}
            epochs: 2
    """

  @Test(
    "killed anywhere in stages of masks that come back and of pulls, a trial ends with the bytes of one that was not"
  )
  func shadows() throws {
    let spec = try spec(Self.shadows)
    let whole = try snapshots(spec, in: "trials/whole")
    let expected = try facts(whole.result, in: "trials/whole")
    #expect(!whole.result.warnings.contains { $0.contains("changed nothing") })
    for kill in whole.kills {
      let result = try run(spec, in: kill.place)
      #expect(try facts(result, in: kill.place) == expected, "killed at \"\(kill.line)\"")
    }
    let student = try StudentFile.read("\(folder)/trials/whole/student.condensed").graph
    #expect(student.parameters.values.allSatisfy { !($0.encoding is any TrainingEncoding) })
    let weights = student.parameters.filter { $0.key.hasSuffix(".weight") }.values
    let elements = weights.reduce(0) { $0 + $1.value.shape.count }
    let left = weights.reduce(0) { $0 + $1.encoding.nonZeroCount($1.value.values.span) }
    #expect(elements - left == Int((0.85 * Double(elements)).rounded()))
    // A perceptron of 256 and 32 hidden units lost channels twice.
    #expect(whole.result.parameters < 209_514)
  }

  /// A pipeline of gates with a penalty on their numbers.
  private static let gates = """
      - name: gated
        pipeline:
          - channel-gates: {keep: 0.75}
            epochs: 2
            objective: {gate-cost: {weight: 1}}
    """

  @Test(
    "killed anywhere in a stage of gates, a trial ends with the bytes of one that was not, and counts its work by images"
  )
  func gates() throws {
    let trials = try digits.plan(Self.gates, network: "cnn-small", teacherEpochs: 1).trials
    for needed in trials.dropLast() { _ = try digits.run(needed) }
    let spec = try #require(trials.last)
    let whole = try snapshots(spec, in: "trials/whole")
    let expected = try facts(whole.result, in: "trials/whole")
    for kill in whole.kills {
      let result = try run(spec, in: kill.place)
      #expect(try facts(result, in: kill.place) == expected, "killed at \"\(kill.line)\"")
    }
    let student = try StudentFile.read("\(folder)/trials/whole/student.condensed").graph
    let work = try #require(whole.result.multiplyAddsPerImage)
    #expect(Double(work.least) <= work.mean && work.mean <= Double(work.most))
    #expect(work.most <= GatedWork(student).most && GatedWork(student).most < student.multiplyAdds)
    #expect(whole.result.multiplyAdds == Int(work.mean.rounded()))
    #expect(whole.result.stages[0].multiplyAdds == GatedWork(student).most)
    #expect(whole.result.warnings.contains { $0.contains("multiply-adds differ between images") })
    #expect(student.node(named: "conv2.gate") != nil)
    let counted = try JSONDecoder().decode(
      TrialResult.self, from: JSONEncoder().encode(whole.result))
    #expect(counted == whole.result)
  }

  /// A pipeline with late-folded norms, learned steps, widths chosen at the first point, and strongly
  /// softened targets.
  private static let fewBits = """
      - name: few-bits
        pipeline:
          - quantization-aware-training:
              {meanBits: 3, images: 64, activationBits: 4, edgeBits: 8, norms: late, ranges: lsq, refits: 2,
               weightSteps: lsq}
            epochs: 3
            objective: {soft-targets: {temperature: 8}}
    """

  @Test(
    "killed anywhere in a training of few bits, a trial ends with the bytes of one that was not, and says all that it said"
  )
  func fewBits() throws {
    let trials = try digits.plan(Self.fewBits, network: "cnn-cifar-tiny", teacherEpochs: 1).trials
    for needed in trials.dropLast() { _ = try digits.run(needed) }
    let spec = try #require(trials.last)
    let whole = try snapshots(spec, in: "trials/whole")
    let expected = try facts(whole.result, in: "trials/whole")
    for kill in whole.kills {
      let result = try run(spec, in: kill.place)
      #expect(try facts(result, in: kill.place) == expected, "killed at \"\(kill.line)\"")
    }
    #expect(
      whole.result.warnings.contains {
        $0.contains("weights of 3 bits learn from a teacher at a temperature of")
      })
    let student = try StudentFile.read("\(folder)/trials/whole/student.condensed").graph
    #expect(
      student.hasEncodedValues && !student.nodes.contains { $0.op is BatchNorm || $0.op is any TrainingOp })
    #expect(student.values.values.contains { $0.bits == 4 } && student.values["image"]?.bits == 8)
  }

  @Test(
    "What a method says at its first and last point is kept, each sentence once, and said anew in its place")
  func warnings() throws {
    let warnings = StageWarnings(directory: folder + "/said", stage: 1)
    #expect(warnings.ofEnds.isEmpty)
    try warnings.record(["a", "b"], at: 0)
    try warnings.record(["never"], at: 1)
    try warnings.record(["b", "c"], at: 2)
    try warnings.record([], at: 3)
    #expect(warnings.ofEnds == ["a", "b", "c"])
    try warnings.record(["d"], at: 0)
    #expect(warnings.ofEnds == ["d", "b", "c"])
    try Data("{\"0\":".utf8).write(to: URL(filePath: folder + "/said/stage-2.warnings.json"))
    #expect(warnings.ofEnds.isEmpty)
    try warnings.record(["e"], at: 0)
    #expect(warnings.ofEnds == ["e"])
  }

  @Test("a stage in training goes on at its checkpoint, also when it is one of several")
  func withinStage() throws {
    let spec = try spec(Self.stages)
    let whole = try snapshots(spec, in: "trials/whole")
    // The line of a stage's second epoch precedes its checkpoint, so the copy has the first epoch's
    // checkpoint.
    for kill in whole.kills where kill.line.hasPrefix("epoch 2/2") {
      var said: [String] = []
      _ = try run(spec, in: kill.place) { said.append($0) }
      let epochs = said.prefix { !$0.hasPrefix("stage") || $0 == said.first }.filter { $0.hasPrefix("epoch") }
      #expect(epochs.count == 1 && epochs[0].hasPrefix("epoch 2/2"), "\(said)")
    }
  }

  @Test("progress that is damaged, or of another trial, is passed over")
  func damaged() throws {
    let spec = try spec(Self.stages)
    let whole = try snapshots(spec, in: "trials/whole")
    let expected = try facts(whole.result, in: "trials/whole")
    let kill = try #require(whole.kills.first { $0.line.hasPrefix("stage 3") })
    let path = "\(folder)/\(kill.place)/progress/stages.safetensors"
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(filePath: path))
    var said: [String] = []
    let result = try run(spec, in: kill.place) { said.append($0) }
    #expect(said[0].contains("run again") && said.contains { $0.hasPrefix("stage 1 of 3") })
    #expect(try facts(result, in: kill.place) == expected)

    var other = spec
    other.seed = 0
    other.stages[2].training?.epochs = 1
    let copy = try #require(whole.kills.last)
    _ = try run(other, in: copy.place) { said.append($0) }
    #expect(said.last { $0.hasPrefix("epoch") }?.hasPrefix("epoch 1/1") == true)
  }
}
