import Foundation
import Graphs
import Ops
import Settings
import Testing

@testable import condense

@Suite("condense train", .serialized)
struct TrainTests {
  private static let recipe = ["--epochs", "24", "--threads", "1", "--set", "training.batch=32"]

  private static func arguments(_ out: String) -> [String] {
    ["train", "mlp", "--data", "glyphs", "--out", out] + recipe
  }

  /// Waits until a training has written this number of lines or has ended.
  private static func wait(_ tool: Tool, _ model: String, lines: Int, _ process: Process) {
    while process.isRunning, tool.metrics(model).count < lines { Thread.sleep(forTimeInterval: 0.002) }
  }

  @Test("Killed three times and resumed, with other loader threads, training ends with the same bytes")
  func killed() throws {
    let tool = try Tool()
    try tool.makeGlyphs(count: 500)
    let whole = try tool.run(Self.arguments("whole.safetensors"))
    #expect(whole.status == 0, "\(whole.errors)")
    let resuming = Self.arguments("killed.safetensors") + ["--resume", "--loader-threads", "3"]
    var kills = 0
    for lines in [2, 7, 13] {
      let process = try tool.start(resuming)
      Self.wait(tool, "killed.safetensors", lines: lines, process)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      if process.terminationReason == .uncaughtSignal { kills += 1 }
    }
    #expect(kills > 0, "training was over before it could be killed")
    let last = try tool.run(resuming)
    #expect(last.status == 0, "\(last.errors)")
    #expect(try tool.bytes("killed.safetensors") == tool.bytes("whole.safetensors"))
    #expect(tool.metrics("killed.safetensors") == tool.metrics("whole.safetensors"))
    #expect(tool.metrics("whole.safetensors").count == 24)
    #expect(!tool.exists("killed.safetensors.checkpoint"))
  }

  @Test("Interrupted or terminated, it saves, says how to go on, and goes on to the same bytes")
  func signals() throws {
    let tool = try Tool()
    try tool.makeGlyphs(count: 500)
    #expect(try tool.run(Self.arguments("whole.safetensors")).status == 0)
    for (number, code) in [(SIGINT, Int32(130)), (SIGTERM, 143)] {
      let out = "model-\(code).safetensors"
      let process = try tool.start(Self.arguments(out))
      Self.wait(tool, out, lines: 2, process)
      kill(process.processIdentifier, number)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == code)
      let words = try tool.text("run.err")
      #expect(words.contains("all is saved; go on with\n  "), "\(words)")
      let command = try #require(words.split(separator: "\n").last).trimmingCharacters(in: .whitespaces)
      #expect(command.hasSuffix("--resume"))
      let again = try tool.run(command.split(separator: " ").dropFirst().map(String.init))
      #expect(again.status == 0, "\(again.errors)")
      #expect(try tool.bytes(out) == tool.bytes("whole.safetensors"))
    }
  }

  @Test("What is there already is not written over, and a finished model needs nothing more")
  func existing() throws {
    let tool = try Tool()
    try tool.makeGlyphs(count: 200)
    let train = ["train", "mlp", "--data", "glyphs", "--out", "m.safetensors", "--epochs", "1", "--json"]
    let first = try tool.run(train)
    #expect(first.status == 0, "\(first.errors)")
    #expect(try first.json["epochs"] == 1.node)
    #expect(first.errors.split(separator: "\n").contains { $0.split(separator: " ") == ["epochs", "1"] })
    #expect(first.errors.split(separator: "\n").allSatisfy { !$0.contains("{") })
    #expect(try first.json["last"]?["epoch"] == 1.node)
    let bytes = try tool.bytes("m.safetensors")
    let again = try tool.run(train)
    #expect(again.status == 65)
    #expect(again.errors.contains("m.safetensors: is there already"))
    let resumed = try tool.run(train + ["--resume"])
    #expect(resumed.status == 0)
    #expect(try tool.bytes("m.safetensors") == bytes)
  }

  @Test("Flags that contradict the beginning are refused, and the training stays resumable")
  func contradictions() throws {
    let tool = try Tool()
    try tool.makeGlyphs(count: 500)
    let process = try tool.start(Self.arguments("m.safetensors"))
    Self.wait(tool, "m.safetensors", lines: 1, process)
    kill(process.processIdentifier, SIGTERM)
    process.waitUntilExit()
    let base = ["train", "mlp", "--data", "glyphs", "--out", "m.safetensors"]
    let fresh = try tool.run(base)
    #expect(fresh.status == 65 && fresh.errors.contains("holds an unfinished training"))
    for (flags, words) in [
      (["--threads", "2"], "began with threads 1, found 2"),
      (["--seed", "9"], "began with seed 0, found 9"),
      (["--epochs", "7"], "began with training.epochs 24, found 7"),
      (["--set", "training.learningRate=0.5"], "began with training.learningRate 0.05, found 0.5"),
      (["--set", "network.width=0.5"], "began with network.width 1.0, found 0.5"),
    ] {
      let refused = try tool.run(base + flags + ["--resume"])
      #expect(refused.status == 64)
      #expect(refused.errors.contains(words), "\(refused.errors)")
    }
    let finished = try tool.run(base + ["--resume"])
    #expect(finished.status == 0, "\(finished.errors)")
    #expect(tool.metrics("m.safetensors").count == 24)
  }

  @Test("A width makes every layer but the classifier narrower and is recorded")
  func width() throws {
    let tool = try Tool()
    try tool.makeGlyphs(count: 200)
    let train = [
      "train", "mlp", "--data", "glyphs", "--out", "m.safetensors", "--epochs", "1", "--json", "--set",
      "network.width=0.25",
    ]
    let run = try tool.run(train)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("mlp of width 0.25: "))
    // 28·28 pixels, 256 and 32 features at a quarter of the width, ten classes, and biases.
    #expect(try run.json["parameters"] == (784 * 64 + 64 + 64 * 8 + 8 + 8 * 10 + 10).node)
    let model = try ModelFile.read(tool.folder + "/m.safetensors", catalogue: .standard)
    #expect(model.provenance["width"] == 0.25.node)
    for (setting, words) in [
      ("network.width=0", "\"width\" must be a number in 0.001...64"),
      ("network.depth=2", "\"depth\" is not a setting of network"),
      ("networks.width=1", "expected training.KEY=VALUE or network.KEY=VALUE"),
    ] {
      let refused = try tool.run(
        "train", "mlp", "--data", "glyphs", "--out", "n.safetensors", "--set", setting)
      #expect(refused.status == 64 && refused.errors.contains(words), "\(refused.errors)")
    }
  }

  @Test("Files that cannot be read stop a training with their list, or are left out and counted")
  func badFiles() throws {
    let tool = try Tool()
    try tool.makeGlyphs(count: 200)
    let classes = try FileManager.default.contentsOfDirectory(atPath: tool.folder + "/glyphs/train").sorted()
    let bad = "glyphs/train/\(classes[0])/cut.png"
    try Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0]).write(
      to: URL(filePath: tool.folder + "/" + bad))
    let train = ["train", "mlp", "--data", "glyphs", "--out", "m.safetensors", "--epochs", "1", "--json"]
    let refused = try tool.run(train)
    #expect(refused.status == 65 && refused.errors.contains("cut.png"), "\(refused.errors)")
    let run = try tool.run(train + ["--skip-bad"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try run.json["skippedFiles"] == 1.node)
  }

  @Test("A folder that is not there is not made")
  func missingFolder() throws {
    let tool = try Tool()
    try tool.makeGlyphs(count: 100)
    let run = try tool.run("train", "mlp", "--data", "glyphs", "--out", "none/m.safetensors")
    #expect(run.status == 65 && run.errors.contains("none does not exist"), "\(run.errors)")
    #expect(!tool.exists("none"))
  }

  @Test("A set of fewer images than a batch is trained on in smaller batches")
  func fewImages() throws {
    let tool = try Tool()
    try tool.makeGlyphs(count: 100)
    let run = try tool.run(
      "train", "mlp", "--data", "glyphs", "--out", "m.safetensors", "--epochs", "2", "--validation", "0",
      "--json")
    #expect(run.status == 0 && run.errors.contains("training.batch is 80"), "\(run.errors)")
    #expect(try run.json["settings"]?["batch"] == 80.node)
  }

  @Test("One of several ranks is refused where the build has no MPI; micro-batches need none")
  func ranks() throws {
    let tool = try Tool()
    try tool.makeGlyphs(count: 200)
    let train = [
      "train", "mlp", "--data", "glyphs", "--out", "m.safetensors", "--epochs", "1", "--threads", "1",
      "--set", "training.microBatches=4",
    ]
    for launch in [
      ["OMPI_COMM_WORLD_SIZE": "2"], ["PMIX_RANK": "1", "SLURM_STEP_NUM_TASKS": "2"],
    ] {
      let refused = try tool.run(train, environment: launch)
      #expect(refused.status == 69 && refused.errors.contains("one of 2 ranks"), "\(refused.errors)")
      #expect(!tool.exists("m.safetensors") && !tool.exists("m.safetensors.checkpoint"))
    }
    for (setting, words) in [
      ("training.microBatches=5", "\"batch\" 128 cannot be cut into 5 \"microBatches\""),
      ("training.accumulationSteps=2", "found 2 and 4; leave one out"),
    ] {
      let refused = try tool.run(train + ["--set", setting])
      #expect(refused.status == 64 && refused.errors.contains(words), "\(refused.errors)")
    }
    let run = try tool.run(train, environment: ["OMPI_COMM_WORLD_SIZE": "1"])
    #expect(run.status == 0 && run.errors.contains("microBatches"), "\(run.errors)")
  }

  @Test("Wrong words are refused with their place and code before anything is written")
  func refusals() throws {
    let tool = try Tool()
    try tool.makeGlyphs(count: 200)
    for (arguments, status, words) in [
      (["mlp", "--data", "glyphs", "--set", "training.epoch=3"], 64, "did you mean \"epochs\"?"),
      (["mlp", "--data", "glyphs", "--set", "rate=3"], 64, "expected training.KEY=VALUE"),
      (["mlp", "--data", "glyphs", "--set", "training.batch=5000"], 65, "do not fill one batch of 5000"),
      (["mlpp", "--data", "glyphs"], 65, "did you mean \"mlp\"?"),
      (["mlp", "--data", "nothing"], 65, "nothing: no such data set"),
      (["mlp", "--data", "glyphs", "--set", "training.patience=2", "--validation", "0"], 65, "patience"),
      (
        ["mlp", "--data", "glyphs"]
          + ["batch=8", "rate=1000", "decay=10"].flatMap { ["--set", "training." + $0] },
        65, "first"
      ),
    ] as [([String], Int32, String)] {
      let run = try tool.run(["train"] + arguments + ["--out", "m.safetensors", "--epochs", "3"])
      #expect(run.status == status, "\(arguments): \(run.errors)")
      #expect(run.errors.contains(words), "\(run.errors)")
      #expect(!tool.exists("m.safetensors"))
      try? FileManager.default.removeItem(atPath: tool.folder + "/m.safetensors.checkpoint")
    }
  }
}
