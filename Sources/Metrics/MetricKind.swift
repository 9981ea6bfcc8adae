/// Which metric a figure is of: its names, and which way is better.
///
/// Files hold the key.
public struct MetricKind: Sendable, Hashable {
  /// The name in tables and files: lower case, hyphens.
  public let name: String
  /// The name of a figure in JSON and CSV: `top1`.
  public let key: String
  /// What it says, for glossaries: one line, without a full stop.
  public let meaning: String
  /// Whether more is better.
  public let isHigherBetter: Bool

  /// Makes a kind.
  public init(name: String, key: String, isHigherBetter: Bool, meaning: String) {
    self.name = name
    self.key = key
    self.isHigherBetter = isHigherBetter
    self.meaning = meaning
  }

  /// Every metric that a task is judged by.
  public static let all: [MetricKind] = [Top1Accuracy.kind, AveragePrecision.kind]

  /// The name of the figure on validation images: `validationTop1`.
  public var validationKey: String { "validation" + key.prefix(1).uppercased() + key.dropFirst() }

  /// How much better the first is than the second: negative where it is worse.
  public func gain(of first: Double, over second: Double) -> Double {
    isHigherBetter ? first - second : second - first
  }

  /// Whether the first is better than the second.
  public func isBetter(_ first: Double, than second: Double) -> Bool { gain(of: first, over: second) > 0 }

  /// How far a value is from the best one, 0…1.
  public func shortfall(of value: Double) -> Double { isHigherBetter ? 1 - value : value }

  public static func == (first: MetricKind, second: MetricKind) -> Bool { first.name == second.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension MetricKind: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let key = try container.decode(String.self)
    guard let kind = Self.all.first(where: { $0.key == key }) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "expected \(Self.all.map(\.key).joined(separator: ", ")), found \"\(key)\"")
    }
    self = kind
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(key)
  }
}
