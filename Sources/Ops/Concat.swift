public import Graphs
public import Settings
public import Tensors

/// The channels of two or more values, one value after another.
///
/// **Formula**: `y[n, c] = x_k[n, c - C₁ - … - C_(k-1)]`, where k is the input to which channel c belongs.
///
/// **Shapes**: `x_k [N, C_k, …]`, `y [N, ΣC_k, …]`; all axes but the second equal.
///
/// **Gradient**: every input gets its slice of `dy`.
///
/// **Cost**: traffic only.
///
/// **Throws**: `ShapeError` for fewer than two inputs and for other axes that differ.
///
/// **Paper**: Iandola et al., "SqueezeNet", 2016, arXiv:1602.07360.
public struct Concat: Op {
  /// The name in files: `concat`.
  public static let kind = "concat"
  /// Makes a concatenation.
  public init() {}
  /// No settings.
  public static var settings: [Setting<Concat>] { [] }
  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<Concat>] {
    [
      OpExample(Concat(), [2, 3, 2, 2], [2, 1, 2, 2], [2, 2, 2, 2]),
      OpExample(Concat(), [3, 4], [3, 2]),
    ]
  }

  /// The first input's shape with the channels of all inputs; throws if other axes differ.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    guard inputs.count >= 2 else {
      throw .wrongInputCount(op: kind, expected: "two or more inputs", found: inputs.count)
    }
    var output = try requireChannels([inputs[0]])
    for other in inputs.dropFirst() {
      var expected = other
      if expected.rank >= 2 { expected[1] = inputs[0][1] }
      guard expected == inputs[0] else {
        throw .mismatch(op: kind, what: "axes other than channels differ", first: inputs[0], second: other)
      }
      output[1] += other[1]
    }
    return output
  }

  /// The channels of the inputs, one input after another.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .stacking }

  /// Copies the channels of the inputs, one input after another for each item.
  public func forward(_ frame: inout KernelFrame) {
    var y: [Float] = []
    y.reserveCapacity(frame.output.shape.count)
    for item in 0..<frame.output.shape[0] {
      for input in frame.inputs {
        let count = input.shape[1] * input.shape.spatialCount
        y.append(contentsOf: input.values[item * count..<(item + 1) * count])
      }
    }
    frame.output.values = y
  }

  /// Gives every input its slice of `dy`.
  public func backward(_ frame: inout GradientFrame) {
    let dy = frame.outputGradient.values
    var gradients: [[Float]] = frame.inputs.map { _ in [] }
    var start = 0
    for _ in 0..<frame.output.shape[0] {
      for (index, input) in frame.inputs.enumerated() {
        let count = input.shape[1] * input.shape.spatialCount
        gradients[index].append(contentsOf: dy[start..<start + count])
        start += count
      }
    }
    for (index, gradient) in gradients.enumerated() { frame.inputGradients[index].values = gradient }
  }
}
