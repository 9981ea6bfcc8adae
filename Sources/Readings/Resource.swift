/// An amount that a network takes of a target or gets from it: a name, a unit, and the better direction.
///
///     extension Resource { static let lut = Resource("lut", title: "LUTs", .count) }
///     reading[.lut] = Figure(1_203)
///
/// The list is open: code that measures another resource names it. Its description travels with its figures
/// into results, rankings and reports, none of which has a list of resources.
public struct Resource: Sendable, Hashable {
  /// The direction in which figures are better.
  public enum Direction: String, Sendable, Codable { case lower, higher }

  /// The role of a resource in a ranking.
  public enum Standing: String, Sendable, Codable {
    /// Students are chosen by it, and fronts have it as an axis.
    case objective
    /// Students are chosen by it, but fronts leave it out, as it follows from another resource or another
    /// from it.
    case choice
    /// It is only reported.
    case detail
  }

  /// The key in files, such as `flash`; never renamed.
  public let name: String
  /// The name for people, such as `RAM`.
  public let title: String
  /// The unit of amounts.
  public let unit: Unit
  /// The direction in which amounts are better.
  public let direction: Direction
  /// The role in a ranking.
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

  /// The number that should be small: the value, or its inverse if more is better.
  public func cost(_ value: Double) -> Double { direction == .lower ? value : 1 / value }
}

extension Resource {
  /// Program memory: weights and code.
  public static let flash = Resource("flash", .bytes)
  /// The working memory: values, variables and stack.
  public static let ram = Resource("ram", title: "RAM", .bytes)
  /// The time of an image.
  public static let latency = Resource("latency", .milliseconds, standing: .choice)
  /// The energy of an image.
  public static let energy = Resource("energy", .microjoules)
  /// The clock cycles of an image; the interval spans all images.
  public static let cycles = Resource("cycles", .cycles, standing: .detail)
  /// The energy of a day at the target's frame rate, sleep included.
  public static let energyPerDay = Resource(
    "energyPerDay", title: "energy of a day", .joules, standing: .detail)

  /// The resources whose keys in files are older than this type, in the order of reports; others follow by
  /// name.
  static let first = [flash, ram, latency, energy, cycles, energyPerDay]

  /// True if reports list a resource before another.
  public static func isBefore(_ one: Resource, _ other: Resource) -> Bool {
    (one.place, one.name) < (other.place, other.name)
  }

  private var place: Int { Resource.first.firstIndex(of: self) ?? Resource.first.count }
}

extension Resource {
  /// The unit of an amount.
  ///
  /// Any word is allowed; the ones here are formatted well.
  public struct Unit: RawRepresentable, Sendable, Hashable, Codable {
    /// The word in files.
    public let rawValue: String

    /// Makes a unit from a word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Bytes.
    public static let bytes = Unit(rawValue: "bytes")
    /// Milliseconds.
    public static let milliseconds = Unit(rawValue: "milliseconds")
    /// Microjoules.
    public static let microjoules = Unit(rawValue: "microjoules")
    /// Joules.
    public static let joules = Unit(rawValue: "joules")
    /// Clock cycles.
    public static let cycles = Unit(rawValue: "cycles")
    /// A count of things that the resource's title names.
    public static let count = Unit(rawValue: "count")

    /// True if amounts are whole: they are written without a point, and means over seeds are rounded.
    public var isWhole: Bool { self == .bytes || self == .count }

    /// The sign that takes SI prefixes, and its amount in one unit; `nil` for counts without a sign.
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

/// The amount of a resource, with its bounds.
public struct Figure: Sendable, Hashable {
  /// The amount in the resource's unit.
  public var value: Double
  /// The least and the greatest amount by the target's stated uncertainty; `nil` if it states none.
  public var low, high: Double?

  /// Makes a figure.
  public init(_ value: Double, low: Double? = nil, high: Double? = nil) {
    self.value = value
    self.low = low
    self.high = high
  }
}
