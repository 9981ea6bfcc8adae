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
