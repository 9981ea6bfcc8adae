import Foundation
import TestSupport
import Testing

@Suite("Trainings that TensorBoard follows", .serialized)
struct TrainingLogTests {
  private let tool: Tool

  init() throws {
    tool = try Tool()
    try tool.makeGlyphs(count: 500)
  }

  private func events(_ run: String) throws -> DecodedEvents {
    let file = try tool.bytes("logs/\(run)/events.out.tfevents.condense")
    return try #require(DecodedEvents([UInt8](file)), "\(run): a damaged event file")
  }

  @Test("A training that is killed and resumed writes each epoch once, with the figures of one that was not")
  func killed() throws {
    func arguments(_ out: String) -> [String] {
      [
        "train", "mlp", "--data", "glyphs", "--out", out, "--epochs", "24", "--threads", "1", "--set",
        "training.batch=32", "--log", "tensorboard:logs",
      ]
    }
    let whole = try tool.run(arguments("whole.safetensors"))
    #expect(whole.status == 0, "\(whole.errors)")
    for lines in [2, 9] {
      let process = try tool.start(arguments("killed.safetensors") + ["--resume"])
      while process.isRunning, tool.metrics("killed.safetensors").count < lines {
        Thread.sleep(forTimeInterval: 0.002)
      }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      #expect(process.terminationReason == .uncaughtSignal, "training was over before it could be killed")
    }
    let last = try tool.run(arguments("killed.safetensors") + ["--resume"])
    #expect(last.status == 0, "\(last.errors)")
    let (uninterrupted, resumed) = (try events("whole"), try events("killed"))
    #expect(resumed.steps == Array(1...24))
    #expect(resumed.scalars == uninterrupted.scalars)
    #expect(resumed.times == resumed.times.sorted() && resumed.times.allSatisfy { $0 > 1_700_000_000 })
    let first = try #require(resumed.scalars.first)
    #expect(
      first.keys.sorted() == [
        "loss/train", "loss/validation", "top1/train", "top1/validation", "training/rate", "training/weights",
      ])
  }

  @Test("Each trial of a comparison that trains has a folder, also where it was finished before")
  func comparison() throws {
    let recipe = """
      recipe: 1
      data: glyphs
      seeds: 1
      targets: [cortex-m4]
      controls: false
      teacher: {network: mlp, training: {epochs: 2, batch: 32}}
      training: {batch: 32}
      students:
        - name: pruned
          pipeline:
            - magnitude-pruning: {sparsity: 0.5}
              epochs: 1
            - codebook: {}
              epochs: 2
        - name: int8
          pipeline: [{post-training-quantization: {images: 64}}]

      """
    try Data(recipe.utf8).write(to: URL(filePath: tool.folder + "/r.yaml"))
    let compare = ["compare", "r.yaml", "--out", "run", "--log", "tensorboard:logs"]
    let run = try tool.run(compare)
    #expect(run.status == 0, "\(run.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: tool.folder + "/logs").sorted()
    #expect(names.map { $0.prefix { $0 != "-" } } == ["pruned", "teacher"])
    #expect(try names.map { try events($0).steps } == [[1, 2, 3], [1, 2]])
    let before = try tool.bytes("logs/\(names[0])/events.out.tfevents.condense")
    try FileManager.default.removeItem(atPath: tool.folder + "/logs/" + names[1])
    #expect(try tool.run(compare).status == 0)
    #expect(try tool.bytes("logs/\(names[0])/events.out.tfevents.condense") == before)
    #expect(try events(names[1]).steps == [1, 2])
  }

  @Test("Another program, and a folder that cannot be made, are refused before anything is trained")
  func refusals() throws {
    let train = ["train", "mlp", "--data", "glyphs", "--out", "m.safetensors", "--epochs", "1", "--log"]
    for value in ["wandb:logs", "tensorboard", "tensorboard:"] {
      let run = try tool.run(train + [value])
      #expect(run.status == 64 && run.errors.contains("--log must be tensorboard:DIR, found \"\(value)\""))
    }
    try Data().write(to: URL(filePath: tool.folder + "/file"))
    let run = try tool.run(train + ["tensorboard:file"])
    #expect(run.status == 65 && run.errors.contains("file/m: cannot be written"), "\(run.errors)")
    #expect(!tool.exists("m.safetensors.metrics.jsonl"))
  }
}
