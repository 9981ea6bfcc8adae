public import Graphs
public import Settings
public import Tensors

/// What teaches the step of a value's grid.
public enum StepRule: String, Sendable, SettingChoice {
  /// Rounding and clipping errors both: the learned step size.
  case rounding
  /// What is clipped alone: the parametrized clipping activation.
  case clipping
}

/// A value on a grid whose step is learned with the weights: what a method puts behind a value while a network trains.
///
/// **Formula**: `y = s · round(clamp(x/s, -below, above))`, ties to even, s being the parameter `step`, no smaller than 2⁻¹⁰⁰. The
/// same in training and inference.
///
/// **Shapes**: `x, y [N, …]`, `step [1]`.
///
/// **Gradient**: straight through by x: `dy` where `-below ≤ x/s ≤ above`, else 0. By s the sum over elements of dy times `-below` or
/// `above` where x lies beyond them, and elsewhere times `round(x/s) - x/s` by `rounding` or 0 by `clipping`; by `rounding` divided by
/// `√(n · above)` for n elements of an image, so that steps move no faster, for their size, than weights, and by `clipping` by `above²`,
/// so that the bound `above·s` moves as a parameter of its own would. These are no derivatives of the rounded value, which has none, but
/// by `clipping` those of `clamp(x, -below·s, above·s)`, scaled.
///
/// **Cost**: traffic only.
///
/// **Settings**: below, above, rule. By `clipping` the step decays as weights do.
///
/// **Throws**: `ShapeError` for numbers of multiples outside 0...65535 and 1...65535.
///
/// **Papers**: Esser, McKinstry, Bablani, Appuswamy, Modha, "Learned step size quantization", ICLR 2020, arXiv:1902.08153; Choi, Wang,
/// Venkataramani, Chuang, Srinivasan, Gopalakrishnan, "PACT: parameterized clipping activation for quantized neural networks", 2018,
/// arXiv:1805.06085.
public struct LearnedStep: TrainingOp {
  public static let kind = "learned-step"
  /// The least step.
  public static let leastStep: Float = 0x1p-100

  /// Multiples of the step below zero.
  public var below = 128
  /// Multiples of the step above zero, 1 or more.
  public var above = 127
  /// What teaches the step.
  public var rule = StepRule.rounding

  /// Signed bytes.
  public init() {}

  /// Makes the op.
  public init(_ multiples: ClosedRange<Int>, rule: StepRule) {
    below = -multiples.lowerBound
    above = multiples.upperBound
    self.rule = rule
  }

  public static var settings: [Setting<LearnedStep>] {
    [
      Setting("below", \.below, in: 0...65_535, "multiples of the step below zero"),
      Setting("above", \.above, in: 1...65_535, "multiples of the step above zero"),
      Setting("rule", \.rule, "what teaches the step: rounding and clipping, or clipping alone"),
    ]
  }

  public static var examples: [OpExample<LearnedStep>] {
    [
      OpExample(LearnedStep(0...15, rule: .rounding), [2, 3, 4, 2]),
      OpExample(LearnedStep(-1...1, rule: .clipping), [3, 5]),
    ]
  }

  public var gradientsAreDerivatives: Bool { false }
  public var placement: OutputPlacement { .apart }
  public var valueFlow: ValueFlow { .computing }

  public func validate() throws(ShapeError) {
    guard (0...65_535).contains(below), (1...65_535).contains(above) else {
      throw .invalidSetting(
        op: kind, reason: "\(below) multiples below zero and \(above) above, expected 0…65535 and 1…65535")
    }
  }

  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 1)
    return try requireChannels(inputs)
  }

  public func parameters(_ inputs: [Shape]) -> [ParameterSlot] {
    [ParameterSlot(.step, [1], .ones, decays: rule == .clipping)]
  }

  public func channels(_ inputs: [Shape]) -> ChannelRule { .following }

  /// What the gradient by the step is multiplied by, for values of a shape, batch first.
  public func gradientScale(_ shape: Shape) -> Float {
    guard rule == .rounding else { return 1 / (Float(above) * Float(above)) }
    return 1 / (Float(shape.count / max(shape[0], 1)) * Float(above)).squareRoot()
  }

  public func forward(_ frame: inout KernelFrame) {
    let step = Self.step(frame.parameters[0])
    let (lower, upper) = (Float(-below), Float(above))
    frame.output.values = frame.inputs[0].values.map { x in
      Self.rounded(Self.clamped(x / step, lower, upper)) * step
    }
  }

  public func backward(_ frame: inout GradientFrame) {
    let step = Self.step(frame.parameters[0])
    let (lower, upper) = (Float(-below), Float(above))
    var sum = 0.0
    let gradients = frame.outputGradient.values
    for (i, x) in frame.inputs[0].values.enumerated() {
      let multiple = x / step
      let nearest = Self.rounded(Self.clamped(multiple, lower, upper))
      if multiple >= lower, multiple <= upper {
        frame.inputGradients[0].values[i] = gradients[i]
        if rule == .rounding { sum += Double(gradients[i] * (nearest - multiple)) }
      } else {
        sum += Double(gradients[i] * nearest)
      }
    }
    frame.parameterGradients[0].values[0] = Float(sum) * gradientScale(frame.inputs[0].shape)
  }

  /// The step that is used; not a number where the parameter is none.
  private static func step(_ parameter: Tensor) -> Float {
    let step = parameter.values[0]
    return step < leastStep ? leastStep : step
  }

  private static func rounded(_ x: Float) -> Float { (x + 0x1.8p23) - 0x1.8p23 }

  private static func clamped(_ x: Float, _ lower: Float, _ upper: Float) -> Float {
    x < lower ? lower : x > upper ? upper : x
  }
}
