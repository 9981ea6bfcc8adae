public import Settings

/// The request of a fit: the device's limits and the accepted loss of accuracy.
public struct FitRequest: Sendable, Equatable {
  /// The name of a manifest, or the path of a manifest, a folder or an archive.
  public var data: String
  /// A hardware profile, by name or path.
  public var target: String
  /// The largest size of program and weights in bytes; `nil` takes the profile's.
  public var flashBytes: Int?
  /// The largest working memory in bytes; `nil` takes the profile's.
  public var ramBytes: Int?
  /// The largest latency of an image in ms; `nil` for any.
  public var latencyMs: Double?
  /// The largest loss of accuracy against the teacher, as a fraction 0…1.
  public var margin: Double
  /// The shorter side of the network's input in pixels; `nil` chooses it by images and memory.
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

  /// The request as a file of the run stores it; a run can only be continued with the same request.
  public var node: SettingsNode {
    SettingsNode(mapping: [
      "data": data.node, "target": target.node, "flashBytes": flashBytes.node, "ramBytes": ramBytes.node,
      "latencyMs": latencyMs.node, "marginPoints": (margin * 100).node, "side": side.node,
    ])
  }
}
