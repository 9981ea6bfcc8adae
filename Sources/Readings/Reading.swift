public import Settings

/// The resources that a network takes on a target: figures, their origin, and a verdict on its fit.
///
///     var reading = Reading(basis: .modelled, [.flash: Figure(30_000), .latency: Figure(12.5, low: 9, high: 18)])
///     reading[.energy]?.value               // nil: nothing is said of it
///
/// It is one type from the target to the report: estimates, simulations and boards make it, and `result.json`
/// and `ranking.json` hold it.
public struct Reading: Sendable, Equatable {
  /// The way in which figures were obtained.
  public enum Basis: String, Sendable, SettingChoice {
    /// By a board, by a simulator, or by a cost model.
    case measured, simulated, modelled
    /// By placing and routing logic on a device, with the clock that static timing analysis allows.
    case placed = "placed-and-routed"
  }

  /// The parts of flash and RAM, in bytes.
  public struct Memory: Codable, Sendable, Equatable {
    /// The bytes of weights and constants, in flash.
    public var weightBytes: Int
    /// The bytes of code, in flash.
    public var codeBytes: Int
    /// The bytes of the values that live at the same time, in RAM.
    public var valueBytes: Int
    /// The bytes of variables other than values.
    public var variableBytes: Int
    /// The bytes of stack that were observed.
    public var stackBytes: Int
    /// The bytes of stack for interrupts; in estimates, the target's allowance for stack, buffers and run
    /// time.
    public var marginBytes: Int

    /// Makes the parts.
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

  /// The share of one layer.
  public struct Layer: Codable, Sendable, Equatable {
    /// The name of the node.
    public var name: String
    /// The clock cycles of an image.
    public var cycles: Double
    /// The kind of the op; `nil` in results, which hold it elsewhere.
    public var kind: String?
    /// The bytes of its parameters; `nil` in results.
    public var flashBytes: Int?
    /// Its multiply-adds; `nil` in results.
    public var multiplyAdds: Int?

    /// Makes a layer's share.
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

  /// The figures of a network with masked weights when its zeros are stored and multiplied on the same
  /// target.
  public struct Unpruned: Codable, Sendable, Equatable {
    /// The bytes of flash.
    public var flashBytes: Int
    /// The latency of an image, in milliseconds.
    public var latencyMs: Double

    /// Makes the figures.
    public init(flashBytes: Int, latencyMs: Double) {
      self.flashBytes = flashBytes
      self.latencyMs = latencyMs
    }
  }

  /// The figures by resource.
  public var figures: [Resource: Figure]
  /// The bases of the figures; several if a row's seeds differ.
  public var bases: Set<Basis>
  /// The method for the latency, such as `analytic`, `cycle-exact-sim` or `insn-count-x-CPI`; `nil` in old
  /// results.
  public var method: String?
  /// True if the network fits the target and can run there.
  public var fits: Bool
  /// The reason for which it does not fit or cannot run; `nil` if it does.
  public var reason: String?
  /// The relative difference below which two rows cannot be told apart on this target.
  public var relativeError: Double?
  /// The parts of flash and RAM; `nil` if they are not known.
  public var memory: Memory?
  /// The shares of the layers; `nil` if they are not known.
  public var layers: [Layer]?
  /// The number of simulated images, and of those whose outputs differ from the reference's; `nil` without
  /// simulation.
  ///
  /// Outputs of integers must be equal bit for bit, those of floats nearly.
  public var imagesSimulated, imagesUnequal: Int?
  /// The reason for which the figures are not what the target promises, such as a missing simulator.
  public var note: String?
  /// The figures without sparse storage; `nil` if no weight is masked, and in old results.
  public var unpruned: Unpruned?
  /// The digest of all that the reading depends on besides the model; `nil` in rankings and in old results.
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

  /// The figure of a resource; `nil` if the reading does not have it.
  public subscript(resource: Resource) -> Figure? {
    get { figures[resource] }
    set { figures[resource] = newValue }
  }

  /// The resources of the reading, in the order of reports.
  public var resources: [Resource] { figures.keys.sorted(by: Resource.isBefore) }

  /// The bases as text: `modelled`, or `modelled,simulated` if seeds differ.
  public var basis: String { bases.map(\.rawValue).sorted().joined(separator: ",") }

  /// True if all figures were simulated.
  public var isSimulated: Bool { bases == [.simulated] }
}
