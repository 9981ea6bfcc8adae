import Datasets
import Execution
import Graphs
import Settings
import Testing
import Training

@testable import condense

@Suite("Words about a recipe")
struct RecipeTextTests {
  @Test("every setting that is not null has a line of at most 80 columns that names its value")
  func lines() throws {
    var settings = TrainingSettings()
    try settings.update(
      from: SettingsNode(
        yaml:
          "{epochs: 7, optimizer: {sgd: {momentum: 0.8}}, augmentations: [flip, cutout, color-jitter, mixup]}",
        source: "x"), owner: "training")
    let lines = RecipeText.lines(settings.node)
    #expect(lines.allSatisfy { $0.count <= 80 })
    #expect(lines.contains { $0.split(separator: " ") == ["epochs", "7"] })
    #expect(lines.contains { $0.contains("optimizer") && $0.contains("sgd (momentum 0.8") })
    #expect(!lines.joined().contains("null") && !lines.joined().contains("patience"))
    let words = lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
    for name in ["flip", "cutout (", "color-jitter (", "mixup ("] {
      #expect(words.contains(name), "\(words)")
    }
  }

  @Test("lists go on below their value")
  func wrapping() {
    let node = SettingsNode(mapping: [
      "rate": 0.5.node, "classes": ["alpha", "beta", "gamma"].node, "clip": SettingsNode(.null),
    ])
    #expect(
      RecipeText.lines(node, width: 24) == ["  rate     0.5", "  classes  alpha, beta,", "           gamma"])
    #expect(RecipeText.lines(SettingsNode(mapping: ["list": SettingsNode(.list([]))])) == ["  list  none"])
  }

  @Test("one is singular")
  func counted() {
    #expect([0, 1, 2].map { $0.counted("epoch") } == ["0 epochs", "1 epoch", "2 epochs"])
  }

  @Test("what a library refuses or a disk does not take is nobody's input")
  func statuses() {
    let library = ExecutionError.library(call: "c", node: "n", status: 2)
    #expect(CommandFailure(.badInput, library).status == .internal)
    #expect(CommandFailure(.badInput, Located("stage 1", library)).status == .internal)
    let unwritable = TrainingError.unwritable(path: "p", reason: "r")
    #expect(CommandFailure(.badInput, unwritable).status == .internal)
    #expect(CommandFailure(.badInput, ModelFileError.unwritable(file: "p", reason: "r")).status == .internal)
    let memory = ExecutionError.memory(batch: 1, neededBytes: 2, limitBytes: 1)
    #expect(
      CommandFailure(.internal, Located("stage 1", Located("after update 2", memory))).status == .badInput)
    #expect(CommandFailure(.internal, DatasetError.nowhereToDraw(name: "n")).status == .missing)
    #expect(CommandFailure(.badInput, TrainingError.patienceWithoutValidation).status == .badInput)
  }
}
