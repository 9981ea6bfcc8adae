public import Settings

/// What a student is to fit: a device's memory, time, and a loss of accuracy, found within a time.
public struct FitRequest: Sendable, Equatable {
  /// A manifest's name, or the path of a manifest, a folder or an archive.
  public var data: String
  /// A hardware profile, by name or path.
  public var target: String
  /// The most bytes of program and weights; `nil` takes the profile's.
  public var flashBytes: Int?
  /// The most bytes of working memory; `nil` takes the profile's.
  public var ramBytes: Int?
  /// The most milliseconds of an image; `nil` for any.
  public var latencyMs: Double?
  /// How much less accurate than the teacher the student may be, a fraction 0…1.
  public var margin: Double
  /// Pixels of the shorter side of the network's input; `nil` chooses it by images and memory.
  public var side: Int?

  /// Makes a request.
  public init(
    data: String, target: String, flashBytes: Int? = nil, ramBytes: Int? = nil, latencyMs: Double? = nil,
    margin: Double = 0.01, side: Int? = nil
  ) {
    self.data = data
    self.target = target
    self.flashBytes = flashBytes
    self.ramBytes = ramBytes
    self.latencyMs = latencyMs
    self.margin = margin
    self.side = side
  }

  /// The request as a file of the run holds it: a run that is gone on with must be asked for the same.
  public var node: SettingsNode {
    SettingsNode(mapping: [
      "data": data.node, "target": target.node, "flashBytes": flashBytes.node, "ramBytes": ramBytes.node,
      "latencyMs": latencyMs.node, "marginPoints": (margin * 100).node, "side": side.node,
    ])
  }
}
