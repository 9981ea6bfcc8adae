public import Settings

/// What a student would take on a target.
public struct TargetEstimate: Sendable, Equatable {
  /// How figures were obtained.
  public enum Basis: String, Sendable, SettingChoice {
    case measured, simulated, modelled
  }

  /// One layer's share.
  public struct Layer: Sendable, Equatable {
    public var name: String
    public var kind: String
    public var flashBytes: Int
    public var multiplyAdds: Int
    public var cycles: Double

    /// Makes a share.
    public init(name: String, kind: String, flashBytes: Int, multiplyAdds: Int, cycles: Double) {
      self.name = name
      self.kind = kind
      self.flashBytes = flashBytes
      self.multiplyAdds = multiplyAdds
      self.cycles = cycles
    }
  }

  public var flashBytes: Int
  public var ramBytes: Int
  public var latencyMs: Double
  public var energyMicrojoules: Double
  public var basis: Basis
  /// The interval of the latency by the target's stated uncertainty, in milliseconds.
  public var low: Double
  public var high: Double
  public var fits: Bool
  /// Why it does not fit, with the overflow in bytes; `nil` when it fits.
  public var reason: String?
  public var layers: [Layer]

  /// Makes an estimate.
  public init(
    flashBytes: Int, ramBytes: Int, latencyMs: Double, energyMicrojoules: Double, basis: Basis, low: Double,
    high: Double, fits: Bool, reason: String? = nil, layers: [Layer] = []
  ) {
    self.flashBytes = flashBytes
    self.ramBytes = ramBytes
    self.latencyMs = latencyMs
    self.energyMicrojoules = energyMicrojoules
    self.basis = basis
    self.low = low
    self.high = high
    self.fits = fits
    self.reason = reason
    self.layers = layers
  }
}
