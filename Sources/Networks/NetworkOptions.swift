public import Settings
public import Tensors

/// The differences between networks of one spec.
public struct NetworkOptions: Sendable, Equatable {
  /// The input's shape, `[C, H, W]`, in place of the spec's.
  public var input: Shape?
  /// The number of channels in place of the spec's, as the data set has.
  public var channels: Int?
  /// The number of classes in place of the spec's, as the data set has.
  public var classes: Int?
  /// The factor of every layer's filters and features, 0.001…64; products are rounded, and at least 1.
  ///
  /// The classifier and a detector's heads are not scaled.
  public var width: Double
  /// The values of the spec's variables in place of their defaults, by name.
  public var variables: [String: SettingsNode]
  /// The width and the height of each thing in the data as shares of the image's, one after another; `nil` where no data is known.
  public var boxes: [Float]?

  /// Makes options; `nil` keeps what the spec says.
  public init(
    input: Shape? = nil, channels: Int? = nil, classes: Int? = nil, width: Double = 1,
    variables: [String: SettingsNode] = [:], boxes: [Float]? = nil
  ) {
    self.boxes = boxes
    self.variables = variables
    self.input = input
    self.channels = channels
    self.classes = classes
    self.width = width
  }

  /// Refuses options that no network can have.
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
