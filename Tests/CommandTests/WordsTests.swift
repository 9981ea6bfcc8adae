import Metrics
import Settings
import Testing

@testable import Training
@testable import condense

@Suite("Words of the commands")
struct WordsTests {
  @Test("The progress line fits the terminal, whatever the numbers", arguments: [40, 79, 119])
  func progressWidth(width: Int) {
    for (epoch, step, images) in [(0, 1, 128), (9, 468, 59_904), (99_999, 12_345, 1_580_160)] {
      var progress = TrainingProgress()
      progress.epoch = epoch
      progress.step = step
      progress.sums = TrainingProgress.Sums(
        loss: Double(images) * 2.3, metric: Double(images) / 3, images: images, seconds: 0.001, rate: 0.1)
      let text = ProgressLine.text(
        TrainingObserver.Step(
          progress: progress, stepsPerEpoch: 20_000, epochs: 100_000, metric: Top1Accuracy.kind),
        secondsLeft: 1e6,
        width: width)
      #expect(text.count <= width)
      #expect(text.hasPrefix("epoch \(epoch + 1)/100000"))
    }
  }

  @Test("Times read as clocks do")
  func clock() {
    #expect([0, 65, 3_599.6, 7_384].map(ProgressLine.clockText) == ["0:00", "1:05", "1:00:00", "2:03:04"])
  }

  @Test("A setting's value is YAML, its place the option")
  func settingOverride() throws {
    let node = try SettingOverride("training.schedule.step={milestones: [0.5]}", roots: ["training"]).node
    #expect(node["schedule"]?["step"]?["milestones"] == [0.5].node)
    #expect(node["schedule"]?.mark.description == "--set training.schedule.step")
    #expect(try SettingOverride("network.width=0.5", roots: ["training", "network"]).root == "network")
    for text in ["training.rate", "rate=1", "network.width=1", "training=1", "training..rate=1", "=1"] {
      #expect(throws: CommandFailure.self) { try SettingOverride(text, roots: ["training"]) }
    }
  }

  @Test("Words are quoted for the shell only where they need it")
  func quoting() {
    #expect(Shell.quoted("a-b_c/d.e=f") == "a-b_c/d.e=f")
    #expect(Shell.quoted("a b") == "'a b'")
    #expect(Shell.quoted("it's") == "'it'\\''s'")
  }
}
