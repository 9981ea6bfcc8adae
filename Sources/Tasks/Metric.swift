/// What a network is judged by on a set of images, kept so that two networks can be compared image by image.
///
/// A metric knows its value with every image counted as often as one likes. That is all that a test over images needs: where the
/// value is a mean of what each image contributes, two networks are compared by those; else by drawing images anew
/// (`PairedBootstrap`).
public protocol Metric: Sendable {
  /// The name in tables and files: lower case, hyphens.
  static var name: String { get }
  /// Whether more is better.
  static var isHigherBetter: Bool { get }
  /// Images that were judged.
  var images: Int { get }
  /// What each image contributes, where the value is their mean; `nil` where it is none.
  var contributions: [Double]? { get }
  /// The value with image i counted `weights[i]` times; `weights` has one number an image, and not all are 0.
  func value(weights: [Int]) -> Double
}

extension Metric {
  /// The value with every image counted once.
  public var value: Double { value(weights: Array(repeating: 1, count: images)) }
}

/// The share of images of which the class is told rightly.
public struct Top1Accuracy: Metric {
  public static let name = "top-1"
  public static let isHigherBetter = true

  private let isCorrect: [Bool]

  /// Judges images by whether each was told rightly.
  public init(_ isCorrect: [Bool]) { self.isCorrect = isCorrect }

  public var images: Int { isCorrect.count }
  public var contributions: [Double]? { isCorrect.map { $0 ? 1 : 0 } }

  public func value(weights: [Int]) -> Double {
    var (right, all) = (0, 0)
    for (isRight, weight) in zip(isCorrect, weights) {
      all += weight
      if isRight { right += weight }
    }
    return Double(right) / Double(max(all, 1))
  }
}
