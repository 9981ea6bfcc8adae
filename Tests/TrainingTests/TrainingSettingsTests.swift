import Settings
import Testing

@testable import Training

@Suite("Training settings")
struct TrainingSettingsTests {
  private static func settings(_ yaml: String, on start: TrainingSettings = TrainingSettings()) throws
    -> TrainingSettings
  {
    var settings = start
    try settings.update(from: SettingsNode(yaml: yaml, source: "test.yaml"), owner: "training")
    return settings
  }

  private static func message(_ yaml: String) -> String {
    do {
      _ = try settings(yaml)
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test("Settings written are settings read, choices and augmentations included")
  func roundTrip() throws {
    let yaml = """
      {epochs: 3, learningRate: 0.02, optimizer: {adamw: {beta2: 0.99}}, schedule: {step: {milestones: [0.3]}}, gradientClip: 1,
       emaDecay: 0.999, patience: 2, augmentations: [pad-and-crop, {flip: {probability: 0.25}}]}
      """
    let settings = try Self.settings(yaml)
    let again = try TrainingSettings(from: settings.node, owner: "training")
    #expect(again.node == settings.node)
    #expect(again.node["optimizer"]?["adamw"]?["beta2"] == 0.99.node)
    #expect(again.node != TrainingSettings().node)
  }

  @Test("A kind's own settings may be changed without naming it")
  func updateOfPresentKind() throws {
    let settings = try Self.settings("{optimizer: {momentum: 0.8}, schedule: {warmUp: 0.1}}")
    #expect((settings.optimizer as? SGD)?.momentum == 0.8)
    #expect((settings.optimizer as? SGD)?.nesterov == true)
    #expect((settings.schedule as? OneCycle)?.warmUp == 0.1)
  }

  @Test(
    "A wrong setting is named with its place and the nearest right one",
    arguments: [
      ("{epoch: 3}", "test.yaml:1: \"epoch\" is not a setting of training; did you mean \"epochs\"?"),
      (
        "{learningRate: fast}",
        "test.yaml:1: \"learningRate\" must be a finite number, found the text \"fast\""
      ),
      ("{batch: 0}", "test.yaml:1: \"batch\" must be an integer in 1...65536, found the integer 0"),
      ("{optimizer: adam}", "test.yaml:1: \"adam\" is not a setting of optimizer; did you mean \"adamw\"?"),
      (
        "{optimizer: {momntum: 0.5}}",
        "test.yaml:1: \"momntum\" is not a setting of sgd; did you mean \"momentum\"? (momentum, nesterov)"
      ),
      ("{schedule: 3}", "test.yaml:1: \"schedule\" must be one of one-cycle, cosine, step, constant"),
      (
        "{augmentations: [flipp]}",
        "test.yaml:1: \"flipp\" is not a setting of augmentations; did you mean \"flip\"?"
      ),
    ])
  func errors(yaml: String, expected: String) {
    #expect(Self.message(yaml).hasPrefix(expected), "\(Self.message(yaml))")
  }

  @Test("Keys of older files are read as what they are called now, and said; not both at once")
  func formerKeys() throws {
    let yaml = "{rate: 0.3, decay: 0.1, average: 0.9, clip: 2, smoothing: 0.2, batch: 8}"
    let present =
      "{learningRate: 0.3, weightDecay: 0.1, emaDecay: 0.9, gradientClip: 2, labelSmoothing: 0.2, "
      + "batch: 8}"
    #expect(try Self.settings(yaml).node == Self.settings(present).node)
    let notes = TrainingSettings.notes(on: try SettingsNode(yaml: yaml, source: "test.yaml"))
    #expect(notes.count == 5)
    #expect(notes[0] == "test.yaml:1: \"rate\" is called \"learningRate\" now; it is read as that")
    #expect(TrainingSettings.notes(on: try SettingsNode(yaml: present, source: "test.yaml")).isEmpty)
    #expect(Self.message("{rate: 1, learningRate: 2}").contains("learningRate"))
  }

  @Test("A batch that cannot be cut into its micro-batches is refused")
  func microBatches() throws {
    let settings = try Self.settings("{batch: 128, accumulationSteps: 3}")
    #expect(throws: TrainingError.self) { try settings.validate() }
  }
}
