public import Settings
public import Tensors

/// What may differ between two networks of one spec.
public struct NetworkOptions: Sendable, Equatable {
  /// `[C, H, W]` instead of the spec's input.
  public var input: Shape?
  /// Channels instead of the spec's: they follow the data set.
  public var channels: Int?
  /// Classes instead of the spec's: they follow the data set.
  public var classes: Int?
  /// Multiplies every layer's filters and features, except the classifier's and a detector's heads; rounded, at least 1. In 0.001…64.
  public var width: Double
  /// Values in place of the defaults of the spec's variables, by name.
  public var variables: [String: SettingsNode]

  /// Makes options; `nil` leaves what the spec says.
  public init(
    input: Shape? = nil, channels: Int? = nil, classes: Int? = nil, width: Double = 1,
    variables: [String: SettingsNode] = [:]
  ) {
    self.variables = variables
    self.input = input
    self.channels = channels
    self.classes = classes
    self.width = width
  }

  /// Refuses what no network can have.
  func validate() throws(NetworkError) {
    if let input,
      input.rank != 3 || input.count(upTo: NetworkSpec.maximumInputElements) == nil || input.count == 0
    {
      throw .invalidOption("input", expected: "channels, height and width", found: "\(input)")
    }
    if let channels, !(1...4096).contains(channels) {
      throw .invalidOption("channels", expected: "an integer in 1...4096", found: "\(channels)")
    }
    if let classes, !NetworkSpec.classRange.contains(classes) {
      throw .invalidOption(
        "classes", expected: "an integer in \(NetworkSpec.classRange)", found: "\(classes)")
    }
    guard (0.001...64).contains(width) else {
      throw .invalidOption("width", expected: "a number in 0.001...64", found: "\(width)")
    }
  }
}
