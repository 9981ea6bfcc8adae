public import Graphs
public import Settings
public import Tensors

/// The sum of two or more values.
///
/// **Formula**: `y = x₁ + x₂ + …`
///
/// **Shapes**: every x and y `[N, C, …]`, all equal.
///
/// **Gradient**: `dy` to every input.
///
/// **Cost**: traffic only.
///
/// **Throws**: `ShapeError` for fewer than two inputs and for unequal shapes.
public struct Add: Op {
  /// The name in files: `add`.
  public static let kind = "add"
  /// Makes a sum.
  public init() {}
  /// No settings.
  public static var settings: [Setting<Add>] { [] }
  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<Add>] {
    [
      OpExample(Add(), [2, 3, 2, 2], [2, 3, 2, 2]),
      OpExample(Add(), [3, 4], [3, 4], [3, 4]),
    ]
  }

  /// The common shape of all inputs; throws for fewer than two inputs and for unequal shapes.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    guard inputs.count >= 2 else {
      throw .wrongInputCount(op: kind, expected: "two or more inputs", found: inputs.count)
    }
    let first = try requireChannels([inputs[0]])
    for other in inputs.dropFirst() where other != first {
      throw .mismatch(op: kind, what: "the shapes differ", first: first, second: other)
    }
    return first
  }

  /// Output channel c comes from channel c of each input.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .following }
  /// The output may lie over either input in memory.
  public var placement: OutputPlacement { .inPlace }

  /// Computes `y = x₁ + x₂ + …`, in the order of the inputs.
  public func forward(_ frame: inout KernelFrame) {
    var y = frame.inputs[0].values
    for input in frame.inputs.dropFirst() {
      let x = input.values
      for i in y.indices { y[i] += x[i] }
    }
    frame.output.values = y
  }

  /// Gives `dy` to every input.
  public func backward(_ frame: inout GradientFrame) {
    for input in frame.inputs.indices { frame.inputGradients[input].values = frame.outputGradient.values }
  }
}
