/// A metric of a network on a set of images, kept so that two networks can be compared image by image.
///
/// A metric can compute its value with each image counted any number of times. A test over images needs no
/// more. If the value is a mean of contributions of single images, two networks are compared by these; else
/// by random draws of images (`BootstrapDraws`).
public protocol Metric: Sendable {
  /// The kind of the metric, with its names.
  static var kind: MetricKind { get }
  /// The number of images that were judged.
  var images: Int { get }
  /// The contribution of each image, if the value is their mean; else `nil`.
  var contributions: [Double]? { get }
  /// Returns the value, 0...1, with image `i` counted `weights[i]` times.
  ///
  /// `weights` has one number per image, and not all are 0.
  func value(weights: [Int]) -> Double
}

extension Metric {
  /// The value with every image counted once, 0...1.
  public var value: Double { value(weights: Array(repeating: 1, count: images)) }
}

/// The kind of a metric: its names, and the direction in which it is better.
///
/// Files hold the key alone.
public struct MetricKind: Sendable, Hashable {
  /// The name in tables: lower case with hyphens.
  public let name: String
  /// The name of a figure in JSON and CSV: `top1`.
  public let key: String
  /// The meaning for glossaries: one line without a full stop.
  public let meaning: String
  /// True if a higher value is better.
  public let isHigherBetter: Bool

  /// Makes a kind.
  public init(name: String, key: String, isHigherBetter: Bool, meaning: String) {
    self.name = name
    self.key = key
    self.isHigherBetter = isHigherBetter
    self.meaning = meaning
  }

  /// The metrics by which tasks judge networks.
  public static let all: [MetricKind] = [Top1Accuracy.kind, AveragePrecision.kind]

  /// The name of the figure on validation images: `validationTop1`.
  public var validationKey: String { "validation" + key.prefix(1).uppercased() + key.dropFirst() }

  /// Returns the amount by which the first value is better than the second; negative if it is worse.
  public func gain(of first: Double, over second: Double) -> Double {
    isHigherBetter ? first - second : second - first
  }

  /// Returns true if the first value is better than the second.
  public func isBetter(_ first: Double, than second: Double) -> Bool { gain(of: first, over: second) > 0 }

  /// Returns the distance of a value from the best one, 0...1.
  public func shortfall(of value: Double) -> Double { isHigherBetter ? 1 - value : value }

  /// Returns true if both kinds have the same name.
  public static func == (first: MetricKind, second: MetricKind) -> Bool { first.name == second.name }
  /// Hashes the name.
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension MetricKind: Codable {
  /// Decodes a key; throws if no metric has it.
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

  /// Encodes the key.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(key)
  }
}
