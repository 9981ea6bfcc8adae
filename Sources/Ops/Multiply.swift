public import Graphs
public import Settings
public import Tensors

/// The product of a value and a second one, which may have one number for each channel or for each pixel.
///
/// **Formula**: `y[n,c,i,j] = a[n,c,i,j] · b[n, c or 0, i or 0, j or 0]`
///
/// **Shapes**: `a, y [N, C, …]`; `b` equal to a, or `[N, C, 1, 1]`, or `[N, 1, H, W]`.
///
/// **Gradient**: `da = dy · b`; `db = dy · a`, summed over the elements for which b is repeated.
///
/// **Cost**: traffic only.
///
/// **Throws**: `ShapeError` when b does not fit a.
///
/// **Paper**: Hu, Shen, Sun, "Squeeze-and-excitation networks", 2018, arXiv:1709.01507.
public struct Multiply: Op {
  /// The name in files: `multiply`.
  public static let kind = "multiply"
  /// Makes a product.
  public init() {}
  /// No settings.
  public static var settings: [Setting<Multiply>] { [] }
  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<Multiply>] {
    [
      OpExample(Multiply(), [2, 3, 2, 2], [2, 3, 2, 2]),
      OpExample(Multiply(), [2, 3, 2, 4], [2, 3, 1, 1]),
      OpExample(Multiply(), [2, 3, 2, 4], [2, 1, 2, 4]),
      OpExample(Multiply(), [2, 1, 2, 4], [2, 1, 1, 1]),
      OpExample(Multiply(), [1, 1, 3, 3], [1, 1, 1, 1]),
      OpExample(Multiply(), [2, 3, 1, 1], [2, 1, 1, 1]),
      OpExample(Multiply(), [2, 1, 1, 1], [2, 1, 1, 1]),
      OpExample(Multiply(), [3, 4], [3, 4]),
    ]
  }

  /// The first input's shape; throws if the second input does not repeat to it.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 2)
    let first = try requireChannels([inputs[0]])
    let second = inputs[1]
    if second == first { return first }
    guard first.rank == 4, second.rank == 4, second[0] == first[0] else {
      throw .mismatch(op: kind, what: "the second does not repeat to the first", first: first, second: second)
    }
    let isPerChannel = second[1] == first[1] && second[2] == 1 && second[3] == 1
    let isPerPixel = second[1] == 1 && second[2] == first[2] && second[3] == first[3]
    guard isPerChannel || isPerPixel else {
      throw .mismatch(op: kind, what: "the second does not repeat to the first", first: first, second: second)
    }
    return first
  }

  /// Output channel c comes from channel c of each input.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .following }
  /// The output may lie over an input of its size in memory.
  public var placement: OutputPlacement { .inPlace }

  /// Multiplies each element by the one that it meets in the second input.
  public func forward(_ frame: inout KernelFrame) {
    let second = frame.inputs[1].values
    let positions = Self.positions(frame.inputs[0].shape, frame.inputs[1].shape)
    var y = frame.inputs[0].values
    for i in y.indices { y[i] *= second[positions[i]] }
    frame.output.values = y
  }

  /// Writes both gradients; the second is summed in double precision.
  public func backward(_ frame: inout GradientFrame) {
    let first = frame.inputs[0].values
    let second = frame.inputs[1].values
    let positions = Self.positions(frame.inputs[0].shape, frame.inputs[1].shape)
    let dy = frame.outputGradient.values
    var dFirst = first
    var dSecond = Array(repeating: Double(0), count: second.count)
    for i in first.indices {
      dFirst[i] = dy[i] * second[positions[i]]
      dSecond[positions[i]] += Double(dy[i]) * Double(first[i])
    }
    frame.inputGradients[0].values = dFirst
    frame.inputGradients[1].values = dSecond.map { Float($0) }
  }

  /// The element of the second input that each element of the first one meets.
  private static func positions(_ first: Shape, _ second: Shape) -> [Int] {
    guard first != second else { return Array(0..<first.count) }
    let plane = first.spatialCount
    return (0..<first.count).map { i in
      let item = i / (plane * first[1])
      // With one channel, both forms have one: the number of pixels tells them apart.
      let isPerChannel = second[1] == first[1] && second.spatialCount == 1
      return isPerChannel ? i / plane : item * plane + i % plane
    }
  }
}
