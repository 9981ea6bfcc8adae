import RealModule
public import Settings
public import Tensors

/// Blends pairs of images of a batch, and their targets with them.
///
/// **Formula** `x' = λ·x + (1 - λ)·partner`, targets likewise, `λ ~ Beta(alpha, alpha)`.
///
/// The partner of image `i` is image `count - 1 - i` of the shuffled batch.
///
/// **Paper** Zhang, Cisse, Dauphin, Lopez-Paz, "mixup: beyond empirical risk minimization", ICLR 2018,
/// arXiv:1710.09412.
public struct Mixup: Augmentation {
  /// The name in recipes: `mixup`.
  public static let name = "mixup"
  /// The line for lists.
  public static let summary = "blend pairs of images and their targets"
  /// The blend with `alpha` 0.
  public static var identity: Mixup {
    var value = Mixup()
    value.alpha = 0
    return value
  }

  /// The parameter of the Beta distribution, 0...10; 0 blends nothing, 1 makes every share equally likely.
  public var alpha: Float = 0.2

  /// Makes the blend with its default: `alpha` 0.2.
  public init() {}
  /// Settings: `alpha`.
  public static var settings: [Setting<Mixup>] {
    [
      Setting(
        "alpha", \.alpha, in: 0...10, "parameter of the Beta distribution of the shares; 0 blends nothing")
    ]
  }

  /// Returns a share `λ ~ Beta(alpha, alpha)`, as a ratio of two Gamma draws; `nil` if `alpha` is 0.
  public func share(random: inout SeededRandom) -> Float? {
    guard alpha > 0 else { return nil }
    let first = Self.gamma(Double(alpha), &random)
    let second = Self.gamma(Double(alpha), &random)
    guard first + second > 0 else { return 1 }
    return Float(first / (first + second))
  }

  /// Returns a draw from Gamma(shape, 1) by the method of Marsaglia and Tsang, 2000.
  ///
  /// Below shape 1 it is a draw from Gamma(shape + 1, 1) times `u^(1 / shape)`, `u` uniform in 0...1.
  private static func gamma(_ shape: Double, _ random: inout SeededRandom) -> Double {
    if shape < 1 {
      let uniform = max(Double(random.uniform()), 0x1p-25)
      return gamma(shape + 1, &random) * Double.pow(uniform, 1 / shape)
    }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = Double(random.normal())
      let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
      guard v > 0 else { continue }
      let uniform = max(Double(random.uniform()), 0x1p-25)
      if Double.log(uniform) < 0.5 * x * x + d - d * v + d * Double.log(v) { return d * v }
    }
  }
}
