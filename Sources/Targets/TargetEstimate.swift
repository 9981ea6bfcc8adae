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

  /// Clock cycles over the images that were simulated.
  public struct Cycles: Sendable, Equatable {
    public var least: Double
    public var mean: Double
    public var most: Double

    /// Makes a range.
    public init(least: Double, mean: Double, most: Double) {
      self.least = least
      self.mean = mean
      self.most = most
    }
  }

  /// What flash and RAM are made of.
  public struct Memory: Sendable, Equatable {
    public var weightBytes: Int
    public var codeBytes: Int
    public var valueBytes: Int
    /// Variables beside values.
    public var variableBytes: Int
    /// The stack that was seen.
    public var stackBytes: Int
    /// Stack kept for interrupts; in estimates the profile's allowance for stack, buffers and run time.
    public var marginBytes: Int

    /// Makes a division.
    public init(
      weightBytes: Int, codeBytes: Int, valueBytes: Int, variableBytes: Int, stackBytes: Int,
      marginBytes: Int
    ) {
      self.weightBytes = weightBytes
      self.codeBytes = codeBytes
      self.valueBytes = valueBytes
      self.variableBytes = variableBytes
      self.stackBytes = stackBytes
      self.marginBytes = marginBytes
    }
  }

  public var flashBytes: Int
  public var ramBytes: Int
  public var latencyMs: Double
  public var energyMicrojoules: Double
  public var basis: Basis
  /// How the latency came about: `analytic`, `measured`, or the simulator's method.
  public var method = "analytic"
  /// The interval of the latency by the target's stated uncertainty, in milliseconds.
  public var low: Double
  public var high: Double
  public var fits: Bool
  /// Why it does not fit, with the overflow in bytes; `nil` when it fits.
  public var reason: String?
  public var layers: [Layer]
  /// The interval of the energy, in microjoules.
  public var energyLow = 0.0
  public var energyHigh = 0.0
  /// Energy of a day at the profile's frame rate; `nil` where the profile has none, or the target is too slow for it.
  public var energyPerDayJoules: Double?
  /// `nil` where they were not counted on images.
  public var cycles: Cycles?
  public var memory: Memory?
  /// The share by which two networks must differ on this target to be told apart.
  public var relativeError = 0.0
  /// Images that were simulated.
  public var images = 0
  /// What the simulated chip said, image by image, in the program's numbers; empty where nothing was simulated.
  public var outputs: [[Float]] = []
  /// Images whose simulated outputs were not those of the reference: of integers bit for bit, of floats nearly.
  public var unequalImages = 0
  /// Why figures are not what the profile promises, such as a missing simulator; `nil` where they are.
  public var note: String?

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
