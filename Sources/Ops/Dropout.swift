public import Graphs
public import Settings
public import Tensors

/// Zeroes elements at random in training, and scales the rest so that the mean stays.
///
/// **Formula**: in training `y[i] = x[i]/(1 - rate)` if `random.uniform(at: i) >= rate`, else 0, where i is
/// the row-major position in the batch; in inference `y = x`.
///
/// **Shapes**: `x, y [N, C, …]`.
///
/// **Gradient**: `dy` under the same mask and factor.
///
/// **Cost**: traffic only.
///
/// **Settings**: rate.
///
/// **Throws**: `ShapeError` for a rate outside 0...0.99.
///
/// **Paper**: Srivastava et al., "Dropout", JMLR 2014.
public struct Dropout: Op {
  /// The name in files: `dropout`.
  public static let kind = "dropout"

  /// The probability that an element is zeroed.
  public var rate: Float = 0.5

  /// A rate of one half.
  public init() {}

  /// Makes a dropout.
  public init(rate: Float) { self.rate = rate }

  /// Settings: `rate`.
  public static var settings: [Setting<Dropout>] {
    [Setting("rate", \.rate, in: 0...0.99, "the probability that an element is zeroed")]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<Dropout>] {
    [OpExample(Dropout(), [2, 3, 4, 2]), OpExample(Dropout(rate: 0.2), [4, 5])]
  }

  /// Refuses a rate outside 0...0.99.
  public func validate() throws(ShapeError) {
    guard rate >= 0, rate <= 0.99 else {
      throw .invalidSetting(op: kind, reason: "rate \(rate) is outside 0...0.99")
    }
  }

  /// The input's shape.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try requireChannels(inputs) }

  /// Output channel c comes from channel c of each input.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .following }
  /// The output is the input: inference drops nothing.
  public var placement: OutputPlacement { .unmoved }

  /// Vanishes in inference.
  public var valueFlow: ValueFlow { .vanishing }

  /// Drops and scales elements in training, and copies them in inference.
  public func forward(_ frame: inout KernelFrame) {
    frame.output.values = masked(frame.inputs[0].values, frame.mode, frame.random)
  }

  /// Drops and scales `dy` by the draws of the forward pass.
  public func backward(_ frame: inout GradientFrame) {
    frame.inputGradients[0].values = masked(frame.outputGradient.values, frame.mode, frame.random)
  }

  private func masked(_ values: [Float], _ mode: ExecutionMode, _ random: SeededRandom) -> [Float] {
    guard mode == .training else { return values }
    let factor = 1 / (1 - rate)
    var masked = values
    for i in masked.indices { masked[i] = random.uniform(at: i) >= rate ? masked[i] * factor : 0 }
    return masked
  }
}
