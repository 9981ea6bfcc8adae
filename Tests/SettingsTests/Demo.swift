import Settings

/// A configurable type with one setting of every kind.
struct Demo: Configurable, Equatable {
  enum Criterion: String, SettingChoice {
    case magnitude, random
  }

  var criterion = Criterion.magnitude
  var sparsity = 0.5
  var steps = 1
  var rate: Float = 0.1
  var isBold = false
  var label = "none"
  var limit: Int?
  var sizes: [Int] = [1, 2]

  static var settings: [Setting<Demo>] {
    [
      Setting("criterion", \.criterion, "what ranks weights"),
      Setting("sparsity", \.sparsity, in: 0...1, "part removed"),
      Setting("steps", \.steps, in: 1...100, "how many rounds"),
      Setting("rate", \.rate, "learning rate"),
      Setting("bold", \.isBold, "whether it dares"),
      Setting("label", \.label, "a name"),
      Setting("limit", \.limit, in: 1...9, "a bound"),
      Setting("sizes", \.sizes, "extents"),
    ]
  }

  init() {}

  init(yaml: String, source: String = "demo.yaml") throws {
    try self.init(from: SettingsNode(yaml: yaml, source: source), owner: "channel-pruning")
  }
}

/// A type with the settings in the message that the design shows.
struct Pruning: Configurable {
  var criterion = "magnitude"
  var sparsity = 0.5
  var steps = 1
  static var settings: [Setting<Pruning>] {
    [
      Setting("criterion", \.criterion, required: true, "what ranks channels"),
      Setting("sparsity", \.sparsity, in: 0...1, "part removed"),
      Setting("steps", \.steps, in: 1...100, "how many rounds"),
    ]
  }
}
