/// Something that a network takes of a target, or gets from it: a name, a unit, and which way is better.
///
///     extension Resource { static let lut = Resource("lut", title: "LUTs", .count) }
///     reading[.lut] = Figure(1_203)
///
/// The list is open: whoever measures one more names it, and its description travels with its figures into results, rankings and
/// reports, which know none by heart.
public struct Resource: Sendable, Hashable {
  /// Which figures are the better ones.
  public enum Direction: String, Sendable, Codable { case lower, higher }

  /// What a resource is for in a ranking.
  public enum Standing: String, Sendable, Codable {
    /// Students are chosen by it, and fronts have it as an axis.
    case objective
    /// Students are chosen by it, but as it follows from another or another from it, fronts leave it out.
    case choice
    /// Told beside the others.
    case detail
  }

  /// The key in files, such as `flash`; never renamed.
  public let name: String
  /// The name for people, such as `RAM`.
  public let title: String
  public let unit: Unit
  public let direction: Direction
  public let standing: Standing

  /// Makes a resource; the title is the name unless given.
  public init(
    _ name: String, title: String? = nil, _ unit: Unit, better direction: Direction = .lower,
    standing: Standing = .objective
  ) {
    self.name = name
    self.title = title ?? name
    self.unit = unit
    self.direction = direction
    self.standing = standing
  }

  /// What is to be small: the value, or where more is better one divided by it.
  public func cost(_ value: Double) -> Double { direction == .lower ? value : 1 / value }
}

extension Resource {
  /// Program memory: weights and code.
  public static let flash = Resource("flash", .bytes)
  /// Working memory: values, variables and stack.
  public static let ram = Resource("ram", title: "RAM", .bytes)
  /// Time of an image.
  public static let latency = Resource("latency", .milliseconds, standing: .choice)
  /// Energy of an image.
  public static let energy = Resource("energy", .microjoules)
  /// Clock cycles of an image; the interval is that over images.
  public static let cycles = Resource("cycles", .cycles, standing: .detail)
  /// Energy of a day at the target's frame rate, sleep included.
  public static let energyPerDay = Resource(
    "energyPerDay", title: "energy of a day", .joules, standing: .detail)

  /// Those whose keys in files are older than this type, in the order in which they are told; others follow by name.
  static let first = [flash, ram, latency, energy, cycles, energyPerDay]

  /// Whether a resource is told before another.
  public static func isBefore(_ one: Resource, _ other: Resource) -> Bool {
    (one.place, one.name) < (other.place, other.name)
  }

  private var place: Int { Resource.first.firstIndex(of: self) ?? Resource.first.count }
}

extension Resource {
  /// In what an amount is counted. Any word will do; those here read well.
  public struct Unit: RawRepresentable, Sendable, Hashable, Codable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let bytes = Unit(rawValue: "bytes")
    public static let milliseconds = Unit(rawValue: "milliseconds")
    public static let microjoules = Unit(rawValue: "microjoules")
    public static let joules = Unit(rawValue: "joules")
    public static let cycles = Unit(rawValue: "cycles")
    /// Pieces of something, which the resource's title names.
    public static let count = Unit(rawValue: "count")

    /// Whether there are only whole amounts: they are written without a point, and means over seeds are rounded.
    public var isWhole: Bool { self == .bytes || self == .count }

    /// The sign of the unit with which prefixes go, and how much of it one is; `nil` for what is counted without a sign.
    public var sign: (factor: Double, text: String)? {
      switch self {
      case .bytes: (1, "B")
      case .milliseconds: (1e-3, "s")
      case .microjoules: (1e-6, "J")
      case .joules: (1, "J")
      case .cycles, .count: nil
      default: (1, rawValue)
      }
    }
  }
}

/// How much of a resource, and within what it lies.
public struct Figure: Sendable, Hashable {
  /// In the resource's unit.
  public var value: Double
  /// The least and the most that it may be, by the target's stated uncertainty; `nil` where nothing is said.
  public var low, high: Double?

  /// Makes a figure.
  public init(_ value: Double, low: Double? = nil, high: Double? = nil) {
    self.value = value
    self.low = low
    self.high = high
  }
}
