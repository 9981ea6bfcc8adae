import Encodings
public import Graphs
public import Tensors

/// A network as an integer device runs it: signed bytes between steps, with every constant resolved.
///
///     let program = try IntegerProgram(student)
///
/// Values that `Graph.valuePlaces()` calls stored become values of the program. Clamps are fused into the
/// steps whose output they read, and dropouts vanish. The integer reference runs a program and exporters
/// write it; both give the same bytes, which `Documentation/integer-arithmetic.md` specifies.
public struct IntegerProgram: Sendable {
  /// A value that steps read or write.
  public struct Value: Sendable, Equatable {
    /// The name of the value in the graph.
    public let name: String
    /// The shape for one image, without the batch: `[C, H, W]` or `[F]`.
    public let shape: Shape
    /// The difference between the numbers of neighbouring integers.
    public let scale: Float
    /// The integer for zero.
    public let zeroPoint: Int32
    /// The least and the greatest integer that the value's bits allow.
    public let bounds: ClosedRange<Int32>

    /// Makes a value.
    public init(
      name: String, shape: Shape, scale: Float, zeroPoint: Int32, bounds: ClosedRange<Int32>
    ) {
      self.name = name
      self.shape = shape
      self.scale = scale
      self.zeroPoint = zeroPoint
      self.bounds = bounds
    }
  }

  /// One kernel call.
  public struct Step: Sendable {
    /// The node that computes, whose parameters the kernel holds; a fused clamp has no step.
    public let node: String
    /// The positions in `values` of the values that it reads.
    public let inputs: [Int]
    /// The position in `values` of the value that it writes.
    public let output: Int
    /// The computation with all its constants.
    public let kernel: any IntegerKernel

    /// Makes a step.
    public init(node: String, inputs: [Int], output: Int, kernel: any IntegerKernel) {
      self.node = node
      self.inputs = inputs
      self.output = output
      self.kernel = kernel
    }
  }

  /// All values: the inputs, then one for each step in the order of steps.
  public let values: [Value]
  /// The positions of the graph's inputs.
  public let inputs: [Int]
  /// The positions of the graph's outputs; the first one holds the logits.
  public let outputs: [Int]
  /// The steps in the order of running.
  public let steps: [Step]

  /// Makes a program; the parts must fit together.
  public init(values: [Value], inputs: [Int], outputs: [Int], steps: [Step]) {
    self.values = values
    self.inputs = inputs
    self.outputs = outputs
    self.steps = steps
  }
}

/// The computation of a step: constants and geometry of one kind of kernel, as plain numbers.
///
/// A new kind takes one file here with its reference kernel, and one file in each consumer that runs or
/// writes it natively.
public protocol IntegerKernel: Sendable {
  /// A name for listings: `convolution`, `linear`, `add`.
  static var kind: String { get }
  /// The multiply-adds of one image.
  var multiplyAdds: Int { get }
  /// The place where the output may lie in memory.
  var placement: OutputPlacement { get }
  /// Computes one image; inputs and output are row-major as `Value.shape` says.
  ///
  /// This is the reference, made to be clear and not fast.
  func forward(_ inputs: [[Int8]]) -> [Int8]
}

extension IntegerKernel {
  /// No multiply-adds.
  public var multiplyAdds: Int { 0 }
  /// Apart from the inputs, which is right for every kernel.
  public var placement: OutputPlacement { .apart }
  /// The kind, reachable from an existential.
  public var kind: String { Self.kind }
}
