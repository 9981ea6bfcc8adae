public import Settings

/// What a network takes on a target: figures of named resources, how they came about, and whether the network fits.
///
///     var reading = Reading(basis: .modelled, [.flash: Figure(30_000), .latency: Figure(12.5, low: 9, high: 18)])
///     reading[.energy]?.value               // nil: nothing is said of it
///
/// One type from the target to the report: estimates, simulations and boards make it, `result.json` and `ranking.json` hold it.
public struct Reading: Sendable, Equatable {
  /// How figures were obtained.
  public enum Basis: String, Sendable, SettingChoice {
    case measured, simulated, modelled
    /// Logic that was placed and routed on a device, with the clock that static timing allows it.
    case placed = "placed-and-routed"
  }

  /// What flash and RAM are made of, in bytes.
  public struct Memory: Codable, Sendable, Equatable {
    public var weightBytes: Int
    public var codeBytes: Int
    public var valueBytes: Int
    /// Variables beside values.
    public var variableBytes: Int
    /// The stack that was seen.
    public var stackBytes: Int
    /// Stack kept for interrupts; in estimates the target's allowance for stack, buffers and run time.
    public var marginBytes: Int

    public init(
      weightBytes: Int, codeBytes: Int, valueBytes: Int, variableBytes: Int, stackBytes: Int, marginBytes: Int
    ) {
      self.weightBytes = weightBytes
      self.codeBytes = codeBytes
      self.valueBytes = valueBytes
      self.variableBytes = variableBytes
      self.stackBytes = stackBytes
      self.marginBytes = marginBytes
    }
  }

  /// One layer's share.
  public struct Layer: Codable, Sendable, Equatable {
    public var name: String
    /// Clock cycles of an image.
    public var cycles: Double
    /// The op's kind, bytes of its parameters, and its multiply-adds; `nil` in results, which have them elsewhere.
    public var kind: String?
    public var flashBytes: Int?
    public var multiplyAdds: Int?

    public init(
      name: String, cycles: Double, kind: String? = nil, flashBytes: Int? = nil, multiplyAdds: Int? = nil
    ) {
      self.name = name
      self.cycles = cycles
      self.kind = kind
      self.flashBytes = flashBytes
      self.multiplyAdds = multiplyAdds
    }
  }

  /// What a network whose weights are partly masked takes on the same target with its zeros stored and multiplied.
  public struct Unpruned: Codable, Sendable, Equatable {
    public var flashBytes: Int
    public var latencyMs: Double

    public init(flashBytes: Int, latencyMs: Double) {
      self.flashBytes = flashBytes
      self.latencyMs = latencyMs
    }
  }

  /// By resource, how much of it.
  public var figures: [Resource: Figure]
  /// How the figures came about; several where a row's seeds differ.
  public var bases: Set<Basis>
  /// How the latency came about, such as `analytic`, `cycle-exact-sim`, `insn-count-x-CPI`; `nil` in results of older programs.
  public var method: String?
  public var fits: Bool
  /// Why it does not fit or cannot run; `nil` when it does.
  public var reason: String?
  /// The share by which two rows must differ on this target to be told apart.
  public var relativeError: Double?
  /// What flash and RAM are made of.
  public var memory: Memory?
  /// `nil` where they are not known.
  public var layers: [Layer]?
  /// Images that were simulated, and those of them whose outputs were not the reference's: of integers bit for bit, of floats
  /// nearly; `nil` where nothing was simulated.
  public var imagesSimulated, imagesUnequal: Int?
  /// Why the figures are not what the target promises, such as a simulator that is missing.
  public var note: String?
  /// The same network without sparse storage; `nil` where no weight is masked, and in results of older programs.
  public var unpruned: Unpruned?
  /// The digest of what the reading depends on beside the model; `nil` in rankings, and in results of older programs.
  public var origin: String?

  /// Makes a reading.
  public init(
    basis: Basis, _ figures: [Resource: Figure], fits: Bool = true, reason: String? = nil
  ) {
    self.figures = figures
    bases = [basis]
    self.fits = fits
    self.reason = reason
  }

  /// How much of a resource; `nil` where nothing is said of it.
  public subscript(resource: Resource) -> Figure? {
    get { figures[resource] }
    set { figures[resource] = newValue }
  }

  /// The resources that it tells of, in the order in which they are told.
  public var resources: [Resource] { figures.keys.sorted(by: Resource.isBefore) }

  /// The bases as a word: `modelled`, or `modelled,simulated` where seeds differ.
  public var basis: String { bases.map(\.rawValue).sorted().joined(separator: ",") }

  /// Whether all figures were simulated.
  public var isSimulated: Bool { bases == [.simulated] }
}
