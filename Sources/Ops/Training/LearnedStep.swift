public import Graphs
public import Settings
public import Tensors

/// The errors that train the step of a value's grid.
public enum StepRule: String, Sendable, SettingChoice {
  /// Rounding and clipping errors: the learned step size.
  case rounding
  /// Clipping errors alone: the parametrized clipping activation.
  case clipping
}

/// A grid for a value, whose step is trained with the weights; a method puts it behind a value for a
/// training.
///
/// **Formula**: `y = s · round(clamp(x/s, -below, above))` with ties to even, where s is the parameter
/// `step`, held at 2⁻¹⁰⁰ or more. It is the same in training and inference.
///
/// **Shapes**: `x, y [N, …]`, `step [1]`.
///
/// **Gradient**: by x, straight through: `dy` where `-below ≤ x/s ≤ above`, else 0. By s, the sum over
/// elements of dy times `-below` or `above` where x lies beyond these bounds; elsewhere times
/// `round(x/s) - x/s` by `rounding`, and 0 by `clipping`. With `rounding` the sum is divided by
/// `√(n · above)` for n elements of an image, so that steps move as fast, relative to their size, as weights.
/// With `clipping` it is divided by `above²`, so that the bound `above·s` moves as a parameter would. The
/// rounded value has no derivatives; with `clipping` the gradients are scaled derivatives of
/// `clamp(x, -below·s, above·s)`.
///
/// **Cost**: traffic only.
///
/// **Settings**: below, above, rule. With `clipping` the step has weight decay.
///
/// **Throws**: `ShapeError` for `below` outside 0...65535 and `above` outside 1...65535.
///
/// **Papers**: Esser, McKinstry, Bablani, Appuswamy, Modha, "Learned step size quantization", ICLR 2020,
/// arXiv:1902.08153; Choi, Wang, Venkataramani, Chuang, Srinivasan, Gopalakrishnan, "PACT: parameterized
/// clipping activation for quantized neural networks", 2018, arXiv:1805.06085.
public struct LearnedStep: TrainingOp {
  /// The name in files: `learned-step`.
  public static let kind = "learned-step"
  /// The least step.
  public static let leastStep: Float = 0x1p-100

  /// The number of multiples of the step below zero.
  public var below = 128
  /// The number of multiples of the step above zero, 1 or more.
  public var above = 127
  /// The errors that train the step.
  public var rule = StepRule.rounding

  /// The grid of signed bytes.
  public init() {}

  /// Makes the op from the least and the greatest multiple of the step.
  public init(_ multiples: ClosedRange<Int>, rule: StepRule) {
    below = -multiples.lowerBound
    above = multiples.upperBound
    self.rule = rule
  }

  /// Settings: `below`, `above`, `rule`.
  public static var settings: [Setting<LearnedStep>] {
    [
      Setting("below", \.below, in: 0...65_535, "multiples of the step below zero"),
      Setting("above", \.above, in: 1...65_535, "multiples of the step above zero"),
      Setting("rule", \.rule, "what teaches the step: rounding and clipping, or clipping alone"),
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<LearnedStep>] {
    [
      OpExample(LearnedStep(0...15, rule: .rounding), [2, 3, 4, 2]),
      OpExample(LearnedStep(-1...1, rule: .clipping), [3, 5]),
    ]
  }

  /// False: a rounded value has no derivatives.
  public var gradientsAreDerivatives: Bool { false }
  /// The output needs its own memory.
  public var placement: OutputPlacement { .apart }
  /// Computes new numbers.
  public var valueFlow: ValueFlow { .computing }

  /// Refuses `below` outside 0...65535 and `above` outside 1...65535.
  public func validate() throws(ShapeError) {
    guard (0...65_535).contains(below), (1...65_535).contains(above) else {
      throw .invalidSetting(
        op: kind, reason: "\(below) multiples below zero and \(above) above, expected 0…65535 and 1…65535")
    }
  }

  /// The input's shape; throws if x has no channel axis.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 1)
    return try requireChannels(inputs)
  }

  /// The slot `step`, `[1]`, which starts at 1.
  public func parameters(_ inputs: [Shape]) -> [ParameterSlot] {
    [ParameterSlot(.step, [1], .ones, decays: rule == .clipping)]
  }

  /// Output channel c comes from channel c of each input.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .following }

  /// The factor of the gradient by the step, for values of a shape with the batch first.
  public func gradientScale(_ shape: Shape) -> Float {
    guard rule == .rounding else { return 1 / (Float(above) * Float(above)) }
    return 1 / (Float(shape.count / max(shape[0], 1)) * Float(above)).squareRoot()
  }

  /// Divides by the step, clamps, rounds, and multiplies again.
  public func forward(_ frame: inout KernelFrame) {
    let step = Self.step(frame.parameters[0])
    let (lower, upper) = (Float(-below), Float(above))
    frame.output.values = frame.inputs[0].values.map { x in
      Self.rounded(Self.clamped(x / step, lower, upper)) * step
    }
  }

  /// Writes the gradients that stand in for derivatives of the rounded value.
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

  /// The step, at least 2⁻¹⁰⁰; NaN if the parameter is NaN.
  private static func step(_ parameter: Tensor) -> Float {
    let step = parameter.values[0]
    return step < leastStep ? leastStep : step
  }

  // Adding 1.5·2²³ leaves no bits for a fraction, so the sum is rounded with ties to even.
  private static func rounded(_ x: Float) -> Float { (x + 0x1.8p23) - 0x1.8p23 }

  private static func clamped(_ x: Float, _ lower: Float, _ upper: Float) -> Float {
    x < lower ? lower : x > upper ? upper : x
  }
}
