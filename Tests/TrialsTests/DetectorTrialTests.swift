import Datasets
import Foundation
import Metrics
import Recipes
import Runs
import Settings
import TestSupport
import Testing
import TrialSupport

@testable import Trials

@Suite("Trials of detectors")
struct DetectorTrialTests {
  @Test("A detector loses channels set by set, and its result shows pictures with boxes")
  func layerSets() throws {
    let run = try GlyphRun(scenes: 50)
    defer { try? FileManager.default.removeItem(atPath: run.folder) }
    let plan = try run.plan(
      """
        - name: sets
          pipeline:
            - layer-sets:
                sets:
                  - {layers: ['conv*', 'block*', 'stride4.*', 'stride8.*'], sparsity: 0.4}
                  - {layers: ['stride16.*'], sparsity: 0.5}
                below: 0
                images: 20
                induction: 1
                recovery: 1
      """, network: "ssd-tiny", teacherEpochs: 1)
    var results: [TrialResult] = []
    for trial in plan.trials { results += [try run.run(trial)].compactMap { $0 } }
    #expect(results.map(\.name) == ["teacher", "sets"])
    let (teacher, student) = (results[0], results[1])
    #expect(student.stages.map(\.name) == ["train", "channel-pruning", "train", "channel-pruning"])
    #expect(student.parameters < teacher.parameters * 3 / 4)
    // Each set leaves less, and the stages with the penalty change no shape.
    let work = student.stages.map(\.multiplyAdds)
    #expect(work.count == 4 && work[0] == teacher.multiplyAdds && work[2] == work[1])
    #expect(work[1] < work[0] && work[3] < work[2])
    var options = DatasetOptions()
    options.cacheDirectory = nil
    let data = try Dataset.open(run.folder + "/glyphs", options: options)
    let tests = data.records.filter { $0.split == .test }
    for result in results { try check(result, tests) }
  }

  private func check(_ result: TrialResult, _ tests: [Dataset.Record]) throws {
    try result.validate(path: "result.json")
    #expect(result.accuracy.details is DetectionDetails)
    let pictures = try #require(result.pictures)
    #expect(pictures.count == 8)
    #expect(Set(pictures.map(\.file)).count == 8)
    for picture in pictures {
      let record = try #require(tests.first { $0.path == picture.file })
      #expect(picture.width == 64 && picture.height == 64 && picture.png.count > 100)
      let things = record.annotation.things
      #expect(picture.truth.map(\.label) == things.map(\.label))
      #expect(picture.truth.map(\.left) == things.map { Double($0.box.left) })
      #expect(!picture.found.contains { $0.confidence == nil })
    }
  }

  @Test("Networks find anchors in the data where their levels ask for them")
  func anchors() throws {
    let run = try GlyphRun(scenes: 50)
    defer { try? FileManager.default.removeItem(atPath: run.folder) }
    let spec = """
      input: [1, 64, 64]
      classes: 10
      layers:
        - conv-norm: {filters: 4, stride: 4}
        - conv-norm: {filters: 4, stride: 4}
        - detector: {levels: [{kMeans: 3}]}
      """
    let path = run.folder + "/clustered.yaml"
    try Data(spec.utf8).write(to: URL(filePath: path))
    let plan = try run.plan(
      "  - name: x\n    pipeline: [{magnitude-pruning: {sparsity: 0.5}}]", network: path, teacherEpochs: 1)
    let result = try #require(try run.run(plan.trials[0]))
    // Eleven scores and four offsets for each of three anchors, of four channels and 3x3; norms are folded into biases.
    let heads = 3 * (11 + 4) * (4 * 9 + 1)
    #expect(result.parameters == 4 * 9 + 4 + 4 * 4 * 9 + 4 + heads)
  }
}
