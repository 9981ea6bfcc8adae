import RealModule
public import Settings
public import Tensors

/// Blends pairs of images of a batch, and their targets with them.
///
/// **Formula** `x' = λ·x + (1 - λ)·partner`, targets likewise, `λ ~ Beta(alpha, alpha)`.
///
/// Paper: Zhang, Cisse, Dauphin, Lopez-Paz, "mixup: beyond empirical risk minimization", ICLR 2018,
/// arXiv:1710.09412. The partner of image `i` is image `count - 1 - i` of the shuffled batch.
public struct Mixup: Augmentation {
  /// Its name in recipes.
  public static let name = "mixup"
  /// One line for lists.
  public static let summary = "blend pairs of images and their targets"
  /// The settings under which nothing changes.
  public static var identity: Mixup {
    var value = Mixup()
    value.alpha = 0
    return value
  }

  /// The parameter of the Beta distribution; 0 blends nothing, 1 makes every share equally likely.
  public var alpha: Float = 0.2

  /// The defaults.
  public init() {}
  /// Every setting.
  public static var settings: [Setting<Mixup>] {
    [
      Setting(
        "alpha", \.alpha, in: 0...10, "parameter of the Beta distribution of the shares; 0 blends nothing")
    ]
  }

  /// The share that an image keeps of itself.
  public func share(random: inout SeededRandom) -> Float? {
    guard alpha > 0 else { return nil }
    let first = Self.gamma(Double(alpha), &random)
    let second = Self.gamma(Double(alpha), &random)
    guard first + second > 0 else { return 1 }
    return Float(first / (first + second))
  }

  /// A draw from Gamma(shape, 1): Marsaglia and Tsang 2000, raised from shape + 1 below one.
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
