/// What a network is judged by on a set of images, kept so that two networks can be compared image by image.
///
/// A metric knows its value with every image counted as often as one likes. That is all that a test over images needs: where the
/// value is a mean of what each image contributes, two networks are compared by those; else by drawing images anew
/// (`BootstrapDraws`).
public protocol Metric: Sendable {
  /// Which one it is.
  static var kind: MetricKind { get }
  /// Images that were judged.
  var images: Int { get }
  /// What each image contributes, where the value is their mean; `nil` where it is none.
  var contributions: [Double]? { get }
  /// The value, 0…1, with image i counted `weights[i]` times; `weights` has one number an image, and not all are 0.
  func value(weights: [Int]) -> Double
}

extension Metric {
  /// The value with every image counted once, 0…1.
  public var value: Double { value(weights: Array(repeating: 1, count: images)) }
}

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
