public import Graphs
public import Settings
public import Tensors

/// The same elements of each item under another shape.
///
/// **Formula**: y holds x's elements in row-major order.
///
/// **Shapes**: `x [N, …]`, `y [N] + shape`, where one extent may be -1 for the rest of the elements.
///
/// **Gradient**: `dy` in x's shape.
///
/// **Cost**: traffic only.
///
/// **Settings**: shape, without the batch.
///
/// **Throws**: `ShapeError` when the elements do not fit or more than one extent is -1.
public struct Reshape: Op {
  /// The name in files: `reshape`.
  public static let kind = "reshape"

  /// The extents of one item, of which one may be -1.
  public var shape: [Int] = [-1]

  /// One axis with all elements.
  public init() {}

  /// Makes a reshape.
  public init(shape: [Int]) { self.shape = shape }

  /// Settings: `shape`.
  public static var settings: [Setting<Reshape>] {
    [
      Setting(
        "shape", \.shape, required: true, expected: "1 to 7 extents, each at least 1, one of them -1 at most",
        "extents of one item; -1 is what is left", accepts: isSensible)
    ]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<Reshape>] {
    [
      OpExample(Reshape(shape: [2, 6]), [2, 3, 2, 2]), OpExample(Reshape(shape: [4, -1, 1]), [3, 8]),
    ]
  }

  private static func isSensible(_ shape: [Int]) -> Bool {
    (1...7).contains(shape.count) && shape.filter { $0 == -1 }.count <= 1
      && shape.allSatisfy { $0 == -1 || (1...Graph.maximumElements).contains($0) }
  }

  /// Refuses more than seven extents, more than one -1, and extents below 1.
  public func validate() throws(ShapeError) {
    guard Self.isSensible(shape) else {
      throw .invalidSetting(op: kind, reason: "shape \(shape) needs extents of at least 1, or one -1")
    }
  }

  /// The batch followed by `shape`, with -1 resolved; throws if the elements do not fit.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 1)
    let input = inputs[0]
    let item = Shape(Array(input.dimensions.dropFirst()))
    let given = Shape(shape.filter { $0 != -1 })
    guard input.rank >= 1, let elements = item.count(upTo: Graph.maximumElements),
      let known = given.count(upTo: Graph.maximumElements), known > 0, elements % known == 0,
      known == elements || shape.contains(-1)
    else {
      throw .mismatch(op: kind, what: "the elements do not fit", first: item, second: Shape(shape))
    }
    return Shape([input[0]] + shape.map { $0 == -1 ? elements / known : $0 })
  }

  /// Channels cannot be removed: the elements of all axes are mixed.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .fixed(reason: "reshape mixes the axes") }
  /// The output is the input: the same elements in the same order.
  public var placement: OutputPlacement { .unmoved }

  /// Moves numbers without changing them.
  public var valueFlow: ValueFlow { .moving }

  /// Copies the elements.
  public func forward(_ frame: inout KernelFrame) { frame.output.values = frame.inputs[0].values }

  /// Copies `dy`.
  public func backward(_ frame: inout GradientFrame) {
    frame.inputGradients[0].values = frame.outputGradient.values
  }
}
